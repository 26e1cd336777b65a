package tune_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/refit"
	"github.com/adagp/adagp/prune/scratch"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/prune/tune"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/linalg"
)

// absurd is a rate at which Adam ruins any of these layers in one epoch.
const absurd = 100

// TestBlockApproachesExactRefit tunes one linear map, for which the minimum is known.
func TestBlockApproachesExactRefit(t *testing.T) {
	const d, windows, length = 24, 16, 32
	p := newProblem(d, slices.Repeat([]int{length}, windows)...)
	const train = (windows - windows/8) * length
	x, y := p.in[0].Rows(0, train), p.target[0].Rows(0, train)
	lin := p.layer.lin
	loss := func(w *tensor.Tensor) float64 {
		return tensor.SumSquares(tensor.Sub(tensor.AddBias(tensor.MatMulNT(x, w), lin.Bias.Value()), y))
	}

	fit := refit.Fit{H: linalg.New(d, d), C: linalg.New(d, d), Keep: p.masks[lin], Start: linalg.FromTensor(lin.Weight.Value())}
	linalg.AddGram(fit.H, x)
	linalg.AddCross(fit.C, tensor.AddBias(y, tensor.Scale(lin.Bias.Value(), -1)), x)
	exact, _, _, err := fit.Exact(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	bias, start, least := lin.Bias.Value().Clone(), loss(lin.Weight.Value()), loss(exact.Tensor())
	r := p.tuned(t, tune.Options{Epochs: 60, LR: 0.2})
	got := loss(lin.Weight.Value())
	t.Logf("error %.4g at the start, %.4g tuned, %.4g at least; held out %.4g to %.4g", start, got, least, r.Before, r.After)
	// Batches differ in what they want, but at a rate that ends at 0 little of that is left.
	if got > 1.01*least {
		t.Errorf("error on the windows tuned on: %.5g, want at most 1 %% above the least possible %.5g", got, least)
	}
	if r.Step == 0 {
		t.Errorf("got %+v, want a step", r)
	}
	wantSame(t, "bias", lin.Bias.Value(), bias)
}

// TestBlockLoss checks the figures of a result against their definition, with windows of several
// lengths.
func TestBlockLoss(t *testing.T) {
	p := newProblem(8, 5, 5, 5, 9, 9, 4, 5, 7, 7, 7)
	judged := func() float64 { // the last window
		h, want := p.in[len(p.in)-1], p.target[len(p.in)-1]
		h, want = h.Rows(14, 21), want.Rows(14, 21)
		y := tensor.AddBias(tensor.MatMulNT(h, p.layer.lin.Weight.Value()), p.layer.lin.Bias.Value())
		n, sum, squares := 0.0, 0.0, 0.0
		for _, t := range p.target {
			n, sum, squares = n+float64(t.Len()), sum+tensor.Sum(t), squares+tensor.SumSquares(t)
		}
		return tensor.SumSquares(tensor.Sub(y, want)) / float64(y.Len()) / (squares/n - sum/n*sum/n)
	}
	before := judged()
	r := p.tuned(t, tune.Options{})
	// Sums in float64 over results in float32.
	for _, c := range []struct {
		what      string
		got, want float64
	}{{"before", r.Before, before}, {"after", r.After, judged()}} {
		if math.Abs(c.got-c.want) > 1e-6*c.want {
			t.Errorf("loss %s: got %.9g, want %.9g", c.what, c.got, c.want)
		}
	}
	if r.Step == 0 || r.After >= r.Before {
		t.Errorf("got %+v, want less than at the start", r)
	}
}

func TestBlockNeverWorse(t *testing.T) {
	var log bytes.Buffer
	p := newProblem(16, slices.Repeat([]int{16}, 16)...)
	start := p.layer.lin.Weight.Value().Clone()
	r := p.tuned(t, tune.Options{LR: absurd, Log: slog.New(slog.NewTextHandler(&log, nil))})
	if r.Step != 0 || r.After != r.Before {
		t.Errorf("got %+v, want the start", r)
	}
	wantSame(t, "weights", p.layer.lin.Weight.Value(), start)
	if !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), "diverged") {
		t.Errorf("log %q does not warn of divergence", log.String())
	}
}

// TestBlockOverflow takes steps that end at infinity, from where 0 times the way leads nowhere: the weights of
// the start come back all the same.
func TestBlockOverflow(t *testing.T) {
	p := newProblem(8, slices.Repeat([]int{8}, 16)...)
	start := p.layer.lin.Weight.Value().Clone()
	if r := p.tuned(t, tune.Options{LR: 3e38}); r.Step != 0 {
		t.Errorf("got %+v, want the start", r)
	}
	wantSame(t, "weights", p.layer.lin.Weight.Value(), start)
}

