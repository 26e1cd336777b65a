// Package gradcheck holds differentiable functions to their contract in tests:
// analytic gradients against finite differences, and the promises every
// operation of package autograd makes besides.
package gradcheck

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/tensor"
)

// Func is a function under test. The inputs are leaves of the tape or
// constants; with the nil tape all are constants. It must be deterministic and
// leave the tensors of its inputs as they are.
type Func func(tape *autograd.Tape, inputs []*autograd.Var) *autograd.Var

// Checker says how finely to check. The zero Checker has the defaults.
type Checker struct {
	// Step is the largest distance h between an input and the points of the
	// differences, 1/32 by default. No kink of the function may lie within it.
	//
	// In float32 the optimum of a plain central difference is near the cube
	// root of the machine precision, 0.005, with an error about as large. Two
	// differences, with h and h/2, extrapolated (Richardson) leave an error of
	// order h⁴, which allows a larger step and so less rounding noise.
	Step float64
	// Tolerance is the accepted error as a share of the largest gradient of the
	// same input, 1e-3 by default: slips in a formula (a factor, a sign, a
	// missing term) are far above it, what truncation leaves is far below.
	// Rounding is allowed for on top, see noise.
	Tolerance float64
	// Seed selects the random projection.
	Seed uint64
}

// Check is Checker{}.Check.
func Check(t testing.TB, name string, f Func, inputs ...*tensor.Tensor) {
	t.Helper()
	Checker{}.Check(t, name, f, inputs...)
}

// Check compares the gradients of f at the given inputs with finite
// differences of a random projection Σ r·f(inputs), for every element of every
// input, and reports the worst element of each input. It also checks that
//   - the inputs are left as they were,
//   - inference (nil tape) gives the same bits and records nothing,
//   - gradients add up when Backward runs twice,
//   - an input's gradient has the same bits when the others are constants,
//   - value and gradients have the same bits with one thread and with four.
//
// It sets the number of threads meanwhile, so do not call it from tests that
// run in parallel.
func (c Checker) Check(t testing.TB, name string, f Func, inputs ...*tensor.Tensor) {
	t.Helper()
	if c.Step == 0 {
		c.Step = 1. / 32
	}
	if c.Tolerance == 0 {
		c.Tolerance = 1e-3
	}
	before := clones(inputs)
	run := c.run(f, inputs, nil)
	if run.y.Len() == 0 {
		t.Errorf("%s: the result %v is empty: nothing to check", name, run.y)
		return
	}
	c.checkLaws(t, name, f, inputs, run)
	for i := range inputs {
		c.checkInput(t, name, f, inputs, i, run)
	}
	for i, x := range inputs {
		if j, same := sameBits(x, before[i]); !same {
			t.Errorf("%s: input %d was changed at %v: got %g, want %g", name, i, index(x, j), x.Data()[j], before[i].Data()[j])
		}
	}
}

// result is one forward and backward pass.
type result struct {
	y     *tensor.Tensor
	r     *tensor.Tensor   // the projection, used as gradient of y
	grads []*tensor.Tensor // nil for constants
	tape  *autograd.Tape
	out   *autograd.Var
}

// run computes value and gradients with the inputs as leaves, or only those
// for which leaf returns true.
func (c Checker) run(f Func, inputs []*tensor.Tensor, leaf func(i int) bool) *result {
	tape := autograd.NewTape()
	vars := make([]*autograd.Var, len(inputs))
	for i, x := range inputs {
		if leaf == nil || leaf(i) {
			vars[i] = tape.Leaf(x)
		} else {
			vars[i] = autograd.Const(x)
		}
	}
	out := f(tape, vars)
	res := &result{y: out.Value.Clone(), r: c.projection(out.Value), tape: tape, out: out}
	if out.NeedsGrad() {
		tape.BackwardFrom(out, res.r)
	}
	for _, v := range vars {
		res.grads = append(res.grads, v.Grad)
	}
	return res
}

