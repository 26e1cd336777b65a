package adagp_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/adagp"
	_ "github.com/adagp/adagp/prune/all"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/registry"
	"github.com/adagp/adagp/prune/scratch"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/linalg"
)

func solverNamed(t testing.TB, name string) local.Solver {
	t.Helper()
	s, err := registry.NewSolver(name, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// streams are those batches; the two are the same slots where nothing was pruned before.
func streams(dense, pruned []*tensor.Tensor) adagp.Streams {
	s := adagp.Streams{Dense: scratch.List(dense...)}
	if s.Pruned = s.Dense; len(dense) != len(pruned) || dense[0] != pruned[0] || dense[len(dense)-1] != pruned[len(pruned)-1] {
		s.Pruned = scratch.List(pruned...)
	}
	return s
}

// batchesOf are n batches of correlated inputs, 200 tokens each.
func batchesOf(seed uint64, n, width int) []*tensor.Tensor {
	all := correlated(rand.New(rand.NewPCG(seed, 1)), 200*n, width)
	var bs []*tensor.Tensor
	for i := range n {
		bs = append(bs, all.Rows(200*i, 200*i+200).Clone())
	}
	return bs
}

// restoring keeps the weights of a chain's maps and puts them back when the test is over.
func restoring(c *nn.Chain) (restore func()) {
	before := map[*nn.Linear]*tensor.Tensor{}
	for _, l := range c.Links {
		before[l.Linear] = l.Linear.Weight.Value()
	}
	return func() {
		for l, w := range before {
			l.Weight.Set(w)
		}
	}
}

func outputs(c *nn.Chain, xs []*tensor.Tensor) (ys []*tensor.Tensor) {
	for _, x := range xs {
		ys = append(ys, c.Forward(&nn.Context{}, autograd.Const(x)).Value)
	}
	return ys
}

func distance(a, b []*tensor.Tensor) float64 {
	var num, den float64
	for i := range a {
		num += tensor.SumSquares(tensor.Sub(a[i], b[i]))
		den += tensor.SumSquares(b[i])
	}
	return num / den
}

// Networks that are no language models: the outputs of any chain, as groups, stay closer to the dense
// ones, on inputs that were not calibrated with, than by the same solver matrix by matrix.
func TestGroupsOfAnyChain(t *testing.T) {
	for _, d := range declarations(11) {
		t.Run(d.name, func(t *testing.T) {
			restore := restoring(d.chain)
			defer restore()
			xs, fresh := batchesOf(11, 8, 24), batchesOf(12, 2, 24)
			xs, fresh = xs[:6], append(fresh, xs[6:]...) // the same distribution
			fresh = fresh[2:]
			dense := outputs(d.chain, fresh)

			o := adagp.GroupOptions{Solver: solverNamed(t, "admm"), Pattern: adagp.Uniform(sparsity.Unstructured(0.6)), HeldOut: 1}
			if err := adagp.SolveGroups(context.Background(), d.chain.Groups(), streams(xs, xs), o); err != nil {
				t.Fatal(err)
			}
			joint := distance(outputs(d.chain, fresh), dense)
			restore()

			own := d.chain.Groups()
			for i := range own {
				own[i].Target = nn.OwnOutputs
			}
			if err := adagp.SolveGroups(context.Background(), own, streams(xs, xs), o); err != nil {
				t.Fatal(err)
			}
			local := distance(outputs(d.chain, fresh), dense)
			t.Logf("output error %.4f, towards own outputs %.4f", joint, local)
			if !(joint < local) {
				t.Errorf("output error %.4f, towards own outputs %.4f", joint, local)
			}
		})
	}
}

// With nothing to prune nothing changes: targets of undamaged streams are the dense weights.
func TestNothingToPrune(t *testing.T) {
	for _, d := range declarations(12) {
		restore := restoring(d.chain)
		xs := batchesOf(13, 4, 24)
		dense := outputs(d.chain, xs)
		o := adagp.GroupOptions{Solver: solverNamed(t, "magnitude"), Pattern: adagp.Uniform(sparsity.Unstructured(0)), HeldOut: 1}
		if err := adagp.SolveGroups(context.Background(), d.chain.Groups(), streams(xs, xs), o); err != nil {
			t.Fatal(err)
		}
		// Targets differ from the dense weights by the rounding of float32 sums.
		if e := distance(outputs(d.chain, xs), dense); e > 1e-9 {
			t.Errorf("%s: output error %g at sparsity 0", d.name, e)
		}
		restore()
	}
}

// A damaged stream is repaired: with the pruned network's inputs scaled and mixed, weights fitted to the
// dense outputs undo that.
func TestTargetRepairsDamage(t *testing.T) {
	r := rand.New(rand.NewPCG(14, 0))
	lin := randomLinear(r, "lin", 24, 16, 1, true)
	xs := batchesOf(14, 6, 24)
	var damaged []*tensor.Tensor
	mix := randomLinear(r, "mix", 24, 24, 0.3, false)
	for _, x := range xs {
		damaged = append(damaged, tensor.Add(x, mix.Forward(&nn.Context{}, autograd.Const(x)).Value))
	}
	groups := []nn.Group{{Linears: []*nn.Linear{lin}, Target: nn.DenseOutputs}}
	forward := func(xs []*tensor.Tensor) (ys []*tensor.Tensor) {
		for _, x := range xs {
			ys = append(ys, lin.Forward(&nn.Context{}, autograd.Const(x)).Value)
		}
		return ys
	}
	want, before := forward(xs), distance(forward(damaged), forward(xs))
	var steps []string
	o := adagp.GroupOptions{Solver: solverNamed(t, "admm"), Pattern: adagp.Uniform(sparsity.Unstructured(0.3)), HeldOut: 2,
		Note: func(step string, _ float64) { steps = append(steps, step) }}
	if err := adagp.SolveGroups(context.Background(), groups, streams(xs, damaged), o); err != nil {
		t.Fatal(err)
	}
	if after := distance(forward(damaged), want); !(after < before/5) {
		t.Errorf("error %.4f after pruning, %.4f of the dense weights on damaged inputs", after, before)
	}
	if !slices.Equal(steps, []string{"lin dense", "lin target", "lin pruned"}) {
		t.Errorf("notes %v", steps)
	}
}

// badTarget is a calibration set that fools least squares: in the batches that are fitted to, the
// pruned stream is the dense one with its sign changed; in the held-out one nothing is wrong.
func badTarget() adagp.Streams {
	xs := batchesOf(15, 5, 24)
	var damaged []*tensor.Tensor
	for i, x := range xs {
		if i < 4 {
			x = tensor.Scale(x, -1)
		}
		damaged = append(damaged, x.Clone())
	}
	return streams(xs, damaged)
}

// A target that held-out tokens refute is not used: the result is what the dense weights give.
func TestBadTargetIsRefused(t *testing.T) {
	lin := randomLinear(rand.New(rand.NewPCG(15, 0)), "lin", 24, 16, 1, true)
	dense := lin.Weight.Value()
	run := func(target nn.Target) (*tensor.Tensor, string, map[string]float64) {
		lin.Weight.Set(dense)
		var log bytes.Buffer
		notes := map[string]float64{}
		o := adagp.GroupOptions{Solver: solverNamed(t, "admm"), Pattern: adagp.Uniform(sparsity.Unstructured(0.5)), HeldOut: 1,
			Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})), Note: func(step string, v float64) { notes[step] = v }}
		err := adagp.SolveGroups(context.Background(), []nn.Group{{Linears: []*nn.Linear{lin}, Target: target}}, badTarget(), o)
		if err != nil {
			t.Fatal(err)
		}
		return lin.Weight.Value(), log.String(), notes
	}
	want, _, _ := run(nn.OwnOutputs)
	got, log, notes := run(nn.DenseOutputs)
	if !slices.Equal(got.Data(), want.Data()) {
		t.Error("the refused target left its mark")
	}
	if !strings.Contains(log, "does worse than the dense weights on held-out tokens") || !strings.Contains(log, "tensor=lin.weight") {
		t.Errorf("log %q", log)
	}
	if !(notes["lin dense"] < 1e-6) || !(notes["lin target"] > 3.5) || !(notes["lin pruned"] < 1) {
		t.Errorf("notes %v, want the dense weights to be right and the target wrong by a sign", notes)
	}
}

