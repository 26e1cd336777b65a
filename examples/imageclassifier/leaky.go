package main

import (
	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/tensor"
)

// leaky is an activation that package nn does not have: φ(u) = u from 0 on, and slope·u below. It is all that
// AdaGP has to know of one. Without Minimize, it would take gradient steps through Apply.
type leaky struct{ slope float64 }

func (leaky) Name() string { return "leaky" }
func (leaky) Arity() int   { return 1 }

// Apply computes φ from operations that have gradients: relu(u) − slope·relu(−u).
func (l leaky) Apply(in ...*autograd.Var) *autograd.Var {
	below := autograd.ReLU(autograd.Scale(in[0], -1))
	return autograd.Sub(autograd.ReLU(in[0]), autograd.Scale(below, float32(l.slope)))
}

// Minimize implements nn.Minimizer: the u with the lowest alpha·(u − m)² + gamma·(a − φ(u))², element by element.
// On either side of 0 that is a parabola; the lower of the two minima is the one.
func (l leaky) Minimize(_ int, in []*tensor.Tensor, m, a *tensor.Tensor, alpha, gamma float32) bool {
	al, ga := float64(alpha), float64(gamma)
	for k := range m.Data() {
		mk, ak := float64(m.Data()[k]), float64(a.Data()[k])
		cost := func(u, slope float64) float64 { return al*(u-mk)*(u-mk) + ga*(ak-slope*u)*(ak-slope*u) }
		above := max(0, (al*mk+ga*ak)/(al+ga))
		below := min(0, (al*mk+ga*l.slope*ak)/(al+ga*l.slope*l.slope))
		if cost(above, 1) <= cost(below, l.slope) {
			in[0].Data()[k] = float32(above)
		} else {
			in[0].Data()[k] = float32(below)
		}
	}
	return true
}
