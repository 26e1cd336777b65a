package autograd_test

import (
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
	"github.com/adagp/adagp/tensor"
)

// TestReuse has variables that are used several times, directly and through
// operations that pass their gradient on without copying it.
func TestReuse(t *testing.T) {
	x := random(1, 2, 3)
	for what, f := range map[string]func(x *autograd.Var) *autograd.Var{
		"both inputs of one operation": func(x *autograd.Var) *autograd.Var { return autograd.Add(x, x) },
		"residual": func(x *autograd.Var) *autograd.Var {
			return autograd.Add(x, autograd.Tanh(x))
		},
		"two residuals": func(x *autograd.Var) *autograd.Var {
			h := autograd.Add(x, autograd.Tanh(x))
			return autograd.Add(h, autograd.Sigmoid(h))
		},
		"passed on by several operations": func(x *autograd.Var) *autograd.Var {
			h := autograd.Scale(x, 3)
			return autograd.Add(autograd.Add(h, autograd.Reshape(h, 2, 3)), autograd.Sub(h, autograd.Mul(h, x)))
		},
		"three ways from one result": func(x *autograd.Var) *autograd.Var {
			h := autograd.Tanh(x)
			return autograd.Add(autograd.Add(autograd.Mul(h, h), autograd.Add(h, h)), autograd.SiLU(h))
		},
	} {
		gradcheck.Check(t, what, unary(f), x)
	}
}

// TestPassedOnGradientIsNotChanged runs into the case where dy is shared: the
// one the caller gave, which goes through Add to two places of which one adds
// another gradient to it.
func TestPassedOnGradientIsNotChanged(t *testing.T) {
	tape := autograd.NewTape()
	x := tape.Leaf(random(1, 2, 3))
	h := autograd.Scale(x, 2)
	y := autograd.Add(autograd.Add(h, x), h)
	dy := random(2, 2, 3)
	before := dy.Clone()
	tape.BackwardFrom(y, dy)
	wantClose(t, "dy", dy, before, 0)
	wantClose(t, "gradient", x.Grad, tensor.Scale(dy, 5), roundoff)
	if &x.Grad.Data()[0] == &dy.Data()[0] {
		t.Error("the gradient of a leaf shares storage with dy")
	}
}

func TestBackwardTwice(t *testing.T) {
	x := values([]int{2}, 3, -1)
	tape := autograd.NewTape()
	leaf, grad := tape.Leaf(x), values([]int{2}, 100, 200)
	param := tape.Param(x, grad)
	h := autograd.Mul(leaf, leaf).RetainGrad()
	first, second := autograd.Sum(h), autograd.Sum(autograd.Mul(h, param))

	tape.Backward(first) // dx = 2x
	wantClose(t, "leaf after one loss", leaf.Grad, values([]int{2}, 6, -2), 0)
	wantClose(t, "parameter it does not depend on", grad, values([]int{2}, 100, 200), 0)
	tape.Backward(second) // dx = 2x·p, dp = x²
	wantClose(t, "leaf after two losses", leaf.Grad, values([]int{2}, 6+18, -2+2), 0)
	wantClose(t, "parameter", grad, values([]int{2}, 109, 201), 0)
	wantClose(t, "retained", h.Grad, values([]int{2}, 4, 0), 0)
	tape.Backward(first)
	wantClose(t, "leaf after three losses", leaf.Grad, values([]int{2}, 30, -2), 0)
}

func TestGradientsKept(t *testing.T) {
	tape := autograd.NewTape()
	x, c := tape.Leaf(random(1, 3)), autograd.Const(random(2, 3))
	kept, dropped := autograd.Mul(x, c).RetainGrad(), autograd.Scale(x, 2)
	tape.Backward(autograd.Sum(autograd.Add(kept, dropped)))
	wantClose(t, "retained", kept.Grad, values([]int{3}, 1, 1, 1), 0)
	if dropped.Grad != nil || c.Grad != nil {
		t.Errorf("got gradients %v of a result, %v of a constant, want none", dropped.Grad, c.Grad)
	}
}

func TestSharedGrad(t *testing.T) {
	tape := autograd.NewTape()
	w, grad := values([]int{2}, 2, 3), tensor.New(2)
	a, b := tape.Param(w, grad), tape.Param(w, grad) // tied weights
	tape.Backward(autograd.Sum(autograd.Mul(a, b)))
	wantClose(t, "tied", grad, values([]int{2}, 4, 6), 0)
}

func TestBackwardFromLeaf(t *testing.T) {
	tape := autograd.NewTape()
	x := tape.Leaf(values([]int{1}, 5))
	tape.Backward(x)
	wantClose(t, "gradient of a variable by itself", x.Grad, values([]int{1}, 1), 0)
}

func TestBackwardMisuse(t *testing.T) {
	tape := autograd.NewTape()
	x := tape.Leaf(random(1, 3))
	wantShapePanic(t, "loss of three elements", func() { tape.Backward(autograd.Scale(x, 2)) })
	wantShapePanic(t, "dy of another shape", func() { tape.BackwardFrom(autograd.Scale(x, 2), random(1, 4)) })
	wantPanic(t, "from a constant", func() { tape.Backward(autograd.Const(random(1, 1))) })
}
