package adagp_test

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/adagp"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/registry"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
)

// randomLinear has weights of variance gain²/in.
func randomLinear(r *rand.Rand, name string, in, out int, gain float64, bias bool) *nn.Linear {
	l := nn.NewLinear(name, in, out, bias)
	l.Weight.Set(tensor.New(out, in))
	for i := range l.Weight.Value().Data() {
		l.Weight.Value().Data()[i] = float32(gain * r.NormFloat64() / math.Sqrt(float64(in)))
	}
	if bias {
		l.Bias.Set(tensor.New(out))
		for i := range l.Bias.Value().Data() {
			l.Bias.Value().Data()[i] = float32(0.1 * r.NormFloat64())
		}
	}
	return l
}

// correlated inputs [tokens, width]: a few strong common directions, as behind a trained layer.
func correlated(r *rand.Rand, tokens, width int) *tensor.Tensor {
	basis := make([]float64, width*width)
	for i := range basis {
		basis[i] = r.NormFloat64() / float64(1+i/width)
	}
	x := tensor.New(tokens, width)
	for t := range tokens {
		for k := range width {
			f := r.NormFloat64()
			for j := range width {
				x.Row(t)[j] += float32(f * basis[k*width+j])
			}
		}
	}
	return x
}

// declared is a chain and what it is called in failures.
type declared struct {
	name    string
	chain   *nn.Chain
	penalty float64 // of the options that suit it; 0: the published one
	steps   int     // and gradient steps of refits of maps to the output
}

// with returns the options with those that suit the chain.
func (d declared) with(o adagp.Options) adagp.Options {
	o.Alpha, o.Beta, o.Gamma, o.OutputSteps = d.penalty, d.penalty, d.penalty, d.steps
	return o
}

// declarations are the two chains that our models have and five that none has. What the engine does
// with each follows from the declaration alone.
func declarations(seed uint64) []declared {
	r := rand.New(rand.NewPCG(seed, 0))
	lin := func(name string, in, out int) *nn.Linear { return randomLinear(r, name, in, out, 1.5, true) }
	gelu := nn.NewChain("gelu", nn.Map(lin("fc1", 24, 64)), nn.Pointwise(nn.GELU), nn.Map(lin("fc2", 64, 24)))
	return []declared{
		{name: "relu", steps: 10, chain: &nn.Chain{Name: "relu",
			Links: []nn.Link{
				{Linear: lin("fc1", 24, 64), In: nn.Input, Out: "z"},
				{Linear: lin("fc2", 64, 24), In: "a", Out: nn.Output},
			},
			Joins: []nn.Join{{Activation: nn.ReLU, In: []string{"z"}, Out: "a"}}}},
		{name: "swiglu", chain: &nn.Chain{Name: "swiglu",
			Links: []nn.Link{
				{Linear: lin("up", 24, 64), In: nn.Input, Out: "z"},
				{Linear: lin("down", 64, 24), In: "a", Out: nn.Output},
				{Linear: lin("gate", 24, 64), In: nn.Input, Out: "s"},
			},
			Joins: []nn.Join{{Activation: nn.SwiGLU, In: []string{"s", "z"}, Out: "a"}}}},
		{name: "gelu", chain: gelu, penalty: 5}, // gradient steps scale with it: 0.1 would leave z where it is
		{name: "three", chain: nn.NewChain("three", nn.Map(lin("a", 24, 48)), nn.Pointwise(nn.ReLU), nn.Map(lin("b", 48, 48)),
			nn.Pointwise(nn.ReLU), nn.Map(lin("c", 48, 16)))},
		{name: "deep linear", chain: nn.NewChain("deep linear", nn.Map(lin("a", 24, 40)), nn.Map(lin("b", 40, 20)), nn.Map(lin("c", 20, 16)))},
		{name: "ends in tanh", chain: nn.NewChain("tanh", nn.Map(lin("a", 24, 40)), nn.Pointwise(nn.ReLU), nn.Map(lin("b", 40, 20)), nn.Pointwise(nn.Tanh))},
		// Two maps read v, more outputs than v is wide, and their results meet again.
		{name: "branches", penalty: 1, chain: &nn.Chain{Name: "branches",
			Links: []nn.Link{
				{Linear: lin("in", 24, 32), In: nn.Input, Out: "v"},
				{Linear: lin("left", 32, 20), In: "v", Out: "l"},
				{Linear: lin("right", 32, 20), In: "v", Out: "r"},
				{Linear: lin("out", 20, 12), In: "a", Out: nn.Output},
			},
			Joins: []nn.Join{{Activation: nn.SwiGLU, In: []string{"l", "r"}, Out: "a"}}}},
		// The same with left and right side by side in what one map puts out.
		{name: "side by side", penalty: 1, chain: &nn.Chain{Name: "side by side",
			Links: []nn.Link{
				{Linear: randomLinear(r, "in", 24, 32, 0.7, true), In: nn.Input, Out: "v"},
				{Linear: randomLinear(r, "both", 32, 40, 1, true), In: "v", Outs: []string{"l", "r"}},
				{Linear: lin("out", 20, 12), In: "a", Out: nn.Output},
			},
			Joins: []nn.Join{{Activation: nn.SwiGLU, In: []string{"l", "r"}, Out: "a"}}}},
		// A convolution by unfolding, a map that mixes the pixels of each channel, and one that reads all of them.
		{name: "convolution", penalty: 1, chain: &nn.Chain{Name: "convolution",
			Links: []nn.Link{
				{Linear: lin("conv", 18, 4), In: nn.Input, Out: "z1", Enter: nn.Unfold{Height: 4, Width: 3, Channels: 2, Kernel: 3, Stride: 1, Padding: 1}},
				{Linear: lin("mix", 12, 12), In: "a1", Out: "z2", Enter: nn.Transposed{Rows: 12, Cols: 4}, Leave: nn.Transposed{Rows: 4, Cols: 12}},
				{Linear: lin("out", 48, 12), In: "a2", Out: nn.Output},
			},
			Joins: []nn.Join{
				{Activation: nn.ReLU, In: []string{"z1"}, Out: "a1"},
				{Activation: nn.ReLU, In: []string{"z2"}, Out: "a2"},
			}}},
	}
}