// treacherous answers with weights blown up unless it is given the dense ones.
type treacherous struct {
	local.Solver
	dense *tensor.Tensor
}

func (s treacherous) Solve(ctx context.Context, p *local.Problem) (*local.Solution, error) {
	sol, err := s.Solver.Solve(ctx, p)
	if err == nil && !slices.Equal(p.W.Tensor().Data(), s.dense.Data()) {
		for i := range sol.W.Data {
			sol.W.Data[i] *= -50
		}
	}
	return sol, err
}

// indefinite fails as a solver does that finds no damping large enough.
type indefinite struct{}

func (indefinite) Describe() local.Description { return local.Description{Name: "test-indefinite"} }

func (indefinite) Needs() local.Needs { return local.Needs{Hessian: true} }

func (indefinite) Solve(ctx context.Context, p *local.Problem) (*local.Solution, error) {
	_, err := p.Damp(ctx, "indefinite", 1, func(float64) error { return &linalg.NotPositiveDefiniteError{Pivot: 3, Value: -1} })
	return nil, err
}

// What goes wrong in the local solver is made good by the dense weights, or by another solver.
func TestSolverFails(t *testing.T) {
	lin := randomLinear(rand.New(rand.NewPCG(16, 0)), "lin", 24, 16, 1, false)
	dense := lin.Weight.Value()
	xs := batchesOf(16, 4, 24)
	var damaged []*tensor.Tensor
	for _, x := range xs {
		damaged = append(damaged, tensor.Scale(x, 1.2))
	}
	for _, tc := range []struct {
		solver local.Solver
		want   string
	}{
		{treacherous{solverNamed(t, "admm"), dense}, "pruning the dense weights instead"},
		{indefinite{}, "pruning by wanda instead"},
	} {
		lin.Weight.Set(dense)
		var log bytes.Buffer
		o := adagp.GroupOptions{Solver: tc.solver, Pattern: adagp.Uniform(sparsity.Unstructured(0.5)),
			Log: slog.New(slog.NewTextHandler(&log, nil))}
		err := adagp.SolveGroups(context.Background(), []nn.Group{{Linears: []*nn.Linear{lin}, Target: nn.DenseOutputs}},
			streams(xs, damaged), o)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(log.String(), tc.want) {
			t.Errorf("log %q, want %q", log.String(), tc.want)
		}
		if m := tensor.MaxAbs(lin.Weight.Value()); m > 2*tensor.MaxAbs(dense) {
			t.Errorf("largest weight %v, in the dense matrix %v", m, tensor.MaxAbs(dense))
		}
	}
	lin.Weight.Set(dense)
}

