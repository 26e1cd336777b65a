package sparsity

import (
	"math/rand/v2"
	"testing"

	"github.com/adagp/adagp/tensor/linalg"
)

func TestMask(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, shape := range [][2]int{{0, 0}, {1, 1}, {3, 63}, {3, 64}, {3, 65}, {5, 200}, {4, 0}} {
		rows, cols := shape[0], shape[1]
		m := NewMask(rows, cols)
		if m.Zeros() != 0 || m.Sparsity() != 0 {
			t.Errorf("%v: a new mask prunes %d", shape, m.Zeros())
		}
		keep := make([]bool, rows*cols)
		w := linalg.New(rows, cols)
		zeros := 0
		for k := range keep {
			keep[k] = r.IntN(2) == 0
			w.Data[k] = 1 + r.Float64()
			m.Set(k/cols, k%cols, r.IntN(2) == 0)
			m.Set(k/cols, k%cols, keep[k])
			if !keep[k] {
				zeros++
			}
		}
		rowZeros := 0
		for i := range rows {
			rowZeros += m.RowZeros(i)
		}
		if m.Zeros() != zeros || rowZeros != zeros {
			t.Errorf("%v: Zeros = %d, sum of RowZeros = %d, want %d", shape, m.Zeros(), rowZeros, zeros)
		}
		c := m.Clone()
		if !c.Equal(m) {
			t.Errorf("%v: a clone differs", shape)
		}
		m.Apply(w)
		for k := range keep {
			if m.Keep(k/cols, k%cols) != keep[k] || (w.Data[k] != 0) != keep[k] {
				t.Fatalf("%v: [%d %d] kept is %v, weight %g, want kept %v", shape, k/cols, k%cols, m.Keep(k/cols, k%cols), w.Data[k], keep[k])
			}
		}
		if !MaskOf(w).Equal(m) {
			t.Errorf("%v: MaskOf differs from the mask that was applied", shape)
		}
		if rows*cols > 0 {
			c.Set(0, 0, !c.Keep(0, 0))
			if c.Equal(m) {
				t.Errorf("%v: a changed clone is equal", shape)
			}
		}
	}
	if NewMask(2, 3).Equal(NewMask(3, 2)) {
		t.Error("masks of different shapes are equal")
	}
}

func TestMaskBounds(t *testing.T) {
	m := NewMask(2, 3)
	for _, ij := range [][2]int{{-1, 0}, {0, -1}, {2, 0}, {0, 3}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("Keep(%d, %d) did not panic", ij[0], ij[1])
				}
			}()
			m.Keep(ij[0], ij[1])
		}()
	}
}

func TestMaskSetBits(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		cols := 1 + r.IntN(200)
		m, want := NewMask(3, cols), NewMask(3, cols)
		for range 5 {
			n := 1 + r.IntN(min(64, cols))
			col, keep := r.IntN(cols-n+1), r.Uint64()&(^uint64(0)>>(64-n))
			m.setBits(1, col, n, keep)
			for j := range n {
				want.Set(1, col+j, keep>>j&1 != 0)
			}
			if !m.Equal(want) {
				t.Fatalf("%d columns: setBits(1, %d, %d, %#x) differs from Set", cols, col, n, keep)
			}
		}
	}
}
