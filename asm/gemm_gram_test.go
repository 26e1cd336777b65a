package asm

import "testing"

func TestGramRows(t *testing.T) {
	onLevels(t, func(t *testing.T) {
		g := current.Load().gemm32
		r := newRand(5)
		for _, s := range []struct{ n, k, padding int }{{1, 1, 0}, {5, 3, 1}, {g.mr + 1, 20, 0}, {3*g.mr + 2, g.kc + 1, 3}, {g.nc + 70, 9, 0}} {
			n, k, ld := s.n, s.k, s.n+s.padding
			x := guardFloats(length(k, n, ld), 1)
			fillNormal(r, x.data)
			for _, accumulate := range []bool{false, true} {
				c := guardFloats(length(n, n, ld), 3)
				fillNormal(r, c.data)
				want := append([]float32(nil), c.data...)
				beta := float32(0)
				if accumulate {
					beta = 1
				}
				gemmOn(true, false, n, n, k, 1, x.data, ld, x.data, ld, beta, want, ld)
				for first := 0; first < n; {
					last := min(n, first+1+r.IntN(n))
					GramRows(first, last, MatrixOf(x.data, k, n, ld), accumulate, MatrixOf(c.data, n, n, ld))
					first = last
				}
				for i := range n {
					for j := range i + 1 {
						if c.data[i*ld+j] != want[i*ld+j] {
							t.Fatalf("n=%d k=%d accumulate=%v: [%d,%d] is %v, %v from Gemm", n, k, accumulate, i, j, c.data[i*ld+j], want[i*ld+j])
						}
					}
				}
				for first := 0; first < n; {
					last := min(n, first+1+r.IntN(n))
					MirrorLower(first, last, MatrixOf(c.data, n, n, ld))
					first = last
				}
				for i := range n {
					for j := range i + 1 {
						if c.data[j*ld+i] != want[i*ld+j] || c.data[i*ld+j] != want[i*ld+j] {
							t.Fatalf("n=%d: mirrored, [%d,%d] is %v, its image %v, want %v", n, i, j, c.data[i*ld+j], c.data[j*ld+i], want[i*ld+j])
						}
					}
				}
				for i := range n - 1 {
					for j := n; j < ld; j++ {
						if v := c.data[i*ld+j]; v != want[i*ld+j] {
							t.Fatalf("wrote %v between rows, at [%d,%d]", v, i, j)
						}
					}
				}
				x.check(t, sameBits, "X")
				c.check(t, sameBits, "C")
			}
		}
		// A sum of nothing.
		c := []float32{1, 2, 3, 4}
		GramRows(0, 2, MatrixOf[float32](nil, 0, 2, 2), true, MatrixOf(c, 2, 2, 2))
		if c[0] != 1 || c[2] != 3 || c[3] != 4 {
			t.Errorf("adding nothing gave %v", c)
		}
		GramRows(0, 2, MatrixOf[float32](nil, 0, 2, 2), false, MatrixOf(c, 2, 2, 2))
		if c[0] != 0 || c[2] != 0 || c[3] != 0 {
			t.Errorf("a sum of nothing is %v", c)
		}
	})
}

func TestTranspose(t *testing.T) {
	onLevels(t, func(t *testing.T) {
		r := newRand(6)
		for _, rows := range []int{0, 1, 3, 7, 8, 9, 15, 16, 17, 33, 48} {
			for _, cols := range []int{0, 1, 2, 8, 15, 16, 31, 50} {
				for padding := range 3 {
					ldSrc, ldDst := cols+padding, rows+2*padding
					src, dst := guardFloats(length(rows, cols, ldSrc), 1), guardFloats(length(cols, rows, ldDst), padding)
					fillNormal(r, src.data)
					for i := range dst.data {
						dst.data[i] = 0.5
					}
					Transpose(MatrixOf(dst.data, cols, rows, ldDst), MatrixOf(src.data, rows, cols, ldSrc))
					for j := range cols {
						for i := range ldDst {
							if j*ldDst+i >= len(dst.data) {
								break
							}
							want := float32(0.5)
							if i < rows {
								want = src.data[i*ldSrc+j]
							}
							if got := dst.data[j*ldDst+i]; got != want {
								t.Fatalf("%d×%d, padding %d: [%d,%d] is %v, want %v", rows, cols, padding, j, i, got, want)
							}
						}
					}
					src.check(t, sameBits, "source")
					dst.check(t, sameBits, "destination")
				}
			}
		}
	})
}

func TestGramPanics(t *testing.T) {
	x := make([]float32, 12)
	for name, call := range map[string]func(){
		"rows":              func() { GramRows(2, 1, MatrixOf(x, 1, 3, 3), false, MatrixOf(x, 3, 3, 3)) },
		"short X":           func() { GramRows(0, 3, MatrixOf(x, 5, 3, 3), false, MatrixOf(x, 3, 3, 3)) },
		"short C":           func() { GramRows(0, 4, MatrixOf(x, 1, 4, 4), false, MatrixOf(x, 4, 4, 4)) },
		"size of C":         func() { GramRows(0, 3, MatrixOf(x, 1, 3, 3), false, MatrixOf(x, 2, 2, 2)) },
		"transposed X":      func() { GramRows(0, 3, MatrixOf(x, 3, 1, 1).T(), false, MatrixOf(x, 3, 3, 3)) },
		"mirror":            func() { MirrorLower(-1, 1, MatrixOf(x, 3, 3, 3)) },
		"mirror beyond":     func() { MirrorLower(1, 4, MatrixOf(x, 3, 3, 3)) },
		"short source":      func() { Transpose(MatrixOf(x, 4, 3, 3), MatrixOf(x[:11], 3, 4, 4)) },
		"short destination": func() { Transpose(MatrixOf(x[:11], 4, 3, 3), MatrixOf(x, 3, 4, 4)) },
		"sizes":             func() { Transpose(MatrixOf(x, 3, 4, 4), MatrixOf(x, 3, 4, 4)) },
		"negative":          func() { Transpose(MatrixOf(x, 4, -1, 3), MatrixOf(x, -1, 4, 4)) },
		"transposed":        func() { Transpose(MatrixOf(x, 3, 4, 4), MatrixOf(x, 3, 4, 4).T()) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			call()
		})
	}
}