// Fewer tokens than inputs, inputs that are always zero, or all of them: still defined.
func TestThinCalibration(t *testing.T) {
	for _, tokens := range []int{1, 5, 30} {
		for _, dead := range []int{0, 1, 24} {
			for _, d := range declarations(17) {
				restore := restoring(d.chain)
				x := correlated(rand.New(rand.NewPCG(17, 0)), tokens, 24)
				for i := range tokens {
					clear(x.Row(i)[:dead])
				}
				o := adagp.GroupOptions{Solver: solverNamed(t, "admm"), Pattern: adagp.Uniform(sparsity.Unstructured(0.5))}
				in := streams([]*tensor.Tensor{x}, []*tensor.Tensor{x.Clone()})
				if err := adagp.SolveGroups(context.Background(), d.chain.Groups(), in, o); err != nil {
					t.Errorf("%s, %d tokens, %d inputs dead: %v", d.name, tokens, dead, err)
				}
				restore()
			}
		}
	}
}

func TestGroupsRefuse(t *testing.T) {
	d := declarations(18)[0]
	defer restoring(d.chain)()
	xs := batchesOf(18, 2, 24)
	good := adagp.GroupOptions{Solver: solverNamed(t, "admm"), Pattern: adagp.Uniform(sparsity.Unstructured(0.5))}
	with := func(change func(o *adagp.GroupOptions)) adagp.GroupOptions {
		o := good
		change(&o)
		return o
	}
	nan := xs[1].Clone()
	nan.Set(float32(math.NaN()), 7, 5)
	both := streams(xs, xs)
	for _, tc := range []struct {
		name   string
		groups []nn.Group
		in     adagp.Streams
		o      adagp.GroupOptions
		want   string
	}{
		{"solver", d.chain.Groups(), both, with(func(o *adagp.GroupOptions) { o.Solver = nil }), "no local solver"},
		{"pattern", d.chain.Groups(), both, with(func(o *adagp.GroupOptions) { o.Pattern = nil }), "no pattern"},
		{"ridge", d.chain.Groups(), both, with(func(o *adagp.GroupOptions) { o.Ridge = -1 }), "ridge -1"},
		{"sparsity", d.chain.Groups(), both, with(func(o *adagp.GroupOptions) { o.Pattern = adagp.Uniform(sparsity.Unstructured(1)) }), "fc1.weight: sparsity 1"},
		{"held out", d.chain.Groups(), both, with(func(o *adagp.GroupOptions) { o.HeldOut = 2 }), "2 held out"},
		{"streams", d.chain.Groups(), streams(xs[:1], xs), good, "2 batches of the pruned stream, 1 of the dense one"},
		{"declaration", []nn.Group{{}}, both, good, "group 0 has no linear map"},
		{"NaN", d.chain.Groups(), streams(xs, []*tensor.Tensor{xs[0], nan}), good, "layer fc1: activation of input 5 at token 207 is NaN"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := adagp.SolveGroups(context.Background(), tc.groups, tc.in, tc.o)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
		})
	}
}

