package nn_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

// swigluChain declares the chain of a gated block in the published update order.
func swigluChain(m *nn.GatedMLP) *nn.Chain {
	return &nn.Chain{
		Name: "mlp",
		Links: []nn.Link{
			{Linear: m.Up, In: nn.Input, Out: "z"},
			{Linear: m.Down, In: "a", Out: nn.Output},
			{Linear: m.Gate, In: nn.Input, Out: "s"},
		},
		Joins: []nn.Join{{Activation: m.Activation, In: []string{"s", "z"}, Out: "a"}},
	}
}

func TestChainForward(t *testing.T) {
	fc1, fc2, fc3 := nn.NewLinear("fc1", 6, 9, true), nn.NewLinear("fc2", 9, 5, true), nn.NewLinear("fc3", 5, 6, false)
	gated := &nn.GatedMLP{
		Gate: nn.NewLinear("gate", 6, 9, false), Up: nn.NewLinear("up", 6, 9, true),
		Down: nn.NewLinear("down", 9, 4, true), Activation: nn.SwiGLU,
	}
	c := &nn.Context{}
	relu := &nn.MLP{Up: fc1, Down: fc2, Activation: nn.ReLU}
	gelu := &nn.MLP{Up: fc1, Down: fc2, Activation: nn.GELU}
	tests := []struct {
		name  string
		chain *nn.Chain
		want  func(x *autograd.Var) *autograd.Var
	}{
		{"relu", nn.NewChain("relu", nn.Map(fc1), nn.Pointwise(nn.ReLU), nn.Map(fc2)),
			func(x *autograd.Var) *autograd.Var { return relu.Forward(c, x) }},
		{"gelu", nn.NewChain("gelu", nn.Map(fc1), nn.Pointwise(nn.GELU), nn.Map(fc2)),
			func(x *autograd.Var) *autograd.Var { return gelu.Forward(c, x) }},
		{"swiglu", swigluChain(gated),
			func(x *autograd.Var) *autograd.Var { return gated.Forward(c, x) }},
		{"three maps", nn.NewChain("deep", nn.Map(fc1), nn.Pointwise(nn.Tanh), nn.Map(fc2), nn.Map(fc3)),
			func(x *autograd.Var) *autograd.Var {
				return fc3.Forward(c, fc2.Forward(c, autograd.Tanh(fc1.Forward(c, x))))
			}},
		{"one map", nn.NewChain("single", nn.Map(fc1)),
			func(x *autograd.Var) *autograd.Var { return fc1.Forward(c, x) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rng := newRNG(2)
			fill(rng, tt.chain.Walk)
			if err := tt.chain.Check(); err != nil {
				t.Fatal(err)
			}
			x := autograd.Const(random(rng, 1, 7, 6))
			checkClose(t, "chain", tt.chain.Forward(c, x).Value, tt.want(x).Value, 0)
		})
	}
}

// function is an activation of one argument that a test makes up.
type function struct {
	name  string
	apply func(x *autograd.Var) *autograd.Var
}

func (f function) Name() string                            { return f.name }
func (function) Arity() int                                { return 1 }
func (f function) Apply(in ...*autograd.Var) *autograd.Var { return f.apply(in[0]) }

// cumulate adds each token to those behind it.
func cumulate(x *autograd.Var) *autograd.Var {
	sum := x.Value.Clone()
	for i := 1; i < sum.Dim(0); i++ {
		for j, v := range sum.Row(i - 1) {
			sum.Row(i)[j] += v
		}
	}
	return autograd.Const(sum)
}

