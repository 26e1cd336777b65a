package asm

import (
	"fmt"
	"testing"
)

// testPack packs strips of every width that tiles ask for and compares the part
// that matters with the body in Go. What lies beyond the slack stays as it was.
func testPack[T Float](t *testing.T, g gemmKernels[T]) {
	r := newRand(11)
	widths := []int{g.mr, g.nr}
	if g.anyHeight {
		for w := 1; w < g.mr; w++ {
			widths = append(widths, w)
		}
	}
	for _, width := range widths {
		for _, count := range []int{1, width - 1, width, width + 1, 3 * width, 3*width + width/2 + 1} {
			for _, k := range []int{1, 2, 3, 5, 8, 16, 17, 31, 40} {
				for _, alongK := range []bool{false, true} {
					if count < 1 {
						continue
					}
					rows, cols := k, count
					if alongK {
						rows, cols = count, k
					}
					ld := cols + k%3
					src := guard(length(rows, cols, ld), k%5, T(-777.25))
					fillNormal(r, src.data)
					size := roundUp(count, width) * k
					want := make([]T, size)
					packGeneric(want, src.data, ld, width, count, k, alongK)
					dst := guard(size+packSlack, k%2, T(-12345.5))
					g.pack(dst.data, src.data, ld, width, count, k, alongK)
					what := fmt.Sprintf("width %d, count %d, k %d, alongK %v", width, count, k, alongK)
					src.check(t, same, what)
					dst.check(t, same, what)
					for i, v := range want {
						if element := i/(width*k)*width + i%width; element < count && dst.data[i] != v {
							t.Fatalf("%s: element %d at depth %d is %v, want %v", what, element, i%(width*k)/width, dst.data[i], v)
						}
					}
				}
			}
		}
	}
}

func TestPack(t *testing.T) {
	onLevels(t, func(t *testing.T) {
		t.Run("float32", func(t *testing.T) { testPack(t, current.Load().gemm32) })
		t.Run("float64", func(t *testing.T) { testPack(t, current.Load().gemm64) })
	})
}

// Panels cover all rows, and none is much lower than the others where the kernel
// leaves the choice.
func TestPanelHeights(t *testing.T) {
	for _, any := range []bool{false, true} {
		g := gemmKernels[float32]{mr: 13, anyHeight: any}
		for rows := 1; rows < 200; rows++ {
			h := g.heights(rows)
			row := 0
			for q := range h.panels {
				if h.row(q) != row {
					t.Fatalf("%d rows: panel %d starts at %d, want %d", rows, q, h.row(q), row)
				}
				height := h.height(q)
				if height > g.mr || any && height < h.height(0)-1 || !any && height != g.mr {
					t.Fatalf("%d rows: panel %d has height %d", rows, q, height)
				}
				if n := h.group(q, 4); n < 1 || q+n > h.panels || h.height(q+n-1) != height {
					t.Fatalf("%d rows: %d panels from %d on", rows, n, q)
				}
				row += height
			}
			if row < rows || any && row != rows {
				t.Fatalf("%d panels of %d rows cover %d", h.panels, rows, row)
			}
		}
	}
}