func TestGroupsCancelled(t *testing.T) {
	d := declarations(19)[1]
	for stop := 1; stop <= 3; stop++ {
		restore := restoring(d.chain)
		ctx, cancel := context.WithCancel(context.Background())
		calls := 0
		xs := batchesOf(19, 3, 24)
		o := adagp.GroupOptions{Solver: stubborn{solverNamed(t, "admm"), &calls, stop, cancel}, Pattern: adagp.Uniform(sparsity.Unstructured(0.5))}
		err := adagp.SolveGroups(ctx, d.chain.Groups(), streams(xs, xs), o)
		if stop < 3 && !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled in solver call %d: error %v", stop, err)
		}
		if calls > stop+1 {
			t.Errorf("cancelled in solver call %d, %d calls in all", stop, calls)
		}
		cancel()
		restore()
	}
}

// The number of threads does not matter, bit for bit.
func TestGroupsThreads(t *testing.T) {
	defer parallel.SetThreads(0)
	for _, d := range declarations(20) {
		var first [][]float32
		for _, threads := range []int{1, 2, 3} {
			parallel.SetThreads(threads)
			restore := restoring(d.chain)
			xs := batchesOf(20, 3, 24)
			o := adagp.GroupOptions{Solver: solverNamed(t, "admm"), Pattern: adagp.Uniform(sparsity.NM(2, 4)), HeldOut: 1}
			if err := adagp.SolveGroups(context.Background(), d.chain.Groups(), streams(xs, xs), o); err != nil {
				t.Fatal(err)
			}
			for i, l := range d.chain.Links {
				if threads == 1 {
					first = append(first, l.Linear.Weight.Value().Data())
				} else if !slices.Equal(first[i], l.Linear.Weight.Value().Data()) {
					t.Errorf("%s, %s: other weights with %d threads than with one", d.name, l.Linear.Name(), threads)
				}
			}
			restore()
		}
	}
}