// TestBlockGoesPart tunes at a rate at which the way leads past the goal, and from weights that cannot
// get better.
func TestBlockGoesPart(t *testing.T) {
	p := newProblem(16, slices.Repeat([]int{16}, 16)...)
	if r := p.tuned(t, tune.Options{LR: 5, Epochs: 1}); !(r.Step > 0 && r.Step < 1 && r.After < r.Before) {
		t.Errorf("high rate: got %+v, want a part of the way", r)
	}
	p.tuned(t, tune.Options{Epochs: 40, LR: 0.2})
	start := p.layer.lin.Weight.Value().Clone()
	if r := p.tuned(t, tune.Options{LR: 10, Epochs: 1}); r.Step != 0 || r.After != r.Before {
		t.Errorf("from the goal: got %+v, want the start", r)
	}
	wantSame(t, "weights", p.layer.lin.Weight.Value(), start)
}

func TestBlockNotFinite(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(p *problem)
	}{
		{"input", func(p *problem) { p.in[0].Set(float32(math.NaN()), 3, 2) }},
		{"target", func(p *problem) { p.target[0].Set(float32(math.Inf(1)), 3, 2) }},
		{"held out", func(p *problem) { p.in[0].Set(float32(math.NaN()), 8*8-1, 2) }},
		{"gradient", func(p *problem) { // finite loss, sum over the tokens overflows
			p.in[0].Fill(1e30)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var log bytes.Buffer
			p := newProblem(8, slices.Repeat([]int{8}, 8)...)
			start := p.layer.lin.Weight.Value().Clone()
			c.spoil(p)
			if r := p.tuned(t, tune.Options{Log: slog.New(slog.NewTextHandler(&log, nil))}); r.Step != 0 || r.After != r.Before && r.Before == r.Before {
				t.Errorf("got %+v, want the start", r)
			}
			wantSame(t, "weights", p.layer.lin.Weight.Value(), start)
			if !strings.Contains(log.String(), "level=WARN") {
				t.Errorf("log %q does not warn", log.String())
			}
		})
	}
}

func TestBlockDeterministic(t *testing.T) {
	defer parallel.SetThreads(0)
	run := func(threads int, seed uint64) *tensor.Tensor {
		parallel.SetThreads(threads)
		p := newProblem(96, slices.Repeat([]int{48}, 16)...)
		p.tuned(t, tune.Options{Seed: seed})
		return p.layer.lin.Weight.Value()
	}
	want := run(1, 7)
	wantSame(t, "two threads", run(2, 7), want)
	wantSame(t, "again", run(2, 7), want)
	if same(run(1, 8), want) {
		t.Error("another seed gives the same weights")
	}
}

func TestBlockCancelled(t *testing.T) {
	for _, at := range []float64{0, 0.01, 0.3, 0.9} {
		p := newProblem(16, slices.Repeat([]int{16}, 16)...)
		start := p.layer.lin.Weight.Value().Clone()
		output := func() *tensor.Tensor {
			return p.layer.Forward(&nn.Context{SeqLen: 16}, autograd.Const(p.in[0])).Value
		}
		var first *tensor.Tensor
		ctx, cancel := context.WithCancel(context.Background())
		moved := false
		r, err := p.block(ctx, tune.Options{Progress: func(f float64) {
			if first == nil {
				first = output()
			}
			if f >= at {
				moved = moved || !same(output(), first)
				cancel()
			}
		}})
		if !errors.Is(err, context.Canceled) || r.Step != 0 {
			t.Errorf("cancelled at %v: got %+v, %v, want the context's error", at, r, err)
		}
		if at > 0.1 && !moved {
			t.Errorf("cancelled at %v: no step was taken before", at)
		}
		wantSame(t, "weights", p.layer.lin.Weight.Value(), start)
		checkZeros(t, p.masks)
	}
}

func TestProgress(t *testing.T) {
	p, last, calls := newProblem(8, slices.Repeat([]int{8}, 19)...), -1.0, 0
	p.tuned(t, tune.Options{Progress: func(f float64) {
		if f < last || f > 1 {
			t.Errorf("progress goes from %v to %v", last, f)
		}
		last, calls = f, calls+1
	}})
	if last != 1 || calls < 10 {
		t.Errorf("%d calls, the last with %v, want 1", calls, last)
	}
}