// One matrix of gate and up is pruned as the two are, by a solver that looks at each row alone.
func TestSideBySide(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 0))
	gate, up, down := randomLinear(r, "gate", 24, 32, 1, true), randomLinear(r, "up", 24, 32, 1, true), randomLinear(r, "down", 32, 24, 1, true)
	both := nn.NewLinear("gate_up", 24, 64, true)
	both.Weight.Set(tensor.FromSlice(slices.Concat(gate.Weight.Value().Data(), up.Weight.Value().Data()), 64, 24))
	both.Bias.Set(tensor.FromSlice(slices.Concat(gate.Bias.Value().Data(), up.Bias.Value().Data()), 64))
	joins := []nn.Join{{Activation: nn.SwiGLU, In: []string{"s", "z"}, Out: "a"}}
	end := nn.Link{Linear: down, In: "a", Out: nn.Output}
	two := &nn.Chain{Name: "two", Joins: joins, Links: []nn.Link{{Linear: up, In: nn.Input, Out: "z"}, end, {Linear: gate, In: nn.Input, Out: "s"}}}
	one := &nn.Chain{Name: "one", Joins: joins, Links: []nn.Link{{Linear: both, In: nn.Input, Outs: []string{"s", "z"}}, end}}
	x := inputs(3)
	solve := func(c *nn.Chain) map[*nn.Linear]*local.Solution {
		t.Helper()
		s, err := adagp.Solve(context.Background(), c, x, nil, adagp.Options{
			Solver: solverNamed(t, "wanda"), Epochs: 3, Ridge: 1e-3, Alpha: 2, Beta: 2, Gamma: 2, Pattern: adagp.Uniform(sparsity.NM(2, 4)),
		})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	a, b := solve(two), solve(one)
	want := slices.Concat(a[gate].W.Data, a[up].W.Data, a[down].W.Data)
	got := slices.Concat(b[both].W.Data, b[down].W.Data)
	for k, w := range want {
		// Products of other shapes group sums otherwise.
		if math.Abs(got[k]-w) > 1e-4 {
			t.Fatalf("weight %d: got %v, from two matrices %v", k, got[k], w)
		}
	}
}

// inputs are correlated activations for a chain of declarations, more of them than one chunk.
func inputs(seed uint64) *tensor.Tensor { return correlated(rand.New(rand.NewPCG(seed, 1)), 1300, 24) }

// outputError is ‖chain(x) − y‖² / ‖y‖² with the solutions' weights in place of the dense ones.
func outputError(c *nn.Chain, x *tensor.Tensor, s map[*nn.Linear]*local.Solution) float64 {
	y := c.Forward(&nn.Context{}, autograd.Const(x)).Value
	for _, l := range c.Links {
		if s[l.Linear] != nil {
			dense := l.Linear.Weight.Value()
			defer func() { l.Linear.Weight.Set(dense) }()
			l.Linear.Weight.Set(s[l.Linear].W.Tensor())
		}
	}
	return tensor.SumSquares(tensor.Sub(c.Forward(&nn.Context{}, autograd.Const(x)).Value, y)) / tensor.SumSquares(y)
}

