package adagp_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/adagp"
	"github.com/adagp/adagp/prune/calib"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
)

func TestSolveRefuses(t *testing.T) {
	good := adagp.Options{Solver: sparseGPT(t), Pattern: adagp.Uniform(sparsity.Unstructured(0.5))}
	with := func(change func(o *adagp.Options)) adagp.Options {
		o := good
		change(&o)
		return o
	}
	cyclic := declarations(1)[0].chain
	cyclic.Joins[0].In = []string{"a"}
	for _, tc := range []struct {
		name  string
		chain *nn.Chain
		o     adagp.Options
		want  string
	}{
		{"no solver", declarations(1)[0].chain, adagp.Options{}, "adagp: chain relu: no local solver"},
		{"epochs", declarations(1)[0].chain, with(func(o *adagp.Options) { o.Epochs = -1 }), "epochs -1: want a positive number"},
		{"alpha", declarations(1)[0].chain, with(func(o *adagp.Options) { o.Alpha = math.NaN() }), "alpha NaN"},
		{"gamma", declarations(1)[0].chain, with(func(o *adagp.Options) { o.Gamma = math.Inf(1) }), "gamma +Inf"},
		{"ridge", declarations(1)[0].chain, with(func(o *adagp.Options) { o.Ridge = -0.1 }), "ridge -0.1"},
		{"sparsity", declarations(1)[0].chain, with(func(o *adagp.Options) { o.Pattern = adagp.Uniform(sparsity.Unstructured(1)) }), "fc1.weight: sparsity 1"},
		{"declaration", cyclic, good, "adagp: chain relu: "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := adagp.Solve(context.Background(), tc.chain, inputs(1), nil, tc.o)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
		})
	}
	t.Run("NaN input", func(t *testing.T) {
		x := inputs(1)
		x.Set(float32(math.NaN()), 1100, 3)
		_, err := adagp.Solve(context.Background(), declarations(1)[0].chain, x, nil, good)
		if err == nil || !strings.Contains(err.Error(), "at token 1100") {
			t.Errorf("error %v, want one naming token 1100", err)
		}
	})
	t.Run("divergence", func(t *testing.T) {
		// Penalties of 1e30 make unguarded gradient steps explode.
		o := with(func(o *adagp.Options) { o.Alpha, o.Beta, o.Gamma = 1e30, 1e30, 1e30 })
		_, err := adagp.Solve(context.Background(), declarations(1)[2].chain, inputs(1), nil, o)
		if err == nil || !strings.Contains(err.Error(), "diverge") {
			t.Errorf("error %v, want one about divergence", err)
		}
	})
	t.Run("shape of the input", func(t *testing.T) {
		defer func() {
			if _, ok := recover().(*tensor.ShapeError); !ok {
				t.Error("no *tensor.ShapeError for an input of the wrong width")
			}
		}()
		adagp.Solve(context.Background(), declarations(1)[0].chain, tensor.New(50, 23), nil, good)
	})
}

// stubborn cancels its context at the n-th call and goes on as if nothing had happened.
type stubborn struct {
	local.Solver
	calls  *int
	stop   int
	cancel func()
}

func (s stubborn) Solve(ctx context.Context, p *local.Problem) (*local.Solution, error) {
	if *s.calls++; *s.calls == s.stop {
		s.cancel()
	}
	return s.Solver.Solve(context.WithoutCancel(ctx), p)
}

func TestSolveCancelled(t *testing.T) {
	for stop := 1; stop <= 6; stop++ {
		ctx, cancel := context.WithCancel(context.Background())
		calls := 0
		o := adagp.Options{Solver: stubborn{sparseGPT(t), &calls, stop, cancel}, Pattern: adagp.Uniform(sparsity.Unstructured(0.5))}
		_, err := adagp.Solve(ctx, declarations(1)[1].chain, inputs(1), nil, o)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled in solver call %d: error %v", stop, err)
		}
		if calls > (stop+2)/3*3 {
			t.Errorf("cancelled in solver call %d, %d calls in all: another epoch was begun", stop, calls)
		}
	}
}

