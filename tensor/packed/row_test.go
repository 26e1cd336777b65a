package packed_test

import (
	"slices"
	"testing"

	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/packed"
)

// Every row by itself is the row of the whole.
func TestRowInto(t *testing.T) {
	const out, in = 5, 76
	w := make([]float32, out*in)
	for i := range w {
		if i%in%4 < 2 || i%7 == 0 {
			continue
		}
		w[i] = float32(i) - 100
	}
	for _, d := range []tensor.DType{tensor.F32, tensor.F16, tensor.BF16} {
		dense := make([]byte, out*in*d.Size())
		if err := tensor.Encode(dense, w, d); err != nil {
			t.Fatal(err)
		}
		plain, err := packed.NewPlain(d, out, in, dense)
		if err != nil {
			t.Fatal(err)
		}
		semi, ok := packed.PackSemi(d, out, in, dense)
		if !ok {
			t.Fatal("the weights are not 2:4")
		}
		for name, m := range map[string]packed.Matrix{"plain": plain, "bitmask": packed.PackBitmask(d, out, in, dense), "2:4": semi} {
			all := m.Dense()
			for i := range out {
				row := make([]float32, in)
				if m.RowInto(row, i); !slices.Equal(row, all.Row(i)) {
					t.Errorf("%s %v: row %d is %v, want %v", name, d, i, row, all.Row(i))
				}
			}
			for _, bad := range []int{-1, out} {
				func() {
					defer func() {
						if _, ok := recover().(*tensor.ShapeError); !ok {
							t.Errorf("%s: row %d of %d: no *tensor.ShapeError", name, bad, out)
						}
					}()
					m.RowInto(make([]float32, in), bad)
				}()
			}
		}
	}
}
