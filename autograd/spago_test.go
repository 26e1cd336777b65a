package autograd_test

import (
	"testing"

	"github.com/nlpodyssey/spago/ag"
	"github.com/nlpodyssey/spago/mat"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
	"github.com/adagp/adagp/tensor"
)

// againstSpago compares values and gradients with those of spago's operators,
// which compute in float64 here: the second oracle beside finite differences,
// and the sharper one. A vector [n] is a column [n, 1] in spago.
func againstSpago(t *testing.T, ours gradcheck.Func, theirs func(in []mat.Tensor) mat.Tensor, inputs ...*tensor.Tensor) {
	t.Helper()
	againstSpagoWithin(t, roundoff, ours, theirs, inputs...)
}

func againstSpagoWithin(t *testing.T, tolerance float64, ours gradcheck.Func, theirs func(in []mat.Tensor) mat.Tensor, inputs ...*tensor.Tensor) {
	t.Helper()
	tape := autograd.NewTape()
	vars, dense := make([]*autograd.Var, len(inputs)), make([]mat.Tensor, len(inputs))
	for i, x := range inputs {
		vars[i], dense[i] = tape.Leaf(x), toSpago(x)
	}
	y, ySpago := ours(tape, vars), theirs(dense)
	dy := random(99, y.Value.Shape()...)
	tape.BackwardFrom(y, dy)
	ySpago.AccGrad(toSpago(dy).Value().(mat.Matrix).Reshape(ySpago.Value().Shape()...))
	if err := ag.Backward(ySpago); err != nil {
		t.Fatal(err)
	}
	wantClose(t, "value against spago", y.Value, fromSpago(ySpago.Value(), y.Value), tolerance)
	for i, v := range vars {
		wantClose(t, "gradient against spago", v.Grad, fromSpago(dense[i].Grad(), v.Value), tolerance)
	}
}

func toSpago(x *tensor.Tensor) *mat.Dense[float64] {
	data := make([]float64, x.Len())
	for i, v := range x.Data() {
		data[i] = float64(v)
	}
	return mat.NewDense[float64](mat.WithShape(x.Shape()...), mat.WithBacking(data), mat.WithGrad(true))
}

// fromSpago returns the elements of m in the shape of a tensor.
func fromSpago(m mat.Tensor, like *tensor.Tensor) *tensor.Tensor {
	return tensor.FromSlice(append([]float32(nil), m.Data().F32()...), like.Shape()...)
}

// constant returns a spago scalar.
func constant(v float64) mat.Tensor { return mat.Scalar(v) }

// eachRow applies f to the rows of x, as columns, and stacks the results.
func eachRow(x mat.Tensor, f func(row mat.Tensor) mat.Tensor) mat.Tensor {
	rows := ag.RowViews(x)
	for i, r := range rows {
		rows[i] = f(ag.T(r))
	}
	return ag.Stack(rows...)
}

// column makes a column of all elements: spago's reductions give their operand
// a gradient of that shape, whatever its own.
func column(x mat.Tensor) mat.Tensor { return ag.Reshape(x, x.Value().Size(), 1) }