// Every activation that a name stands for works on each element by itself, at any width.
func TestChainTakesEveryActivation(t *testing.T) {
	for _, name := range []string{"relu", "gelu", "gelu_new", "silu", "sigmoid", "tanh", "swiglu"} {
		act, err := nn.ActivationByName(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, width := range []int{1, 2, 37, 64} {
			c := &nn.Chain{Name: name, Joins: []nn.Join{{Activation: act, In: []string{"u", "v"}[:act.Arity()], Out: "a"}}, Links: []nn.Link{
				{Linear: nn.NewLinear("u", 4, width, false), In: nn.Input, Out: "u"},
				{Linear: nn.NewLinear("out", width, 4, false), In: "a", Out: nn.Output},
			}}
			if act.Arity() == 2 {
				c.Links = append(c.Links, nn.Link{Linear: nn.NewLinear("v", 4, width, false), In: nn.Input, Out: "v"})
			}
			if err := c.Check(); err != nil {
				t.Errorf("width %d: %v", width, err)
			}
		}
	}
}

func TestChainCheck(t *testing.T) {
	a, b := nn.NewLinear("a", 4, 6, false), nn.NewLinear("b", 6, 4, false)
	link := func(l *nn.Linear, in, out string) nn.Link { return nn.Link{Linear: l, In: in, Out: out} }
	relu := func(in, out string) nn.Join {
		return nn.Join{Activation: nn.ReLU, In: []string{in}, Out: out}
	}
	norm := nn.NewRMSNorm("norm", 6, 1e-5)
	fill(newRNG(3), norm.Walk)
	tests := []struct {
		name  string
		chain nn.Chain
		want  string
	}{
		{"no maps", nn.Chain{Joins: []nn.Join{relu("x", "y")}}, "no linear map"},
		{"no output", nn.Chain{Links: []nn.Link{link(a, "x", "z")}}, `nothing computes the output "y"`},
		{"unused", nn.Chain{Links: []nn.Link{link(a, "x", "z"), link(a, "x", "y")}}, `nothing uses variable "z"`},
		{"computed twice", nn.Chain{Links: []nn.Link{link(a, "x", "y"), link(a, "x", "y")}}, `"y" is computed twice`},
		{"input computed", nn.Chain{Links: []nn.Link{link(a, "y", "x")}}, `"x" is computed twice`},
		{"output used", nn.Chain{Links: []nn.Link{link(a, "x", "y"), link(b, "y", "z"), link(a, "z", "w")}}, `nothing uses variable "w"`},
		{"unknown input", nn.Chain{Links: []nn.Link{link(a, "q", "y")}}, `"y" cannot be computed`},
		{"cycle", nn.Chain{Links: []nn.Link{link(a, "p", "q"), link(b, "q", "p"), link(a, "x", "y")}}, `"q", "p" cannot be computed`},
		{"widths", nn.Chain{Links: []nn.Link{link(a, "x", "z"), link(a, "z", "y")}}, `"z" has width 6 in one place and 4 in another`},
		{"widths of a join", nn.Chain{Links: []nn.Link{link(a, "x", "z"), link(a, "a", "y")}, Joins: []nn.Join{relu("z", "a")}}, `"a" has width 6`},
		{"arity", nn.Chain{Links: []nn.Link{link(a, "x", "z"), link(b, "a", "y")}, Joins: []nn.Join{{Activation: nn.SwiGLU, In: []string{"z"}, Out: "a"}}}, "swiglu takes 2 arguments, got 1"},
		{"gated widths", nn.Chain{
			Links: []nn.Link{link(a, "x", "s"), link(nn.NewLinear("c", 4, 5, false), "x", "z"), link(b, "a", "y")},
			Joins: []nn.Join{{Activation: nn.SwiGLU, In: []string{"s", "z"}, Out: "a"}},
		}, `"a" has width 6 in one place and 5 in another`},
		{"no activation", nn.Chain{Links: []nn.Link{link(a, "x", "z"), link(b, "a", "y")}, Joins: []nn.Join{{In: []string{"z"}, Out: "a"}}}, "no activation"},
		{"nil map", nn.Chain{Links: []nn.Link{link(nil, "x", "y")}}, "no linear map"},
		{"side by side, the output", nn.Chain{Links: []nn.Link{{Linear: a, In: "x", Outs: []string{"s", "y"}}}}, "inner variables"},
		{"side by side, another width", nn.Chain{Links: []nn.Link{{Linear: a, In: "x", Outs: []string{"s", "z", "u", "v", "w", "q", "p"}}}}, "7 variables side by side"},
		{"same map twice", nn.Chain{Links: []nn.Link{link(a, "x", "u"), link(b, "u", "v"), link(a, "v", "y")}},
			"link v→y: the weights of a stand in link x→u as well"},
		{"same weights twice", nn.Chain{Links: []nn.Link{link(a, "x", "u"), link(b, "u", "v"), link(nn.NewTiedLinear("tied", a.Weight), "v", "y")}},
			"link v→y: the weights of tied stand in link x→u as well"},
		{"norm as a join", nn.Chain{Links: []nn.Link{link(a, "x", "z"), link(b, "a", "y")},
			Joins: []nn.Join{{Activation: function{"norm", func(x *autograd.Var) *autograd.Var { return norm.Forward(&nn.Context{}, x) }}, In: []string{"z"}, Out: "a"}}},
			"of norm changes with other elements"},
		{"mixed tokens", nn.Chain{Links: []nn.Link{link(a, "x", "z"), link(b, "a", "y")},
			Joins: []nn.Join{{Activation: function{"cumulate", cumulate}, In: []string{"z"}, Out: "a"}}}, "join z→a: element"},
		{"sum", nn.Chain{Links: []nn.Link{link(a, "x", "z"), link(b, "a", "y")},
			Joins: []nn.Join{{Activation: function{"sum", func(x *autograd.Var) *autograd.Var { return autograd.Const(tensor.New(2, 1)) }}, In: []string{"z"}, Out: "a"}}},
			"join z→a: sum makes the shape [2 1] of [2 6]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.chain.Name = "block"
			err := tt.chain.Check()
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "chain block: ") {
				t.Errorf("got error %v, want one of chain block with %q", err, tt.want)
			}
		})
	}
	var fault *nn.ChainError
	if err := nn.NewChain("bad", nn.Map(a), nn.Map(b), nn.Map(a)).Check(); !errors.As(err, &fault) || fault.Chain != "bad" || fault.Part != "link z2→y" {
		t.Errorf("error %v, want a ChainError about the link z2→y", err)
	}
	bad := nn.NewChain("bad", nn.Pointwise(nn.SwiGLU), nn.Map(a))
	if err := bad.Check(); err == nil {
		t.Error("a pointwise stage of two arguments passed Check")
	}
}
