package autograd_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
	"github.com/adagp/adagp/tensor"
)

// roundoff is how far a float32 result may be from the exact one, as a share of
// the largest element: 2⁻²⁴ per operation, a few tens of operations in the
// longest sums and chains of these tests, and room for vector kernels that
// approximate exp to two units in the last place.
const roundoff = 4e-6

// values makes a tensor from literals.
func values(shape []int, v ...float32) *tensor.Tensor { return tensor.FromSlice(v, shape...) }

// random returns normally distributed values, the same for the same seed.
func random(seed uint64, shape ...int) *tensor.Tensor {
	rng := rand.New(rand.NewPCG(seed, 0x6f70))
	t := tensor.New(shape...)
	for i := range t.Data() {
		t.Data()[i] = float32(rng.NormFloat64())
	}
	return t
}

// away moves values that are too near to a kink at 0 away from it.
func away(t *tensor.Tensor) *tensor.Tensor {
	return tensor.Map(t, func(v float32) float32 { return v + float32(math.Copysign(0.1, float64(v))) })
}

// wantClose reports the element of got that is farthest from want, if it is
// farther than tolerance times the largest element of want.
func wantClose(t testing.TB, what string, got, want *tensor.Tensor, tolerance float64) {
	t.Helper()
	if !tensor.SameShape(got, want) {
		t.Errorf("%s: got shape %v, want %v", what, got.Shape(), want.Shape())
		return
	}
	bound := tolerance * max(1e-30, float64(tensor.MaxAbs(want)))
	worst, worstDiff := -1, 0.0
	for i, w := range want.Data() {
		g := got.Data()[i]
		if diff := math.Abs(float64(g) - float64(w)); g != w && !(diff <= max(bound, worstDiff)) {
			worst, worstDiff = i, diff
		}
	}
	if worst >= 0 {
		t.Errorf("%s: element %d of shape %v: got %g, want %g ± %.2g", what, worst, got.Shape(), got.Data()[worst], want.Data()[worst], bound)
	}
}

// infer runs f without a tape.
func infer(f gradcheck.Func, inputs ...*tensor.Tensor) *tensor.Tensor {
	vars := make([]*autograd.Var, len(inputs))
	for i, x := range inputs {
		vars[i] = autograd.Const(x)
	}
	return f(nil, vars).Value
}

// point is an entry of the value table of a function of one number.
type point struct{ x, want float32 }

// wantPoints checks an elementwise operation against its value table.
func wantPoints(t *testing.T, f func(*autograd.Var) *autograd.Var, points []point) {
	t.Helper()
	for _, p := range points {
		// The rest of the tensor puts p.x into the vector body of a kernel as
		// well as into its tail.
		x := tensor.New(37)
		x.Fill(p.x)
		got := f(autograd.Const(x)).Value
		for i, g := range got.Data() {
			if bound := 4e-7 * max(math.Abs(float64(p.want)), 1); g != p.want && !(math.Abs(float64(g-p.want)) <= bound) {
				t.Errorf("f(%g) at position %d: got %g, want %g ± %.1g", p.x, i, g, p.want, bound)
				break
			}
		}
	}
}

// unary and binary make a function under test of an operation.
func unary(op func(a *autograd.Var) *autograd.Var) gradcheck.Func {
	return func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var { return op(in[0]) }
}

func binary(op func(a, b *autograd.Var) *autograd.Var) gradcheck.Func {
	return func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var { return op(in[0], in[1]) }
}

// wantShapePanic checks that f panics with a *tensor.ShapeError.
func wantShapePanic(t *testing.T, what string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		var shape *tensor.ShapeError
		if err, ok := recover().(error); !ok || !errors.As(err, &shape) {
			t.Errorf("%s: got panic %v, want a *tensor.ShapeError", what, err)
		}
	}()
	f()
}
