package asm

import (
	"math"
	"testing"
)

// TestPanels: products with many tokens against float64, and the same however the rows are cut.
func TestPanels(t *testing.T) {
	onLevels(t, func(t *testing.T) {
		r := newRand(16)
		if PanelWidth() == 0 {
			if Current() != Generic {
				t.Fatal("no kernels")
			}
			return
		}
		for f := range formats {
			for _, n := range []int{0, 1, 7, 17, 64, 100, 129} {
				for _, k := range []int{0, 3, 64, 70, 130} {
					for name, share := range shares {
						rows := r.IntN(40)
						m := newStored(r, f, rows, k, share(r))
						ldx, ldy := k+r.IntN(3), rows+r.IntN(3)
						x, y := make([]float32, n*ldx), guardFloats(n*ldy, r.IntN(4))
						fillNormal(r, x)
						for i := range y.data {
							y.data[i] = -1
						}
						p := NewPanels(r.IntN(200), r.IntN(200))
						p.Resize(n, k)
						for i := range p.Tiles() {
							p.Fill(i, MatrixOf(x, n, k, ldx))
						}
						cut := r.IntN(rows + 1)
						values := shifted(m.values, r.IntN(8))
						p.MulBitmask(BitmaskWeights{f, cut, k, m.mask, values, m.offsets}, MatrixOf(y.data, n, cut, ldy))
						p.MulBitmask(BitmaskWeights{f, rows - cut, k, m.mask[cut*maskStride(k):], values, m.offsets[8*cut:]}, MatrixOf(y.data[min(cut, n*ldy):], n, rows-cut, ldy))
						y.check(t, sameBits, "panels")
						again := make([]float32, n*ldy)
						p.MulBitmask(*m.bitmask(), MatrixOf(again, n, rows, ldy))
						for v := range n {
							for i := range rows {
								want, size := 0.0, 0.0
								for q := range k {
									term := float64(m.dense[i*k+q]) * float64(x[v*ldx+q])
									want, size = want+term, size+math.Abs(term)
								}
								got := y.data[v*ldy+i]
								if !(math.Abs(float64(got)-want) <= size*float64(k+2)*0x1p-24) || !sameBits(got, again[v*ldy+i]) {
									t.Fatalf("%s, %d tokens, %d×%d, %s stored: y[%d][%d] is %v cut, %v uncut, want %v", formatNames[f], n, rows, k, name, v, i, got, again[v*ldy+i], want)
								}
							}
							for i := rows; i < ldy; i++ {
								if y.data[v*ldy+i] != -1 {
									t.Fatalf("%d tokens, %d rows: wrote between the rows of y", n, rows)
								}
							}
						}
					}
				}
			}
		}
	})
}
