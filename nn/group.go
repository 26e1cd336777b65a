package nn

import (
	"fmt"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/tensor"
)

// Target says what a linear map is asked to reproduce when it is pruned inside a network of which
// earlier parts are pruned already. Everything is seen twice then: in the dense network, and in the
// pruned one, whose activations differ.
type Target int

const (
	// OwnOutputs are what the dense weights make of the pruned network's activations.
	OwnOutputs Target = iota
	// DenseOutputs are what the map puts out in the dense network.
	DenseOutputs
	// Residual is for a group of one map whose output is added to the first signal. It is asked for
	// whatever brings the sum to its value in the dense network, so it makes up for the error of
	// the signal that passes it by as well as for its own.
	Residual
)

// Signals are the activations [tokens, width] between two groups: what the next one reads, and what
// passes it by.
type Signals []*autograd.Var

// Group is a step of a network: linear maps that read one input, with what leads to it and from it. A
// network that is a list of groups can be run up to any of them, and gone on with from there.
//
//	x = Enter(s)        y_i = W_i·x + b_i        s' = Leave(s, y)
//
// With a Residual target y_0 is s_0 + Scale·(W_0·x + b_0) where Leave sees it.
type Group struct {
	Linears []*Linear
	Target  Target
	Scale   float32                                                // of what a Residual target adds to the signal; 0 means 1
	Enter   func(c *Context, s Signals) *autograd.Var              // nil: the last signal
	Leave   func(c *Context, s Signals, y []*autograd.Var) Signals // nil: y becomes the signals
}

// Input returns what the linear maps read, for the signals that reach the group.
func (g *Group) Input(c *Context, s Signals) *autograd.Var {
	if g.Enter == nil {
		return s[len(s)-1]
	}
	return g.Enter(c, s)
}

// Outputs returns what the linear maps make of x, sums with the first signal for Residual targets.
func (g *Group) Outputs(c *Context, s Signals, x *autograd.Var) []*autograd.Var {
	y := make([]*autograd.Var, len(g.Linears))
	for i, l := range g.Linears {
		y[i] = l.Forward(c, x)
	}
	if g.Target == Residual {
		if g.Scale != 0 {
			y[0] = autograd.Scale(y[0], g.Scale)
		}
		y[0] = autograd.Add(s[0], y[0])
	}
	return y
}

// Branch returns what the map of a group with a Residual target has to put out, bias included, for the sum with
// the signal skip to be the given one.
func (g *Group) Branch(sum, skip *tensor.Tensor) *tensor.Tensor {
	y := tensor.Sub(sum, skip)
	if g.Scale != 0 {
		tensor.ScaleInto(y, y, 1/g.Scale)
	}
	return y
}

// Finish returns the signals behind the group, for those in front of it and its outputs.
func (g *Group) Finish(c *Context, s Signals, y []*autograd.Var) Signals {
	if g.Leave == nil {
		return y
	}
	return g.Leave(c, s, y)
}

// Forward takes the signals through the group.
func (g *Group) Forward(c *Context, s Signals) Signals {
	return g.Finish(c, s, g.Outputs(c, s, g.Input(c, s)))
}

// ForwardGroups takes x through the groups, one after the other, and returns the first signal behind
// the last.
func ForwardGroups(c *Context, groups []Group, x *autograd.Var) *autograd.Var {
	s := Signals{x}
	for i := range groups {
		s = groups[i].Forward(c, s)
	}
	return s[0]
}

// CheckGroups reports the first fault that can be seen in a declaration without running it.
func CheckGroups(groups []Group) error {
	seen := map[*Param]bool{}
	for i, g := range groups {
		if len(g.Linears) == 0 {
			return fmt.Errorf("group %d has no linear map", i)
		}
		if g.Target == Residual && len(g.Linears) != 1 {
			return fmt.Errorf("group %d has a residual target and %d linear maps, want 1", i, len(g.Linears))
		}
		for _, l := range g.Linears {
			if l == nil {
				return fmt.Errorf("group %d: a linear map is missing", i)
			}
			if seen[l.Weight] {
				return fmt.Errorf("group %d: the weights of %s stand in two places: want each map to have its own", i, l.Name())
			}
			seen[l.Weight] = true
			if l.In() != g.Linears[0].In() {
				return fmt.Errorf("group %d: %s reads %d values, %s %d", i, l.Name(), l.In(), g.Linears[0].Name(), g.Linears[0].In())
			}
		}
	}
	return nil
}
