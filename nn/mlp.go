package nn

import "github.com/adagp/adagp/autograd"

// MLP is the two-layer feed-forward block y = Down(φ(Up(x))), OPT's fc1 → ReLU → fc2.
type MLP struct {
	Up, Down   *Linear // [intermediate, hidden], [hidden, intermediate]
	Activation Activation
}

// Forward maps x [tokens, hidden] to [tokens, hidden].
func (m *MLP) Forward(c *Context, x *autograd.Var) *autograd.Var {
	return m.Down.Forward(c, m.Activation.Apply(m.Up.Forward(c, x)))
}

// Walk visits Up and Down.
func (m *MLP) Walk(visit func(*Param)) {
	m.Up.Walk(visit)
	m.Down.Walk(visit)
}

// Linears returns Up and Down.
func (m *MLP) Linears() []*Linear { return []*Linear{m.Up, m.Down} }

// GatedMLP is the gated feed-forward block y = Down(φ(Gate(x), Up(x))), LLaMA's with
// φ(s, z) = silu(s) ⊙ z (Shazeer 2020, equation 6).
type GatedMLP struct {
	Gate, Up, Down *Linear // [intermediate, hidden] twice, [hidden, intermediate]
	Activation     Activation
}

// Forward maps x [tokens, hidden] to [tokens, hidden].
func (m *GatedMLP) Forward(c *Context, x *autograd.Var) *autograd.Var {
	gate, up := m.Gate.Forward(c, x), m.Up.Forward(c, x)
	return m.Down.Forward(c, m.Activation.Apply(gate, up))
}

// Walk visits Gate, Up and Down.
func (m *GatedMLP) Walk(visit func(*Param)) {
	for _, l := range m.Linears() {
		l.Walk(visit)
	}
}

// Linears returns Gate, Up and Down.
func (m *GatedMLP) Linears() []*Linear { return []*Linear{m.Gate, m.Up, m.Down} }