// projection returns random weights between ½ and 1 in size, with random
// signs: none is so small that an error behind it could hide.
func (c Checker) projection(y *tensor.Tensor) *tensor.Tensor {
	rng := rand.New(rand.NewPCG(c.Seed, 0x67726164))
	r := tensor.New(y.Shape()...)
	for i := range r.Data() {
		v := 0.5 + 0.5*rng.Float32()
		if rng.IntN(2) == 0 {
			v = -v
		}
		r.Data()[i] = v
	}
	return r
}

// checkInput compares the gradient of one input with finite differences.
func (c Checker) checkInput(t testing.TB, name string, f Func, inputs []*tensor.Tensor, i int, run *result) {
	t.Helper()
	x, grad := inputs[i], run.grads[i]
	numeric, noise := make([]float64, x.Len()), make([]float64, x.Len())
	var largest float64
	for j := range numeric {
		numeric[j], noise[j] = c.derivative(f, inputs, i, j, run.r)
		largest = max(largest, math.Abs(numeric[j]))
	}
	if grad == nil {
		if largest > 0 {
			t.Errorf("%s: input %d %v got no gradient, its largest derivative is %g", name, i, x.Shape(), largest)
		}
		return
	}
	worst, worstRatio, off := 0, -1.0, 0
	bound := func(j int) float64 { return c.Tolerance*largest + noise[j] }
	for j, want := range numeric {
		ratio := math.Abs(float64(grad.Data()[j])-want) / bound(j)
		if grad.Data()[j] == float32(want) {
			ratio = 0 // also where both, and the bound, are 0
		}
		if !(ratio <= 1) {
			off++
		}
		if math.IsNaN(ratio) {
			ratio = math.Inf(1)
		}
		if ratio > worstRatio {
			worst, worstRatio = j, ratio
		}
	}
	if off > 0 {
		t.Errorf("%s: gradient of input %d %v: %d of %d elements off, worst at %v: got %g, finite difference %g ± %.1g",
			name, i, x.Shape(), off, len(numeric), index(x, worst), grad.Data()[worst], numeric[worst], bound(worst))
	}
}

// derivative estimates the derivative of Σ r·f with respect to element j of
// input i by two central differences, and a bound on what rounding adds to it.
func (c Checker) derivative(f Func, inputs []*tensor.Tensor, i, j int, r *tensor.Tensor) (d, noise float64) {
	h := c.Step * max(1, math.Abs(float64(inputs[i].Data()[j])))
	wide, noiseWide := c.difference(f, inputs, i, j, r, h)
	narrow, noiseNarrow := c.difference(f, inputs, i, j, r, h/2)
	return (4*narrow - wide) / 3, (4*noiseNarrow + noiseWide) / 3
}

// difference returns the central difference with step h. Rounding enters by
// the outputs, each known to a few units in the last place; outputs that are
// the same bits at both points add none.
func (c Checker) difference(f Func, inputs []*tensor.Tensor, i, j int, r *tensor.Tensor, h float64) (d, noise float64) {
	const (
		unit = 1. / (1 << 24) // rounding of one float32 result, relative
		ulps = 8              // allowed to an output: sums inside are longer than one step
	)
	x := inputs[i].Data()
	old := x[j]
	at := func(v float32) *tensor.Tensor {
		x[j] = v
		y := infer(f, inputs).Value.Clone() // the result may share storage with the input
		x[j] = old
		return y
	}
	hi, lo := float32(float64(old)+h), float32(float64(old)-h)
	plus, minus := at(hi), at(lo)
	var sum, size float64
	for k, p := range plus.Data() {
		m := minus.Data()[k]
		if p == m {
			continue
		}
		w := float64(r.Data()[k])
		sum += w * (float64(p) - float64(m))
		size += math.Abs(w) * max(math.Abs(float64(p)), math.Abs(float64(m)))
	}
	width := float64(hi) - float64(lo) // what the step became in float32
	return sum / width, ulps * unit * size * 2 / width
}

// infer runs f without a tape.
func infer(f Func, inputs []*tensor.Tensor) *autograd.Var {
	vars := make([]*autograd.Var, len(inputs))
	for i, x := range inputs {
		vars[i] = autograd.Const(x)
	}
	return f(nil, vars)
}