// TestHeldOut counts the windows that training sees, by spoiling one after the other.
func TestHeldOut(t *testing.T) {
	for _, c := range []struct {
		windows, held int
	}{{7, 0}, {8, 1}, {15, 1}, {16, 2}, {20, 2}, {24, 3}} {
		p := newProblem(4, slices.Repeat([]int{4}, c.windows)...)
		start := p.layer.lin.Weight.Value().Clone()
		// A target that no window trained on wants would be worse for the ones before.
		p.target[0].Rows(4*(c.windows-max(c.held, 1)), 4*c.windows).Fill(0)
		r := p.tuned(t, tune.Options{})
		if c.held == 0 {
			if r != (tune.Result{}) {
				t.Errorf("%d windows: got %+v, want nothing done", c.windows, r)
			}
			wantSame(t, "weights", p.layer.lin.Weight.Value(), start)
			continue
		}
		h := p.in[0].Rows(4*(c.windows-c.held), 4*c.windows)
		y := tensor.AddBias(tensor.MatMulNT(h, start), p.layer.lin.Bias.Value())
		n, sum, squares := float64(p.target[0].Len()), tensor.Sum(p.target[0]), tensor.SumSquares(p.target[0])
		want := tensor.SumSquares(y) / float64(y.Len()) / (squares/n - sum/n*sum/n)
		if math.Abs(r.Before-want) > 1e-6*want {
			t.Errorf("%d windows: loss %.9g, want that of the last %d, %.9g", c.windows, r.Before, c.held, want)
		}
	}
}

func TestBlockErrors(t *testing.T) {
	for _, c := range []struct {
		name    string
		spoil   func(p *problem)
		options tune.Options
		want    string
	}{
		{"epochs", nil, tune.Options{Epochs: -1}, "-1 epochs"},
		{"rate", nil, tune.Options{LR: math.NaN()}, "learning rate NaN"},
		{"negative rate", nil, tune.Options{LR: -1e-3}, "learning rate -0.001"},
		{"batch", nil, tune.Options{BatchWindows: -4}, "batches of -4"},
		{"not loaded", func(p *problem) { p.layer.lin.Weight.Set(nil) }, tune.Options{}, "single.proj: the weights are not loaded"},
		{"mask of another shape", func(p *problem) { p.masks[p.layer.lin] = sparsity.NewMask(4, 8) }, tune.Options{}, "mask of shape [4 8], weights [8 8]"},
		{"nil mask", func(p *problem) { p.masks[p.layer.lin] = nil }, tune.Options{}, "no mask"},
		{"pruned weight", func(p *problem) { p.layer.lin.Weight.Value().Set(0.5, 0, 0) }, tune.Options{}, "weight [0 0] is 0.5"},
		{"mask of another layer", func(p *problem) {
			p.masks[nn.NewLinear("elsewhere", 8, 8, false)] = sparsity.NewMask(8, 8)
		}, tune.Options{}, "a mask of elsewhere"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newProblem(8, slices.Repeat([]int{8}, 8)...)
			if c.spoil != nil {
				c.spoil(p)
			}
			if _, err := p.block(context.Background(), c.options); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestBlockShapes(t *testing.T) {
	for name, spoil := range map[string]func(p *problem){
		"missing target":  func(p *problem) { p.target = nil },
		"missing length":  func(p *problem) { p.seqLens = nil },
		"window length":   func(p *problem) { p.seqLens[0] = 7 },
		"length 0":        func(p *problem) { p.seqLens[0] = 0 },
		"width of target": func(p *problem) { p.target[0] = p.target[0].View(-1, 4) },
		"rank":            func(p *problem) { p.in[0] = p.in[0].View(-1) },
	} {
		t.Run(name, func(t *testing.T) {
			p := newProblem(8, slices.Repeat([]int{8}, 8)...)
			spoil(p)
			defer func() {
				var shape *tensor.ShapeError
				if err, ok := recover().(error); !ok || !errors.As(err, &shape) {
					t.Errorf("got panic %v, want a *tensor.ShapeError", err)
				}
			}()
			p.tuned(t, tune.Options{})
		})
	}
}

// TestGradientsStay gives parameters gradients of the caller's own: tuning neither changes nor drops
// them, and needs none where there is nothing to tune.
func TestGradientsStay(t *testing.T) {
	p := newProblem(8, slices.Repeat([]int{8}, 8)...)
	lin := p.layer.lin
	w, b := random(1, 1, 8, 8), random(2, 1, 8)
	lin.Weight.Grad, lin.Bias.Grad = w, b
	wantW, wantB := w.Clone(), b.Clone()
	for _, masks := range []map[*nn.Linear]*sparsity.Mask{p.masks, nil} {
		r, err := tune.Block(context.Background(), p.layer, masks, scratch.List(p.in...), scratch.List(p.target...), p.seqLens, tune.Options{})
		if err != nil || r.Step != 0 != (masks != nil) {
			t.Fatalf("with %d masks: got %+v, %v", len(masks), r, err)
		}
		if lin.Weight.Grad != w || lin.Bias.Grad != b {
			t.Fatal("tuning replaced the gradients")
		}
		wantSame(t, "gradient of the weights", w, wantW)
		wantSame(t, "gradient of the bias", b, wantB)
	}
}
