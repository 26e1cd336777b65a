package optim_test

import (
	"slices"
	"testing"

	"github.com/nlpodyssey/spago/ag"
	"github.com/nlpodyssey/spago/mat"

	"github.com/adagp/adagp/nn/optim"
	"github.com/adagp/adagp/tensor"
)

func TestToSpago(t *testing.T) {
	for _, c := range []struct{ shape, want []int }{
		{[]int{2, 3}, []int{2, 3}},
		{[]int{4}, []int{4, 1}},
		{nil, []int{1, 1}},
		{[]int{2, 3, 4}, []int{6, 4}},
		{[]int{0, 3}, []int{0, 3}},
	} {
		x := tensor.New(c.shape...)
		for i := range x.Data() {
			x.Data()[i] = float32(i)
		}
		m := optim.ToSpago(x)
		if !slices.Equal(m.Shape(), c.want) {
			t.Errorf("shape %v: got %v, want %v", c.shape, m.Shape(), c.want)
		}
		if x.Len() == 0 {
			continue
		}
		back := optim.FromSpago(m)
		if &mat.Data[float32](m)[0] != &x.Data()[0] || &back.Data()[0] != &x.Data()[0] {
			t.Errorf("shape %v: storage is copied, want it shared", c.shape)
		}
		if !slices.Equal(back.Shape(), c.want) {
			t.Errorf("shape %v: got %v back, want %v", c.shape, back.Shape(), c.want)
		}
		m.ProdScalarInPlace(2)
		if got, want := x.Data()[x.Len()-1], 2*float32(x.Len()-1); got != want {
			t.Errorf("shape %v: got %g after spago doubled it, want %g", c.shape, got, want)
		}
	}
}

func TestFromSpago(t *testing.T) {
	doubles := mat.NewDense[float64](mat.WithShape(1, 2), mat.WithBacking([]float64{0.1, 3}))
	if got := optim.FromSpago(doubles); got.At(0, 0) != 0.1 || got.At(0, 1) != 3 {
		t.Errorf("got %v of float64 0.1 and 3", got)
	}
	// The result of an operator is a matrix too.
	sum := ag.Add(optim.ToSpago(tensor.FromSlice([]float32{1, 2}, 2, 1)), optim.ToSpago(tensor.FromSlice([]float32{3, 4}, 2, 1)))
	if got := optim.FromSpago(sum); got.At(0, 0) != 4 || got.At(1, 0) != 6 {
		t.Errorf("got %v of a sum of 4 and 6", got)
	}
}
