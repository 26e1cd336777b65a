package sparsity

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestMaskRows(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 2))
	for _, cols := range []int{0, 1, 63, 64, 65, 200} {
		a, b := NewMask(3, cols), NewMask(3, cols)
		differ := 0
		for i := range 3 {
			for j := range cols {
				a.Set(i, j, r.IntN(3) == 0)
				b.Set(i, j, r.IntN(3) == 0)
				if a.Keep(i, j) != b.Keep(i, j) {
					differ++
				}
			}
		}
		if got := a.Differences(b); got != differ {
			t.Errorf("%d columns: %d differences, want %d", cols, got, differ)
		}
		for i := range 3 {
			values := make([]float64, cols)
			for j := range values {
				values[j] = []float64{1, -2, math.Inf(1), math.NaN()}[j%4]
			}
			a.ApplyRow(i, values)
			for j, v := range values {
				if (v != 0) != a.Keep(i, j) || (a.RowBits(i).Kept(j, 1) == 1) != a.Keep(i, j) ||
					a.RowBits(i).Kept(j, math.Pi)+a.RowBits(i).Pruned(j, math.Pi) != math.Pi {
					t.Fatalf("%d columns: [%d %d] kept is %v, value %v", cols, i, j, a.Keep(i, j), v)
				}
			}
		}
		b.CopyFrom(a)
		if !b.Equal(a) {
			t.Errorf("%d columns: a copy differs", cols)
		}
		if cols > 0 {
			b.Set(0, 0, !b.Keep(0, 0))
			if a.Differences(b) != 1 {
				t.Errorf("%d columns: the copy shares its bits", cols)
			}
		}
	}
	for name, f := range map[string]func(){
		"CopyFrom":    func() { NewMask(2, 3).CopyFrom(NewMask(3, 2)) },
		"Differences": func() { NewMask(2, 3).Differences(NewMask(2, 4)) },
		"ApplyRow":    func() { NewMask(2, 3).ApplyRow(0, make([]float64, 4)) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s of another shape did not panic", name)
				}
			}()
			f()
		}()
	}
}

func TestBitsAddSplit(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 3))
	for _, cols := range []int{1, 63, 64, 65, 128, 200} {
		m := NewMask(2, cols)
		x, base, dst := make([]float64, cols), make([]float64, cols), make([]float64, cols)
		for j := range cols {
			m.Set(1, j, r.IntN(2) == 0)
			x[j], base[j] = r.NormFloat64(), r.NormFloat64()
		}
		was := append([]float64(nil), x...)
		m.RowBits(1).AddSplit(dst, base, x, 2, -0.5)
		m.RowBits(1).AddSplit(x, base, x, 2, -0.5) // in place
		for j := range cols {
			factor := -0.5
			if m.Keep(1, j) {
				factor = 2
			}
			if want := base[j] + factor*was[j]; math.Abs(dst[j]-want) > 1e-15 || dst[j] != x[j] {
				t.Fatalf("%d columns: element %d is %g, in place %g, want %g", cols, j, dst[j], x[j], want)
			}
		}
	}
}
