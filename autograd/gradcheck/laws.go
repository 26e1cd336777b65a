package gradcheck

import (
	"math"
	"testing"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/tensor"
)

// checkLaws checks what is promised of every operation apart from the right
// numbers.
func (c Checker) checkLaws(t testing.TB, name string, f Func, inputs []*tensor.Tensor, run *result) {
	t.Helper()
	inference := infer(f, inputs)
	if inference.NeedsGrad() {
		t.Errorf("%s: the result of inference is on a tape", name)
	}
	c.sameTensor(t, name, "inference against training, value", inference.Value, run.y)

	if !run.out.NeedsGrad() {
		t.Errorf("%s: the result is not on the tape of its inputs", name)
		return
	}
	for i := range inputs {
		alone := c.run(f, inputs, func(j int) bool { return i == j })
		c.sameTensor(t, name, "gradient with the other inputs constant", alone.grads[i], run.grads[i])
		for j, g := range alone.grads {
			if i != j && g != nil {
				t.Errorf("%s: constant input %d got a gradient", name, j)
			}
		}
	}

	threads := parallel.Threads()
	defer parallel.SetThreads(threads)
	for _, n := range []int{1, 4} {
		parallel.SetThreads(n)
		other := c.run(f, inputs, nil)
		c.sameTensor(t, name, "value with another number of threads", other.y, run.y)
		for i := range inputs {
			c.sameTensor(t, name, "gradient with another number of threads", other.grads[i], run.grads[i])
		}
	}

	// Backward once more, on a pass of its own. Where an input is used several
	// times, its parts are added in another order, so that 2g is only nearly met.
	twice := c.run(f, inputs, nil)
	twice.tape.BackwardFrom(twice.out, twice.r)
	for i, g := range twice.grads {
		if g == nil {
			continue
		}
		bound := 1e-6 * tensor.MaxAbs(run.grads[i])
		for j, once := range run.grads[i].Data() {
			if diff := g.Data()[j] - 2*once; max(diff, -diff) > bound {
				t.Errorf("%s: gradient of input %d after Backward ran twice: at %v got %g, want %g", name, i, index(g, j), g.Data()[j], 2*once)
				break
			}
		}
	}
}

// sameTensor reports the first element whose bits differ.
func (c Checker) sameTensor(t testing.TB, name, what string, got, want *tensor.Tensor) {
	t.Helper()
	if got == nil || want == nil {
		if got != want {
			t.Errorf("%s: %s: got %v, want %v", name, what, got, want)
		}
		return
	}
	if !tensor.SameShape(got, want) {
		t.Errorf("%s: %s: got shape %v, want %v", name, what, got.Shape(), want.Shape())
		return
	}
	if j, same := sameBits(got, want); !same {
		t.Errorf("%s: %s: at %v got %g, want %g to the bit", name, what, index(got, j), got.Data()[j], want.Data()[j])
	}
}

// sameBits compares tensors of one shape and returns the first difference.
func sameBits(a, b *tensor.Tensor) (first int, same bool) {
	for i, v := range a.Data() {
		if math.Float32bits(v) != math.Float32bits(b.Data()[i]) {
			return i, false
		}
	}
	return -1, true
}

// index returns the index of position i of Data, one number per dimension.
func index(t *tensor.Tensor, i int) []int {
	shape := t.Shape()
	for k := len(shape) - 1; k >= 0; k-- {
		i, shape[k] = i/shape[k], i%shape[k]
	}
	return shape
}

func clones(ts []*tensor.Tensor) []*tensor.Tensor {
	out := make([]*tensor.Tensor, len(ts))
	for i, t := range ts {
		out[i] = t.Clone()
	}
	return out
}
