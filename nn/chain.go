package nn

import (
	"fmt"
	"slices"
	"strings"

	"github.com/adagp/adagp/autograd"
)

// Input and Output are the names of a chain's given variables; all others are auxiliary.
const (
	Input  = "x"
	Output = "y"
)

// Chain declares linear maps and non-linearities that are pruned together by AdaGP: a small network
// whose inner signals become auxiliary variables, tied to it by penalties. Input and Output are
// given by calibration; every other variable is auxiliary. The declaration alone decides how the
// engine updates each variable, so a new kind of block needs a declaration and nothing else.
type Chain struct {
	// Name is the path of the block, such as "model.layers.0.mlp".
	Name string
	// Links are the linear maps in the order in which they are refitted.
	Links []Link
	// Joins are the non-linearities between them.
	Joins []Join
}

// Link is a linear map between two variables: Out = W·In + b for each token or, with operators,
// Out = Leave(W·Enter(In) + b), where the values of a token behind Enter are rows of the width that W multiplies,
// one after the other.
type Link struct {
	Linear  *Linear
	In, Out string
	// Enter may be any linear map, such as [Unfold] for a convolution; nil: the identity.
	Enter Operator
	// Leave rearranges what the rows put out: its adjoint has to be its inverse. nil: they stay one after the other.
	Leave Operator
	// Outs, in place of Out, are variables of one width that stand side by side in what the map puts out, as those
	// of a gate and of what it gates do where both are one matrix.
	Outs []string
}

// Join is a non-linearity Out = φ(In...) between variables. Each element of Out depends on those at the same
// place of In alone: variables are updated element by element.
type Join struct {
	Activation Activation
	In         []string
	Out        string
}

// Stage is one step of a sequential chain: a Map or a Pointwise.
type Stage struct {
	linear     *Linear
	activation Activation
}

// Map is the stage y = W·x + b.
func Map(l *Linear) Stage { return Stage{linear: l} }

// Pointwise is the stage y = φ(x) for an activation of one argument.
func Pointwise(a Activation) Stage { return Stage{activation: a} }

// NewChain returns the chain that applies the stages one after the other. The variable behind the i-th stage,
// counted from 1, is named z<i> after a Map and a<i> after a Pointwise, the last one Output.
func NewChain(name string, stages ...Stage) *Chain {
	c := &Chain{Name: name}
	in := Input
	for i, s := range stages {
		out := fmt.Sprintf("z%d", i+1)
		if s.linear == nil {
			out = fmt.Sprintf("a%d", i+1)
		}
		if i == len(stages)-1 {
			out = Output
		}
		if s.linear != nil {
			c.Links = append(c.Links, Link{Linear: s.linear, In: in, Out: out})
		} else {
			c.Joins = append(c.Joins, Join{Activation: s.activation, In: []string{in}, Out: out})
		}
		in = out
	}
	return c
}

// step is a link or a join of a chain in executable order.
type step struct {
	link *Link
	join *Join
}

func (s step) in() []string {
	if s.link != nil {
		return []string{s.link.In}
	}
	return s.join.In
}

func (s step) outs() []string {
	if s.link != nil {
		return s.link.Names()
	}
	return []string{s.join.Out}
}

// Names returns the variables that the map computes.
func (l *Link) Names() []string {
	if len(l.Outs) > 0 {
		return l.Outs
	}
	return []string{l.Out}
}

// split returns the variables in what the map puts out.
func (l *Link) split(y *autograd.Var) []*autograd.Var {
	n := len(l.Names())
	if n == 1 {
		return []*autograd.Var{y}
	}
	parts, w := make([]*autograd.Var, n), y.Value.Dim(1)/n
	for i := range parts {
		parts[i] = autograd.SliceCols(y, i*w, (i+1)*w)
	}
	return parts
}

// order sorts links and joins so that each comes after the ones it needs, and checks that every
// variable is produced once, used (Output excepted) and computable.
func (c *Chain) order() ([]step, error) {
	var rest []step
	for i := range c.Links {
		rest = append(rest, step{link: &c.Links[i]})
	}
	for i := range c.Joins {
		rest = append(rest, step{join: &c.Joins[i]})
	}
	produced, used := map[string]bool{Input: true}, map[string]bool{}
	for _, s := range rest {
		for _, v := range s.outs() {
			if produced[v] {
				return nil, fmt.Errorf("variable %q is computed twice", v)
			}
			produced[v] = true
		}
		for _, v := range s.in() {
			used[v] = true
		}
	}
	if !produced[Output] {
		return nil, fmt.Errorf("nothing computes the output %q", Output)
	}
	for _, s := range rest {
		for _, v := range s.outs() {
			if v != Output && !used[v] {
				return nil, fmt.Errorf("nothing uses variable %q", v)
			}
		}
	}
	if used[Output] {
		return nil, fmt.Errorf("the output %q is used as an input", Output)
	}
	var steps []step
	known := map[string]bool{Input: true}
	for len(rest) > 0 {
		i := slices.IndexFunc(rest, func(s step) bool {
			return !slices.ContainsFunc(s.in(), func(v string) bool { return !known[v] })
		})
		if i < 0 {
			return nil, fmt.Errorf("variables %s cannot be computed from %q", strings.Join(outs(rest), ", "), Input)
		}
		for _, v := range rest[i].outs() {
			known[v] = true
		}
		steps = append(steps, rest[i])
		rest = slices.Delete(rest, i, i+1)
	}
	return steps, nil
}

func outs(steps []step) []string {
	var vs []string
	for _, s := range steps {
		for _, v := range s.outs() {
			vs = append(vs, fmt.Sprintf("%q", v))
		}
	}
	return vs
}

// Forward is the chain as a plain network function: x [tokens, in] to y [tokens, out], without
// penalties. It panics with a *ChainError when Check would report variables that cannot be computed.
func (c *Chain) Forward(nc *Context, x *autograd.Var) *autograd.Var {
	steps, err := c.order()
	if err != nil {
		panic(c.fault(err))
	}
	vars := map[string]*autograd.Var{Input: x}
	for _, s := range steps {
		if s.link != nil {
			for i, v := range s.link.split(s.link.forward(nc, vars[s.link.In])) {
				vars[s.link.Names()[i]] = v
			}
			continue
		}
		in := make([]*autograd.Var, len(s.join.In))
		for i, v := range s.join.In {
			in[i] = vars[v]
		}
		vars[s.join.Out] = s.join.Activation.Apply(in...)
	}
	return vars[Output]
}

// Walk visits the parameters of the linear maps.
func (c *Chain) Walk(visit func(*Param)) {
	for _, l := range c.Links {
		l.Linear.Walk(visit)
	}
}