// A target of its own is fitted: here the output of another, nearby network.
func TestGivenTarget(t *testing.T) {
	d := declarations(2)[1]
	x := inputs(2)
	y := d.chain.Forward(&nn.Context{}, autograd.Const(x)).Value
	target := tensor.Scale(y, 0.8)
	distance := func(s map[*nn.Linear]*local.Solution) float64 {
		for l, sol := range s {
			dense := l.Weight.Value()
			defer func() { l.Weight.Set(dense) }()
			l.Weight.Set(sol.W.Tensor())
		}
		return tensor.SumSquares(tensor.Sub(d.chain.Forward(&nn.Context{}, autograd.Const(x)).Value, target)) / tensor.SumSquares(target)
	}
	o := adagp.Options{Solver: sparseGPT(t), Pattern: adagp.Uniform(sparsity.Unstructured(0.2)), Ridge: 0.01, Safeguard: true}
	own, err := adagp.Solve(context.Background(), d.chain, x, nil, o)
	if err != nil {
		t.Fatal(err)
	}
	fitted, err := adagp.Solve(context.Background(), d.chain, x, target, o)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := distance(own), distance(fitted); !(b < a/2) {
		t.Errorf("distance to the target %.4f, pruned towards the chain's own output %.4f", b, a)
	}
}

// Known Hessians only save work.
func TestKnownHessian(t *testing.T) {
	d := declarations(7)[0]
	x := inputs(7)
	fc1, fc2 := d.chain.Links[0].Linear, d.chain.Links[1].Linear
	c := calib.NewCollector(calib.Needs{Hessian: true}, fc1, fc2)
	d.chain.Forward(&nn.Context{Observer: c}, autograd.Const(x))
	stats, err := c.Stats()
	if err != nil {
		t.Fatal(err)
	}
	before := stats[fc1].Hessian.Clone()
	o := adagp.Options{Solver: sparseGPT(t), Pattern: adagp.Uniform(sparsity.Unstructured(0.5)), Ridge: 0.01}
	want, err := adagp.Solve(context.Background(), d.chain, x, nil, o)
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	o.Stats = func(l *nn.Linear) *calib.Stats { asked++; return stats[l] }
	got, err := adagp.Solve(context.Background(), d.chain, x, nil, o)
	if err != nil {
		t.Fatal(err)
	}
	if asked != 2 {
		t.Errorf("asked for %d Hessians, want 2", asked)
	}
	if !slices.Equal(before.Data, stats[fc1].Hessian.Data) {
		t.Error("a Hessian that was lent was written to")
	}
	for l, w := range want {
		for i, v := range w.W.Data {
			// The chunks of the two sums differ, so do their last float32 bits.
			if math.Abs(got[l].W.Data[i]-v) > 1e-4 {
				t.Fatalf("%s: weight %d is %v, want %v", l.Name(), i, got[l].W.Data[i], v)
			}
		}
	}
}

// Inputs that are always zero, all of them or some, are no reason to fail, with or without a ridge.
func TestDeadInputs(t *testing.T) {
	for _, ridge := range []float64{0, 0.01} {
		for _, dead := range []int{1, 23, 24} {
			x := inputs(8)
			for i := range x.Dim(0) {
				clear(x.Row(i)[:dead])
			}
			for _, d := range declarations(8) {
				s, err := adagp.Solve(context.Background(), d.chain, x, nil, adagp.Options{
					Solver: sparseGPT(t), Pattern: adagp.Uniform(sparsity.Unstructured(0.5)), Ridge: ridge, Safeguard: true})
				if err != nil {
					t.Errorf("%s, ridge %v, %d of 24 inputs dead: %v", d.name, ridge, dead, err)
				} else if len(s) != len(d.chain.Links) {
					t.Errorf("%s: %d solutions", d.name, len(s))
				}
			}
		}
	}
}
