package nn_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

func filledLinear(r *rand.Rand, name string, in, out int) *nn.Linear {
	l := nn.NewLinear(name, in, out, true)
	l.Weight.Set(tensor.New(out, in))
	l.Bias.Set(tensor.New(out))
	for _, v := range [][]float32{l.Weight.Value().Data(), l.Bias.Value().Data()} {
		for i := range v {
			v[i] = float32(r.NormFloat64()) / 3
		}
	}
	return l
}

// A chain run as groups computes what the chain computes, whatever its shape.
func TestChainGroups(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 0))
	lin := func(name string, in, out int) *nn.Linear { return filledLinear(r, name, in, out) }
	for _, tc := range []struct {
		chain   *nn.Chain
		groups  string // names of the linear maps, groups separated by |
		targets []nn.Target
	}{
		{nn.NewChain("sequential", nn.Map(lin("a", 6, 9)), nn.Pointwise(nn.ReLU), nn.Map(lin("b", 9, 4))),
			"a|b", []nn.Target{nn.OwnOutputs, nn.DenseOutputs}},
		{nn.NewChain("ends", nn.Pointwise(nn.Tanh), nn.Map(lin("a", 6, 9)), nn.Pointwise(nn.ReLU), nn.Map(lin("b", 9, 4)), nn.Pointwise(nn.GELU)),
			"a|b", []nn.Target{nn.OwnOutputs, nn.DenseOutputs}},
		{&nn.Chain{Name: "gated",
			Links: []nn.Link{{Linear: lin("up", 6, 8), In: "x", Out: "z"}, {Linear: lin("down", 8, 5), In: "a", Out: "y"}, {Linear: lin("gate", 6, 8), In: "x", Out: "s"}},
			Joins: []nn.Join{{Activation: nn.SwiGLU, In: []string{"s", "z"}, Out: "a"}}},
			"up gate|down", []nn.Target{nn.OwnOutputs, nn.DenseOutputs}},
		{&nn.Chain{Name: "side by side",
			Links: []nn.Link{{Linear: lin("both", 6, 8), In: "x", Outs: []string{"s", "z"}}, {Linear: lin("down", 4, 5), In: "a", Out: "y"}},
			Joins: []nn.Join{{Activation: nn.SwiGLU, In: []string{"s", "z"}, Out: "a"}}},
			"both|down", []nn.Target{nn.OwnOutputs, nn.DenseOutputs}},
		// A branch that skips a map and joins again behind it, and a join that reads the input itself.
		{&nn.Chain{Name: "skip",
			Links: []nn.Link{{Linear: lin("out", 6, 3), In: "m", Out: "y"}, {Linear: lin("a", 6, 6), In: "x", Out: "u"}, {Linear: lin("b", 6, 6), In: "v", Out: "w"}},
			Joins: []nn.Join{{Activation: nn.SwiGLU, In: []string{"x", "u"}, Out: "v"}, {Activation: nn.SwiGLU, In: []string{"u", "w"}, Out: "m"}}},
			"a|b|out", []nn.Target{nn.OwnOutputs, nn.OwnOutputs, nn.DenseOutputs}},
	} {
		t.Run(tc.chain.Name, func(t *testing.T) {
			if err := tc.chain.Check(); err != nil {
				t.Fatal(err)
			}
			groups := tc.chain.Groups()
			if err := nn.CheckGroups(groups); err != nil {
				t.Fatal(err)
			}
			var names []string
			var targets []nn.Target
			for _, g := range groups {
				var n []string
				for _, l := range g.Linears {
					n = append(n, l.Name())
				}
				names, targets = append(names, strings.Join(n, " ")), append(targets, g.Target)
			}
			if got := strings.Join(names, "|"); got != tc.groups || !slices.Equal(targets, tc.targets) {
				t.Errorf("groups %s with targets %v, want %s with %v", got, targets, tc.groups, tc.targets)
			}
			x := tensor.New(7, 6)
			for i := range x.Data() {
				x.Data()[i] = float32(r.NormFloat64())
			}
			want := tc.chain.Forward(&nn.Context{}, autograd.Const(x)).Value
			got := nn.ForwardGroups(&nn.Context{}, groups, autograd.Const(x)).Value
			if !slices.Equal(got.Data(), want.Data()) {
				t.Errorf("groups give %v, the chain %v", got, want)
			}
		})
	}
}

func TestCheckGroups(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 0))
	a, b, wide := filledLinear(r, "a", 4, 4), filledLinear(r, "b", 4, 4), filledLinear(r, "wide", 5, 4)
	for _, tc := range []struct {
		name   string
		groups []nn.Group
		want   string
	}{
		{"good", []nn.Group{{Linears: []*nn.Linear{a, b}}, {Linears: []*nn.Linear{wide}, Target: nn.Residual}}, ""},
		{"empty", []nn.Group{{Linears: []*nn.Linear{a}}, {}}, "group 1 has no linear map"},
		{"two sums", []nn.Group{{Linears: []*nn.Linear{a, b}, Target: nn.Residual}}, "residual target and 2 linear maps"},
		{"twice", []nn.Group{{Linears: []*nn.Linear{a}}, {Linears: []*nn.Linear{a}}}, "group 1: the weights of a stand in two places"},
		{"twice under two names", []nn.Group{{Linears: []*nn.Linear{a}}, {Linears: []*nn.Linear{nn.NewTiedLinear("tied", a.Weight)}}}, "group 1: the weights of tied stand"},
		{"missing", []nn.Group{{Linears: []*nn.Linear{nil}}}, "a linear map is missing"},
		{"widths", []nn.Group{{Linears: []*nn.Linear{a, wide}}}, "wide reads 5 values, a 4"},
	} {
		err := nn.CheckGroups(tc.groups)
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s: error %v, want %q", tc.name, err, tc.want)
		}
	}
}

// With a scale a group adds that much of its map to the signal, and Branch says what the map must put out for that.
func TestGroupScale(t *testing.T) {
	lin := filledLinear(rand.New(rand.NewPCG(3, 0)), "a", 4, 6)
	g := nn.Group{Linears: []*nn.Linear{lin}, Target: nn.Residual, Scale: 0.25}
	c := &nn.Context{}
	skip, x := random(newRNG(1), 1, 3, 6), random(newRNG(2), 1, 3, 4)
	y := lin.Forward(c, autograd.Const(x)).Value
	sum := g.Outputs(c, nn.Signals{autograd.Const(skip)}, autograd.Const(x))[0].Value
	checkClose(t, "sum", sum, tensor.Add(skip, tensor.Scale(y, 0.25)), 1e-7)
	checkClose(t, "branch", g.Branch(sum, skip), y, 1e-6)
}
