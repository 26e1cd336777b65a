package adagp

import (
	"slices"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/tensor"
)

// descent moves a variable by plain gradient steps on the terms it appears in, summed (not averaged)
// over elements as published; the gradient comes from autograd, so any activation will do.
type descent struct {
	v         *variable
	steps     int
	rate      float64
	safeguard bool

	tape       *autograd.Tape
	grad, part *tensor.Tensor // in the shape of v
}

func (u *descent) variable() *variable { return u.v }
func (u *descent) prepare() error      { return nil }

func (u *descent) reads() []*variable {
	vs := append(slices.Clone(u.v.source.inputs()), u.v)
	for _, t := range u.readers() {
		vs = append(append(vs, t.target()), t.inputs()...)
	}
	return vs
}

// readers are the terms that v is an input of.
func (u *descent) readers() []term {
	var ts []term
	for _, j := range u.v.joins {
		if !slices.Contains(ts, term(j)) {
			ts = append(ts, j)
		}
	}
	for _, l := range u.v.links {
		ts = append(ts, l.terms...)
	}
	return ts
}

func (u *descent) apply() {
	mean := prediction(u.v.source) // does not depend on v
	if u.tape == nil {
		u.tape = autograd.NewTape().Recycle()
	}
	if u.grad == nil || !tensor.SameShape(u.grad, u.v.at) {
		u.grad, u.part = tensor.New(u.v.at.Shape()...), tensor.New(u.v.at.Shape()...)
	}
	var cost *tensor.Tensor
	if u.safeguard {
		cost = u.cost(u.v.at, mean)
	}
	for range u.steps {
		u.gradient(mean)
		if u.safeguard {
			cost = u.guardedStep(u.grad, mean, cost)
		} else {
			tensor.AddScaled(u.v.at, float32(-u.rate), u.grad)
		}
	}
}

// gradient sets grad to that of the terms with v in them, with mean what the network computes for v.
func (u *descent) gradient(mean *tensor.Tensor) {
	tensor.SubInto(u.grad, u.v.at, mean)
	tensor.ScaleInto(u.grad, u.grad, float32(2*u.v.source.weight()))
	for _, t := range u.readers() {
		y := t.predict(u.with(u.tape.Param(u.v.at, u.grad)))
		dy := u.part
		if !tensor.SameShape(dy, y.Value) {
			dy = tensor.New(y.Value.Shape()...)
		}
		tensor.SubInto(dy, y.Value, t.target().at)
		tensor.ScaleInto(dy, dy, float32(2*t.weight()))
		u.tape.BackwardFrom(y, dy)
		u.tape.Reset()
	}
}

// with gives every variable its present value, and v that of the leaf.
func (u *descent) with(leaf *autograd.Var) func(*variable) *autograd.Var {
	return func(v *variable) *autograd.Var {
		if v == u.v {
			return leaf
		}
		return autograd.Const(v.at)
	}
}

// guardedStep takes the gradient step only where it lowers the cost, a quarter of it where that does,
// and none elsewhere; it returns the cost at the new values. Steps of a fixed length diverge where
// rate·γ·φ'² exceeds 1, which a few large activations are enough for.
func (u *descent) guardedStep(grad, mean, cost *tensor.Tensor) *tensor.Tensor {
	full, quarter := u.v.at.Clone(), u.v.at.Clone()
	tensor.AddScaled(full, float32(-u.rate), grad)
	tensor.AddScaled(quarter, float32(-u.rate/4), grad)
	costFull, costQuarter := u.cost(full, mean), u.cost(quarter, mean)
	each := u.v.at.Len() / cost.Len() // values that share one cost
	at, c, cf, cq := u.v.at.Data(), cost.Data(), costFull.Data(), costQuarter.Data()
	parallel.For(len(c), 1<<13/each, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			switch {
			case cf[i] < c[i]:
				copy(at[i*each:(i+1)*each], full.Data()[i*each:])
				c[i] = cf[i]
			case cq[i] < c[i]:
				copy(at[i*each:(i+1)*each], quarter.Data()[i*each:])
				c[i] = cq[i]
			}
		}
	})
	return cost
}

// cost returns what the terms with v in them come to when v has the given value: one number per
// element where only activations read v, which act on each element by itself; one per token where
// linear maps mix the elements.
func (u *descent) cost(value, mean *tensor.Tensor) *tensor.Tensor {
	perToken := len(u.v.links) > 0
	n := value.Len()
	if perToken {
		n = value.Dim(0)
	}
	total := tensor.New(n)
	add := func(w float64, a, b *tensor.Tensor) {
		each, ad, bd, dst := a.Len()/n, a.Data(), b.Data(), total.Data()
		parallel.For(n, 1<<13/each, func(lo, hi int) {
			for i := lo; i < hi; i++ {
				sum := 0.0
				for k := i * each; k < (i+1)*each; k++ {
					d := float64(ad[k]) - float64(bd[k])
					sum += d * d
				}
				dst[i] += float32(w * sum)
			}
		})
	}
	add(u.v.source.weight(), value, mean)
	for _, t := range u.readers() {
		add(t.weight(), t.target().at, t.predict(u.with(u.v.tape.Const(value))).Value)
	}
	return total
}
