package adagp

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/linalg"
)

func normal(r *rand.Rand, gain float64, shape ...int) *tensor.Tensor {
	t := tensor.New(shape...)
	for i := range t.Data() {
		t.Data()[i] = float32(gain * r.NormFloat64())
	}
	return t
}

// The update of the gate never costs more than the start, and comes near the best of a fine grid for
// nearly all elements: the cost has several valleys, and descent stays in its own.
func TestGaussNewton(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 0))
	const n, alpha, gamma = 2000, 0.7, 1.9
	gate, up, down := nn.NewLinear("gate", 1, 1, false), nn.NewLinear("up", 1, 1, false), nn.NewLinear("down", 1, 1, false)
	for _, l := range []*nn.Linear{gate, up, down} {
		l.Weight.Set(tensor.FromSlice([]float32{1}, 1, 1))
	}
	gate.Weight.Set(tensor.FromSlice([]float32{1}, 1, 1))
	c := &nn.Chain{Name: "gated", Links: []nn.Link{{Linear: gate, In: nn.Input, Out: "s"}, {Linear: up, In: nn.Input, Out: "z"}, {Linear: down, In: "a", Out: nn.Output}},
		Joins: []nn.Join{{Activation: nn.SwiGLU, In: []string{"s", "z"}, Out: "a"}}}
	g := newGraph(c, alpha, 1, gamma)
	for _, l := range g.links {
		l.load(nil)
	}
	x, s, z, a := g.links[0].in.v, g.links[0].outs[0], g.links[1].outs[0], g.joins[0].out
	x.at, z.at, a.at = normal(r, 1.5, n, 1), normal(r, 1.5, n, 1), normal(r, 1.5, n, 1)
	s.at = x.at.Clone()
	u, ok := chooseUpdate(s, &Options{Newton: true}).(*descent)
	if !ok || u.steps != newtonSteps {
		t.Fatalf("the gate is updated by %T", u)
	}
	u.apply()
	far := 0
	for i := range n {
		m, zi, ai := float64(x.at.Data()[i]), float64(z.at.Data()[i]), float64(a.at.Data()[i])
		cost := func(v float64) float64 {
			d := ai - v/(1+math.Exp(-v))*zi
			return alpha*(v-m)*(v-m) + gamma*d*d
		}
		best := math.Inf(1)
		for k := -600; k <= 600; k++ {
			best = min(best, cost(m+float64(k)/100))
		}
		got := cost(float64(s.at.Data()[i]))
		if got > cost(m)*(1+1e-5)+1e-6 {
			t.Errorf("element %d: cost %g, at the start %g", i, got, cost(m))
		}
		if got > best+0.05*(cost(m)-best)+1e-3 {
			far++
		}
	}
	if far > n/10 {
		t.Errorf("%d of %d elements end far from the best", far, n)
	}
}

// refinedCase is a chain with random weights, pruned by magnitude, and batches of its inputs and
// outputs.
func refinedCase(seed uint64, chain func(lin func(name string, in, out int) *nn.Linear) *nn.Chain) (*nn.Chain, map[*nn.Linear]*tensor.Tensor, map[*nn.Linear]*sparsity.Mask, tokens) {
	r := rand.New(rand.NewPCG(seed, 0))
	c := chain(func(name string, in, out int) *nn.Linear {
		l := nn.NewLinear(name, in, out, true)
		l.Weight.Set(normal(r, 1.5/math.Sqrt(float64(in)), out, in))
		l.Bias.Set(normal(r, 0.1, out))
		return l
	})
	mix := normal(r, 0.5, 16, 16)
	var xs, ys []*tensor.Tensor
	for range 5 {
		x := tensor.MatMul(normal(r, 1, 300, 16), mix)
		xs, ys = append(xs, x), append(ys, c.Forward(&nn.Context{}, autograd.Const(x)).Value)
	}
	original, masks := map[*nn.Linear]*tensor.Tensor{}, map[*nn.Linear]*sparsity.Mask{}
	for _, l := range c.Links {
		w := linalg.FromTensor(l.Linear.Weight.Value())
		original[l.Linear] = l.Linear.Weight.Value()
		score := w.Clone()
		for i, v := range score.Data {
			score.Data[i] = math.Abs(v)
		}
		masks[l.Linear] = sparsity.SelectLayer(score, sparsity.Unstructured(0.5))
		masks[l.Linear].Apply(w)
		l.Linear.Weight.Set(w.Tensor())
	}
	return c, original, masks, tokens{rows: []int{300, 300, 300, 300, 300}, heldOut: 1, at: func(b int) (*tensor.Tensor, *tensor.Tensor, error) { return xs[b], ys[b], nil }}
}

