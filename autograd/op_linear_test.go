package autograd_test

import (
	"testing"

	"github.com/nlpodyssey/spago/ag"
	"github.com/nlpodyssey/spago/mat"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
	"github.com/adagp/adagp/tensor"
)

func linear(_ *autograd.Tape, in []*autograd.Var) *autograd.Var {
	if len(in) == 2 {
		return autograd.Linear(in[0], in[1], nil)
	}
	return autograd.Linear(in[0], in[1], in[2])
}

// twice are products with weights that are kept at half their size.
type twice struct{ half *tensor.Tensor }

func (w twice) Shape() (out, in int) { return w.half.Dim(0), w.half.Dim(1) }

func (w twice) MulNTInto(y, x *tensor.Tensor) {
	tensor.MatMulNTInto(y, x, w.half)
	tensor.ScaleInto(y, y, 2)
}

func (w twice) MulInto(dx, dy *tensor.Tensor) {
	tensor.MatMulInto(dx, dy, w.half)
	tensor.ScaleInto(dx, dx, 2)
}

// linearBy is linear with products that do not look at the weights' place.
func linearBy(_ *autograd.Tape, in []*autograd.Var) *autograd.Var {
	return autograd.LinearBy(twice{tensor.Scale(in[1].Value, 0.5)}, in[0], in[1], in[2])
}

func TestLinearBy(t *testing.T) {
	x, w, b := random(1, 4, 7), random(2, 5, 7), random(3, 5)
	wantClose(t, "products of the caller's", infer(linearBy, x, w, b), infer(linear, x, w, b), 0)
	gradcheck.Check(t, "linear by products", linearBy, x, w, b)

	elsewhere, dy := twice{tensor.Scale(w, 0.5)}, random(5, 4, 5)
	tape := autograd.NewTape()
	in, moved := tape.Leaf(x), tape.Leaf(random(4, 5, 7))
	wantClose(t, "no weights beside the products", autograd.LinearBy(elsewhere, autograd.Const(x), nil, nil).Value, tensor.MatMulNT(x, w), 0)
	wantShapePanic(t, "input of another width", func() { autograd.LinearBy(elsewhere, autograd.Const(dy), nil, nil) })
	y := autograd.LinearBy(elsewhere, in, moved, nil)
	tape.BackwardFrom(y, dy)
	wantClose(t, "output", y.Value, tensor.MatMulNT(x, w), 0)
	wantClose(t, "gradient of the input", in.Grad, tensor.MatMul(dy, w), 0)
	wantClose(t, "gradient of the weights", moved.Grad, tensor.MatMulTN(dy, x), 0)
}

func TestLinear(t *testing.T) {
	x, w, b := values([]int{2, 3}, 1, 2, 3, 4, 5, 6), values([]int{2, 3}, 1, 0, -1, 2, 1, 0), values([]int{2}, 10, 20)
	wantClose(t, "without bias", infer(linear, x, w), values([]int{2, 2}, -2, 4, -2, 13), 0)
	wantClose(t, "with bias", infer(linear, x, w, b), values([]int{2, 2}, 8, 24, 8, 33), 0)

	x, w, b = random(1, 4, 7), random(2, 5, 7), random(3, 5)
	gradcheck.Check(t, "linear without bias", linear, x, w)
	gradcheck.Check(t, "linear with bias", linear, x, w, b)
	againstSpago(t, linear, func(in []mat.Tensor) mat.Tensor {
		return eachRow(in[0], func(row mat.Tensor) mat.Tensor { return ag.Affine(in[2], in[1], row) })
	}, x, w, b)

	for _, c := range []struct {
		what    string
		x, w, b *tensor.Tensor
	}{
		{"vector input", random(1, 7), w, b},
		{"weights of another width", x, random(1, 5, 6), b},
		{"bias of another length", x, w, random(1, 4)},
	} {
		wantShapePanic(t, c.what, func() { infer(linear, c.x, c.w, c.b) })
	}
}