func sparseGPT(t testing.TB) local.Solver {
	t.Helper()
	s, err := registry.NewSolver("sparsegpt", nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// step is one entry of an objective trace.
type step struct {
	epoch  int
	update string
	value  float64
}

// solve runs the engine and returns the solutions and the trace.
func solve(t testing.TB, c *nn.Chain, x *tensor.Tensor, o adagp.Options) (map[*nn.Linear]*local.Solution, []step) {
	t.Helper()
	var trace []step
	o.Objective = func(tag string, v float64) {
		epoch, update, _ := strings.Cut(tag, ":")
		e, err := strconv.Atoi(epoch)
		if err != nil {
			t.Fatalf("tag %q", tag)
		}
		trace = append(trace, step{e, update, v})
	}
	s, err := adagp.Solve(context.Background(), c, x, nil, o)
	if err != nil {
		t.Fatal(err)
	}
	return s, trace
}

// A chain needs nothing but its declaration: the objective falls from the first pruning on, and after
// four epochs the pruned chain is closer to the dense one than the local solver alone makes it.
func TestDeclarationsSuffice(t *testing.T) {
	for _, d := range declarations(3) {
		t.Run(d.name, func(t *testing.T) {
			x := inputs(3)
			o := d.with(adagp.Options{Solver: sparseGPT(t), Pattern: adagp.Uniform(sparsity.Unstructured(0.7)), Ridge: adagp.DefaultRidge, Safeguard: true})
			joint, trace := solve(t, d.chain, x, o)
			o.Epochs = 1
			local, _ := solve(t, d.chain, x, o)
			a, b := outputError(d.chain, x, local), outputError(d.chain, x, joint)
			t.Logf("output error: local %.4f, joint %.4f", a, b)
			if !(b < a) {
				t.Errorf("output error %.4f, the local solver alone has %.4f", b, a)
			}
			pruned := map[int]float64{} // objective after the last pruning of each epoch
			for _, s := range trace {
				if strings.HasPrefix(s.update, "prune") {
					pruned[s.epoch] = s.value
				}
			}
			for e := 1; e < 4; e++ {
				if !(pruned[e] < pruned[e-1]) {
					t.Errorf("objective after pruning in epoch %d is %g, in the one before %g", e, pruned[e], pruned[e-1])
				}
			}
		})
	}
}

// Exact updates minimise over their variable and guarded steps accept nothing worse, so neither raises
// the objective. Residuals are float32, which blurs it by about 1e-6.
func TestUpdatesNeverRaiseObjective(t *testing.T) {
	for _, d := range declarations(4) {
		t.Run(d.name, func(t *testing.T) {
			gradientRefit := map[string]bool{}
			for _, l := range d.chain.Links {
				gradientRefit["refit "+l.Out] = l.Out == nn.Output && d.steps > 0
			}
			_, trace := solve(t, d.chain, inputs(4), d.with(adagp.Options{Solver: sparseGPT(t), Pattern: adagp.Uniform(sparsity.Unstructured(0.6)), Safeguard: true}))
			checked := 0
			for i, s := range trace {
				if i == 0 || strings.HasPrefix(s.update, "prune") || gradientRefit[s.update] {
					continue // pruning has to pay, and fixed gradient steps promise nothing
				}
				checked++
				if before := trace[i-1].value; s.value > before*(1+1e-5) {
					t.Errorf("%d:%s raises the objective from %.9g to %.9g", s.epoch, s.update, before, s.value)
				}
			}
			if checked < 10 {
				t.Errorf("only %d updates in the trace %v", checked, trace)
			}
		})
	}
}

// Watching the objective stores every variable, otherwise only those that an update reads before it
// is written are stored; the numbers must be the same, also on other numbers of threads.
func TestStreamingIsExact(t *testing.T) {
	defer parallel.SetThreads(0)
	for _, d := range declarations(5) {
		t.Run(d.name, func(t *testing.T) {
			parallel.SetThreads(1)
			x := inputs(5)
			o := d.with(adagp.Options{Solver: sparseGPT(t), Pattern: adagp.Uniform(sparsity.NM(2, 4)), Epochs: 3, Ridge: 0.01})
			want, _ := solve(t, d.chain, x, o)
			for _, threads := range []int{1, 2, 3} {
				parallel.SetThreads(threads)
				got, err := adagp.Solve(context.Background(), d.chain, x, nil, o)
				if err != nil {
					t.Fatal(err)
				}
				for l, w := range want {
					for i, v := range w.W.Data {
						if got[l].W.Data[i] != v {
							t.Fatalf("%d threads, %s: weight %d is %v, want %v", threads, l.Name(), i, got[l].W.Data[i], v)
						}
					}
				}
			}
		})
	}
}

// A frozen map keeps its dense weights and still takes part; nothing of the chain itself changes.
func TestFrozen(t *testing.T) {
	for _, d := range declarations(6) {
		before := map[*nn.Linear]*tensor.Tensor{}
		for _, l := range d.chain.Links {
			before[l.Linear] = l.Linear.Weight.Value().Clone()
		}
		for _, frozen := range d.chain.Links {
			s, _ := solve(t, d.chain, inputs(6), d.with(adagp.Options{Solver: sparseGPT(t), Pattern: adagp.Uniform(sparsity.Unstructured(0.5)), Epochs: 2, Ridge: 0.01,
				Frozen: func(l *nn.Linear) bool { return l == frozen.Linear }}))
			if s[frozen.Linear] != nil || len(s) != len(d.chain.Links)-1 {
				t.Errorf("%s: %d solutions with %s frozen", d.name, len(s), frozen.Linear.Name())
			}
		}
		for l, w := range before {
			if !slices.Equal(w.Data(), l.Weight.Value().Data()) {
				t.Errorf("%s: the weights of %s were changed", d.name, l.Name())
			}
		}
	}
}
