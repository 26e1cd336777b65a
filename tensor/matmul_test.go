package tensor

import (
	"fmt"
	"math"
	"testing"

	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/internal/parallel"
)

// productWant returns op(a)·op(b) and Σ|a·b| in float64.
func productWant(transA, transB bool, a, b *Tensor, i, j, k int) (sum, size float64) {
	for p := range k {
		x, y := float64(0), float64(0)
		if transA {
			x = float64(a.At(p, i))
		} else {
			x = float64(a.At(i, p))
		}
		if transB {
			y = float64(b.At(j, p))
		} else {
			y = float64(b.At(p, j))
		}
		sum += x * y
		size += math.Abs(x * y)
	}
	return sum, size
}

func TestMatMul(t *testing.T) {
	r := newRand(5)
	for _, s := range [][3]int{{0, 2, 3}, {2, 0, 3}, {2, 3, 0}, {1, 1, 1}, {1, 40, 33}, {40, 1, 33}, {7, 5, 3}, {65, 130, 70}, {200, 190, 30}} {
		m, n, k := s[0], s[1], s[2]
		for _, v := range []struct {
			name           string
			transA, transB bool
			alloc          func(a, b *Tensor) *Tensor
			into, add      func(dst, a, b *Tensor)
		}{
			{"MatMul", false, false, MatMul, MatMulInto, MatMulAdd},
			{"MatMulNT", false, true, MatMulNT, MatMulNTInto, MatMulNTAdd},
			{"MatMulTN", true, false, MatMulTN, MatMulTNInto, MatMulTNAdd},
		} {
			a, b := random(r, m, k), random(r, k, n)
			if v.transA {
				a = random(r, k, m)
			}
			if v.transB {
				b = random(r, n, k)
			}
			got := v.alloc(a, b)
			CheckShape(v.name, got, m, n)
			into := New(m, n)
			into.Fill(float32(math.NaN()))
			v.into(into, a, b)
			start := random(r, m, n)
			sum := start.Clone()
			v.add(sum, a, b)
			for i := range m {
				for j := range n {
					want, size := productWant(v.transA, v.transB, a, b, i, j, k)
					bound := float64(k+2) * 0x1p-24 * size
					if d := math.Abs(float64(got.At(i, j)) - want); !(d <= bound) {
						t.Fatalf("%s %v: [%d,%d] is %v, want %v", v.name, s, i, j, got.At(i, j), want)
					}
					if into.At(i, j) != got.At(i, j) {
						t.Fatalf("%sInto %v: [%d,%d] is %v, %v when allocating", v.name, s, i, j, into.At(i, j), got.At(i, j))
					}
					old := float64(start.At(i, j))
					if d := math.Abs(float64(sum.At(i, j)) - old - want); !(d <= bound+0x1p-23*(math.Abs(old)+math.Abs(want))) {
						t.Fatalf("%sAdd %v: [%d,%d] is %v, want %v", v.name, s, i, j, sum.At(i, j), old+want)
					}
				}
			}
		}
	}
}

func TestGram(t *testing.T) {
	r := newRand(6)
	for _, s := range [][2]int{{0, 3}, {3, 0}, {1, 1}, {10, 7}, {50, 97}, {33, 400}} {
		x := random(r, s[0], s[1])
		got, want := Gram(x), MatMulTN(x, x)
		for i, v := range got.data {
			if v != want.data[i] {
				t.Fatalf("%v: element %d is %v, want %v as from MatMulTN", s, i, v, want.data[i])
			}
		}
		for i := range s[1] {
			for j := range i {
				if got.At(i, j) != got.At(j, i) {
					t.Fatalf("%v: not symmetric at [%d,%d]", s, i, j)
				}
			}
		}
		dst := New(s[1], s[1])
		dst.Fill(float32(math.NaN()))
		GramInto(dst, x)
		for i, v := range dst.data {
			if v != got.data[i] {
				t.Fatalf("GramInto %v: element %d is %v, want %v", s, i, v, got.data[i])
			}
		}
	}
}

func TestTranspose(t *testing.T) {
	r := newRand(7)
	for _, s := range [][2]int{{0, 3}, {3, 0}, {1, 5}, {5, 1}, {16, 16}, {17, 33}, {500, 70}} {
		x := random(r, s[0], s[1])
		y := Transpose(x)
		CheckShape("Transpose", y, s[1], s[0])
		for i := range s[0] {
			for j := range s[1] {
				if y.At(j, i) != x.At(i, j) {
					t.Fatalf("%v: [%d,%d] is %v, want %v", s, j, i, y.At(j, i), x.At(i, j))
				}
			}
		}
	}
}

// (A·B)ᵀ = Bᵀ·Aᵀ, in the same bits.
func TestProductTransposed(t *testing.T) {
	r := newRand(8)
	a, b := random(r, 37, 300), random(r, 300, 53)
	left, right := Transpose(MatMul(a, b)), MatMul(Transpose(b), Transpose(a))
	for i, v := range left.data {
		if v != right.data[i] {
			t.Fatalf("element %d: %v against %v", i, v, right.data[i])
		}
	}
}

// The tiles of a grid cover the matrix once.
func TestGrid(t *testing.T) {
	for _, s := range [][3]int{{1, 1, 1}, {1, 50000, 512}, {2000, 1, 900}, {100, 3000, 64}, {513, 515, 700}, {4096, 4096, 4096}} {
		for _, n := range []int{1, 2, 3, 16} {
			g := newGrid(s[0], s[1], s[2], n)
			area := 0
			for i := range g.rows * g.cols {
				r := g.tile(i)
				if r.m < 1 || r.n < 1 || r.i+r.m > g.m || r.j+r.n > g.n {
					t.Fatalf("%v, %d threads: tile %d is %+v of %+v", s, n, i, r, g)
				}
				area += r.m * r.n
			}
			if area != s[0]*s[1] {
				t.Fatalf("%v, %d threads: tiles of %+v cover %d elements", s, n, g, area)
			}
			if tiles := g.rows * g.cols; tiles > 4*n {
				t.Errorf("%v, %d threads: %d tiles", s, n, tiles)
			}
		}
	}
}

// BenchmarkMatMul runs the shapes of a small transformer on every level.
func BenchmarkMatMul(b *testing.B) {
	for _, level := range asm.Levels() {
		for _, n := range []int{1, 2} {
			for _, s := range [][3]int{{256, 256, 256}, {1024, 1024, 1024}, {2048, 2048, 512}} {
				x, w, dst := New(s[0], s[2]), New(s[1], s[2]), New(s[0], s[1])
				b.Run(fmt.Sprintf("NT/%dx%dx%d/%v/threads=%d", s[0], s[1], s[2], level, n), func(b *testing.B) {
					onLevel(b, level, n)
					for b.Loop() {
						MatMulNTInto(dst, x, w)
					}
					b.ReportMetric(2*float64(s[0])*float64(s[1])*float64(s[2])*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
				})
			}
			x, dst := New(2048, 768), New(768, 768)
			b.Run(fmt.Sprintf("Gram/2048x768/%v/threads=%d", level, n), func(b *testing.B) {
				onLevel(b, level, n)
				for b.Loop() {
					GramInto(dst, x)
				}
				b.ReportMetric(2048*768*769*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}

func onLevel(b *testing.B, level asm.Level, n int) {
	before := asm.Current()
	if err := asm.SetLevel(level); err != nil {
		b.Fatal(err)
	}
	parallel.SetThreads(n)
	b.Cleanup(func() {
		parallel.SetThreads(0)
		_ = asm.SetLevel(before)
	})
}
