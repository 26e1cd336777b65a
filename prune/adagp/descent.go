package adagp

import (
	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/tensor"
)

// descent moves a variable downhill on the terms it appears in, summed (not averaged) over elements as published.
// Derivatives come from autograd, so any activation will do.
type descent struct {
	ofVariable
	steps     int
	propose   func(mean *tensor.Tensor) // sets full and quarter, given what the network computes for v
	safeguard bool                      // take full only where it lowers the cost, quarter where that does, neither elsewhere

	tape          *autograd.Tape
	full, quarter *tensor.Tensor // v after a step and after a quarter of it
	grad, part    *tensor.Tensor // in the shape of v
}

// gradientSteps and gradientRate are published: so many steps of that length.
const (
	gradientSteps = 2
	gradientRate  = 0.01
)

// gradientDescent takes plain gradient steps. Steps of a fixed length diverge where rate·γ·φ'² exceeds 1, which a
// few large activations are enough for: hence the safeguard.
func gradientDescent(v *variable, safeguard bool) *descent {
	u := &descent{ofVariable: ofVariable{v}, steps: gradientSteps, safeguard: safeguard, tape: autograd.NewTape().Recycle()}
	u.propose = func(mean *tensor.Tensor) {
		u.gradient(mean)
		u.full.CopyFrom(v.at)
		u.quarter.CopyFrom(v.at)
		tensor.AddScaled(u.full, float32(-gradientRate), u.grad)
		tensor.AddScaled(u.quarter, float32(-gradientRate/4), u.grad)
	}
	return u
}

// newtonSteps is how often [newtonDescent] linearises the activation.
const newtonSteps = 4

// newtonDescent is for a variable that one activation reads: elementwise descent on α(u − m)² + γ(a − φ(…u…))².
// With φ replaced by its tangent the minimum is one step away (Gauss–Newton),
//
//	u − (α(u − m) − γ(a − φ)φ′) / (α + γφ′²)
func newtonDescent(v *variable, j *join) *descent {
	u := &descent{ofVariable: ofVariable{v}, steps: newtonSteps, safeguard: true, tape: autograd.NewTape().Recycle()}
	u.propose = func(mean *tensor.Tensor) {
		clear(u.grad.Data())
		phi := j.predict(u.with(u.tape.Param(v.at, u.grad)))
		ones := u.part
		ones.Fill(1)
		u.tape.BackwardFrom(phi, ones)
		alpha, gamma := v.source.penalty, j.penalty
		at, m, a, value, slope := v.at.Data(), mean.Data(), j.out.at.Data(), phi.Value.Data(), u.grad.Data()
		full, quarter := u.full.Data(), u.quarter.Data()
		parallel.For(len(at), 1<<13, func(lo, hi int) {
			for i := lo; i < hi; i++ {
				d := float64(slope[i])
				step := (alpha*(float64(at[i])-float64(m[i])) - gamma*(float64(a[i])-float64(value[i]))*d) / (alpha + gamma*d*d)
				full[i], quarter[i] = float32(float64(at[i])-step), float32(float64(at[i])-step/4)
			}
		})
		u.tape.Reset()
	}
	return u
}

func (u *descent) apply() {
	mean := u.v.source.prediction() // does not depend on v
	if u.grad == nil || !tensor.SameShape(u.grad, u.v.at) {
		for _, t := range []**tensor.Tensor{&u.full, &u.quarter, &u.grad, &u.part} {
			*t = tensor.New(u.v.at.Shape()...)
		}
	}
	for range u.steps {
		if u.propose(mean); u.safeguard {
			u.takeBest(mean)
		} else {
			u.v.at.CopyFrom(u.full)
		}
	}
}

// gradient sets grad to that of the terms with v in them, with mean what the network computes for v.
func (u *descent) gradient(mean *tensor.Tensor) {
	tensor.SubInto(u.grad, u.v.at, mean)
	tensor.ScaleInto(u.grad, u.grad, float32(2*u.v.source.penalty))
	for _, t := range u.v.readers() {
		y := t.predict(u.with(u.tape.Param(u.v.at, u.grad)))
		dy := u.part
		if !tensor.SameShape(dy, y.Value) {
			dy = tensor.New(y.Value.Shape()...)
		}
		tensor.SubInto(dy, y.Value, t.out.at)
		tensor.ScaleInto(dy, dy, float32(2*t.penalty))
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

// takeBest gives v the values of full where that lowers the cost, else those of quarter where that does. A value
// has a cost of its own where only activations read v, which act on each element by itself; the values of a token
// share one where linear maps mix them.
func (u *descent) takeBest(mean *tensor.Tensor) {
	n := u.v.at.Len()
	if len(u.v.links) > 0 {
		n = u.v.at.Dim(0)
	}
	each := u.v.at.Len() / n
	now, full, quarter := u.residuals(u.v.at, mean), u.residuals(u.full, mean), u.residuals(u.quarter, mean)
	parallel.For(n, max(1, 1<<13/each), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			at, cost := u.v.at.Data()[i*each:(i+1)*each], now.cost(i, n)
			switch {
			case full.cost(i, n) < cost:
				copy(at, u.full.Data()[i*each:])
			case quarter.cost(i, n) < cost:
				copy(at, u.quarter.Data()[i*each:])
			}
		}
	})
	u.tape.Reset()
}

// residuals are the terms with v in them for some value of v: what they weigh, want and predict.
type residuals []struct {
	weight          float64
	target, predict []float32
}

func (u *descent) residuals(value, mean *tensor.Tensor) residuals {
	rs := make(residuals, 1, 2)
	rs[0].weight, rs[0].target, rs[0].predict = u.v.source.penalty, mean.Data(), value.Data()
	for _, t := range u.v.readers() {
		rs = append(rs, rs[0])
		r := &rs[len(rs)-1]
		r.weight, r.target, r.predict = t.penalty, t.out.at.Data(), t.predict(u.with(u.tape.Const(value))).Value.Data()
	}
	return rs
}

// cost is what the i-th of n equal parts of the residuals comes to.
func (rs residuals) cost(i, n int) float64 {
	sum := 0.0
	for _, r := range rs {
		each := len(r.target) / n
		for k := i * each; k < (i+1)*each; k++ {
			d := float64(r.target[k]) - float64(r.predict[k])
			sum += r.weight * d * d
		}
	}
	return sum
}
