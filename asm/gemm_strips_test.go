package asm

import (
	"fmt"
	"slices"
	"testing"
)

// testStrip has strips of every height pack panels on the way or read A in place, and
// compares panels and products bit for bit with those of panels packed beforehand.
func testStrip[T Float](t *testing.T, g gemmKernels[T]) {
	if !g.packs {
		return
	}
	r := newRand(5)
	for rows := 1; rows <= g.mr; rows++ {
		for _, cols := range []int{g.nr, 2 * g.nr, 3 * g.nr} {
			for _, k := range []int{1, 2, 3, 4, 5, 8, 13, 70, 131} {
				lda, ldb, ldc := k+rows%3, cols+k%3, cols+k%2
				fromA, fromB := make([]T, length(rows, k, lda)), make([]T, length(k, cols, ldb))
				before := make([]T, length(rows, cols, ldc))
				fillNormal(r, fromA)
				fillNormal(r, fromB)
				fillNormal(r, before)
				packedA, packedB := make([]T, rows*k), make([]T, cols*k)
				packGeneric(packedA, fromA, lda, rows, rows, k, true)
				packGeneric(packedB, fromB, ldb, g.nr, cols, k, false)
				var want []T
				for _, packs := range []string{"nothing", "A", "B"} {
					what := fmt.Sprintf("%d×%d×%d, packs %s", rows, cols, k, packs)
					a, b, c := guard(len(packedA), rows%5, T(-777.25)), guard(len(packedB), k%5, T(12.5)), guard(len(before), k%3, T(3))
					copy(c.data, before)
					s := strip[T]{rows: rows, cols: cols, k: k, alpha: 0.75, a: a.data, b: b.data, c: c.data, ldc: ldc, accumulate: k%2 == 1}
					if packs == "A" {
						s.fromA, s.lda = fromA, lda
					} else {
						copy(a.data, packedA)
					}
					if packs == "B" {
						s.fromB, s.ldb = fromB, ldb
					} else {
						copy(b.data, packedB)
					}
					wantA := packedA
					if packs == "A" && g.inPlace {
						wantA = slices.Clone(a.data) // nobody writes it
					}
					s.soon = lines[T]{at: &fromA[0], step: 64, apart: 128, leap: 4096, tiles: 2}
					g.strip(&s)
					for _, x := range []*guarded[T]{a, b, c} {
						x.check(t, same, what)
					}
					if want == nil {
						want = slices.Clone(c.data)
					}
					if !slices.Equal(a.data, wantA) || !slices.Equal(b.data, packedB) || !slices.Equal(c.data, want) {
						t.Fatalf("%s: equal are A %v, B %v, C %v; want all", what,
							slices.Equal(a.data, wantA), slices.Equal(b.data, packedB), slices.Equal(c.data, want))
					}
				}
			}
		}
	}
}

func TestStrip(t *testing.T) {
	onLevels(t, func(t *testing.T) {
		t.Run("float32", func(t *testing.T) { testStrip(t, current.Load().gemm32) })
		t.Run("float64", func(t *testing.T) { testStrip(t, current.Load().gemm64) })
	})
}