var refinedChains = map[string]func(lin func(name string, in, out int) *nn.Linear) *nn.Chain{
	"relu": func(lin func(string, int, int) *nn.Linear) *nn.Chain {
		return nn.NewChain("relu", nn.Map(lin("a", 16, 40)), nn.Pointwise(nn.ReLU), nn.Map(lin("b", 40, 16)))
	},
	"gelu": func(lin func(string, int, int) *nn.Linear) *nn.Chain {
		return nn.NewChain("gelu", nn.Map(lin("a", 16, 40)), nn.Pointwise(nn.GELU), nn.Map(lin("b", 40, 16)))
	},
	"swiglu": func(lin func(string, int, int) *nn.Linear) *nn.Chain {
		return &nn.Chain{Name: "swiglu",
			Links: []nn.Link{{Linear: lin("up", 16, 40), In: "x", Out: "z"}, {Linear: lin("down", 40, 16), In: "a", Out: "y"}, {Linear: lin("gate", 16, 40), In: "x", Out: "s"}},
			Joins: []nn.Join{{Activation: nn.SwiGLU, In: []string{"s", "z"}, Out: "a"}}}
	},
	"deep": func(lin func(string, int, int) *nn.Linear) *nn.Chain {
		return nn.NewChain("deep", nn.Map(lin("a", 16, 30)), nn.Pointwise(nn.ReLU), nn.Map(lin("b", 30, 30)), nn.Pointwise(nn.ReLU), nn.Map(lin("c", 30, 16)))
	},
}

// Refinement lowers the chain's error on the tokens that judge, keeps every mask, and reports the
// error of what it returns.
func TestRefine(t *testing.T) {
	for name, chain := range refinedChains {
		t.Run(name, func(t *testing.T) {
			c, original, masks, data := refinedCase(3, chain)
			trace, best, err := refined(c, original, masks, data)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("errors %.4f", trace)
			if len(trace) != 4 || len(best) == 0 {
				t.Fatalf("%d errors noted, best %v", len(trace), best)
			}
			lowest := min(trace[1], trace[2], trace[3])
			if !(lowest < 0.9*trace[0]) {
				t.Errorf("error %g after refinement, %g before", lowest, trace[0])
			}
			for l, s := range best {
				w := s.W
				for i := range w.Rows {
					for j, v := range w.Row(i) {
						if v != 0 && !masks[l].Keep(i, j) {
							t.Fatalf("%s: pruned weight [%d %d] is %g", l.Name(), i, j, v)
						}
					}
				}
				l.Weight.Set(w.Tensor())
			}
			x, y, _ := data.at(4)
			got := c.Forward(&nn.Context{}, autograd.Const(x)).Value
			if e := tensor.SumSquares(tensor.Sub(got, y)) / tensor.SumSquares(y); math.Abs(e-lowest) > 1e-5 {
				t.Errorf("the result has error %g, reported was %g", e, lowest)
			}
		})
	}
}

// When every epoch makes things worse the start stays: here most tokens ask for the opposite of
// what the ones that judge ask for.
func TestRefineKeepsTheStart(t *testing.T) {
	for name, chain := range refinedChains {
		c, original, masks, data := refinedCase(4, chain)
		fooled := data
		fooled.at = func(b int) (x, y *tensor.Tensor, err error) {
			x, y, err = data.at(b)
			if b < 4 {
				y = tensor.Scale(y, -1)
			}
			return x, y, err
		}
		_, best, err := refined(c, original, masks, fooled)
		if err != nil || len(best) != 0 {
			t.Errorf("%s: error %v, a result that is worse than the start: %v", name, err, best)
		}
	}
}

// refined is a refinement of three epochs and its errors.
func refined(c *nn.Chain, original map[*nn.Linear]*tensor.Tensor, masks map[*nn.Linear]*sparsity.Mask, data tokens) (trace []float64, best map[*nn.Linear]*local.Solution, err error) {
	o := Alternate{Epochs: 3}.options(0.01)
	o.Masks, o.Dense, o.Judge = masks, original, func(_ int, v float64) { trace = append(trace, v) }
	best, err = alternate(context.Background(), c, o, func(*graph) tokens { return data })
	return trace, best, err
}

// sums that judge weights agree with the definition.
func TestMomentsLoss(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 0))
	l := nn.NewLinear("l", 12, 7, false)
	l.Weight.Set(normal(r, 1, 7, 12))
	dense := linalg.FromTensor(l.Weight.Value())
	x, xd, y := normal(r, 1, 300, 12), normal(r, 1, 300, 12), normal(r, 1, 300, 7)
	w := normal(r, 1, 7, 12)
	direct := func(target *tensor.Tensor) float64 {
		return tensor.SumSquares(tensor.Sub(target, tensor.MatMulNT(x, w))) / tensor.SumSquares(target)
	}
	for _, target := range []nn.Target{nn.OwnOutputs, nn.DenseOutputs, nn.Residual} {
		g := &nn.Group{Linears: []*nn.Linear{l}, Target: target}
		s := newMoments(g, target)
		linalg.AddGram(s.gram, x)
		want := direct(tensor.MatMulNT(x, l.Weight.Value()))
		switch target {
		case nn.DenseOutputs:
			linalg.AddCross(s.inputs, xd, x)
			yd := tensor.MatMulNT(xd, l.Weight.Value())
			s.power[0], want = tensor.SumSquares(yd), direct(yd)
		case nn.Residual:
			linalg.AddCross(s.cross[0], y, x)
			s.power[0], want = tensor.SumSquares(y), direct(y)
		}
		s.finish(g, func(*nn.Linear) *linalg.Matrix { return dense })
		if got := s.loss(0, linalg.FromTensor(w), dense); math.Abs(got-want) > 1e-5*want {
			t.Errorf("target %d: loss %g, want %g", target, got, want)
		}
	}
}
