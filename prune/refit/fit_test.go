package refit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/linalg"
)

func TestLaws(t *testing.T) {
	t.Run("cg", func(t *testing.T) { prunetest.Laws(t, Solver{}) })
	t.Run("exact", func(t *testing.T) { prunetest.Laws(t, Solver{Exact: true, DampFrac: DefaultDampFrac}) })
	t.Run("exact without ridge", func(t *testing.T) { prunetest.Laws(t, Solver{Exact: true, DampFrac: -1}) })
	t.Run("cg without ridge", func(t *testing.T) { prunetest.Laws(t, Solver{DampFrac: -1}) })
}

// randomMask keeps each weight with probability share.
func randomMask(r *rand.Rand, rows, cols int, share float64) *sparsity.Mask {
	m := sparsity.NewMask(rows, cols)
	for i := range rows {
		for j := range cols {
			m.Set(i, j, r.Float64() < share)
		}
	}
	return m
}

// TestNeverWorse: refitted weights lose at most what the masked dense weights lose, row by row, with
// few tokens and many, any mask, any ridge.
func TestNeverWorse(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for _, shape := range [][3]int{{1, 1, 1}, {1, 40, 10}, {7, 1, 5}, {12, 33, 200}, {20, 60, 15}, {65, 130, 300}} {
		for _, share := range []float64{0, 0.1, 0.5, 1} {
			for _, s := range []Solver{{DampFrac: -1}, {}, {DampFrac: 10}, {Exact: true, DampFrac: -1}, {Exact: true, DampFrac: 0.01}} {
				p := prunetest.Random(uint64(shape[1]), shape[0], shape[1], shape[2], sparsity.Pattern{})
				p.Keep = randomMask(r, shape[0], shape[1], share)
				got, err := local.Solve(context.Background(), s, p)
				if err != nil {
					t.Fatal(err)
				}
				before := p.Masked(p.Keep)
				for i := range shape[0] {
					was, is := rowLoss(p, before, i), rowLoss(p, got, i)
					// Rounding of losses that are small differences of the outputs' energy.
					if is > was*(1+1e-9)+1e-11*linalg.QuadForm(rowOf(p.W, i), p.H) {
						t.Fatalf("%v, %g kept, %+v: row %d loses %g, masked only %g", shape, share, s, i, is, was)
					}
				}
			}
		}
	}
}

func rowOf(m *linalg.Matrix, i int) *linalg.Matrix { return linalg.FromSlice(m.Row(i), 1, m.Cols) }

func rowLoss(p *local.Problem, s *local.Solution, i int) float64 {
	return linalg.QuadForm(linalg.Sub(rowOf(s.W, i), rowOf(p.W, i)), p.H)
}

// TestAgree: with enough steps conjugate gradients come to what the factorisations give, for targets
// that are not the weights and starts that are neither.
func TestAgree(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	p := prunetest.Random(1, 30, 50, 400, sparsity.Pattern{})
	f := Fit{H: p.H, C: linalg.New(30, 50), Keep: randomMask(r, 30, 50, 0.6), Start: linalg.New(30, 50), Ridge: 0.05 * p.H.MeanDiag()}
	for k := range f.C.Data {
		f.C.Data[k], f.Start.Data[k] = 100*r.NormFloat64(), r.NormFloat64()
	}
	c, start, keep := f.C.Clone(), f.Start.Clone(), f.Keep.Clone()
	exact, damping, rows, err := f.Exact(context.Background())
	if err != nil || damping != 0 || rows != 0 {
		t.Fatalf("damping %g in %d rows, error %v", damping, rows, err)
	}
	cg, err := f.CG(context.Background(), 500)
	if err != nil {
		t.Fatal(err)
	}
	largest := 0.0
	for _, v := range exact.Data {
		largest = max(largest, math.Abs(v))
	}
	for k, v := range exact.Data {
		// A row ends when its residual has fallen by 1e-5; the condition number turns that into more.
		if d := math.Abs(cg.Data[k] - v); d > 1e-3*largest {
			t.Errorf("[%d %d]: %g by conjugate gradients, %g exactly", k/50, k%50, cg.Data[k], v)
		}
		if (v != 0) != keep.Keep(k/50, k%50) {
			t.Fatalf("[%d %d] is %g, kept %v", k/50, k%50, v, keep.Keep(k/50, k%50))
		}
	}
	if !f.Keep.Equal(keep) || !same(f.C, c) || !same(f.Start, start) {
		t.Error("the problem was changed")
	}
	// The gradient of the objective vanishes on the mask.
	g := linalg.Mul(exact, f.H)
	for k := range g.Data {
		v := g.Data[k] - c.Data[k] + f.Ridge*(exact.Data[k]-start.Data[k])
		if keep.Keep(k/50, k%50) && math.Abs(v) > 1e-9*100 {
			t.Fatalf("gradient [%d %d] is %g", k/50, k%50, v)
		}
	}
}

func same(a, b *linalg.Matrix) bool {
	for k, v := range a.Data {
		if math.Float64bits(v) != math.Float64bits(b.Data[k]) {
			return false
		}
	}
	return len(a.Data) == len(b.Data)
}

// TestDescends: the objective falls with every step.
func TestDescends(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	p := prunetest.Random(2, 10, 80, 60, sparsity.Pattern{})
	f := Fit{H: p.H, C: linalg.Mul(p.W, p.H), Keep: randomMask(r, 10, 80, 0.4), Start: p.W, Ridge: 1e-3 * p.H.MeanDiag()}
	last := math.Inf(1)
	for steps := range 15 {
		w, err := f.CG(context.Background(), steps)
		if err != nil {
			t.Fatal(err)
		}
		now := Loss(w, f.H, f.C, linalg.QuadForm(p.W, p.H))
		for k, v := range w.Data {
			if f.Keep.Keep(k/80, k%80) {
				now += f.Ridge * (v - p.W.Data[k]) * (v - p.W.Data[k])
			}
		}
		if !(now <= last*(1+1e-12)) {
			t.Errorf("step %d raises the objective from %g to %g", steps, last, now)
		}
		last = now
	}
}

// TestSingular: three copies of one input carry no equation of their own. Exact still answers, and
// says what it took.
func TestSingular(t *testing.T) {
	h := linalg.FromSlice([]float64{1, 1, 1, 1, 1, 1, 1, 1, 1}, 3, 3)
	var log bytes.Buffer
	p := &local.Problem{Name: "w", W: linalg.FromSlice([]float64{1, 2, 3}, 1, 3), H: h, Keep: sparsity.NewMask(1, 3),
		Log: slog.New(slog.NewTextHandler(&log, nil))}
	p.Keep.Set(0, 1, false)
	s, err := local.Solve(context.Background(), Solver{Exact: true, DampFrac: -1}, p)
	if err != nil {
		t.Fatal(err)
	}
	if loss := prunetest.Loss(p, s); loss > 1e-10 || s.Damping <= 0 || s.Damping > 1e-4 {
		t.Errorf("weights %v, loss %g, damping %g", s.W, loss, s.Damping)
	}
	if !strings.Contains(log.String(), "tensor=w") || !strings.Contains(log.String(), "rows=1") {
		t.Errorf("log %q", &log)
	}
}

func TestTrouble(t *testing.T) {
	// Not a Gram matrix: no ridge makes sense of it, and gradients have no direction to go.
	h := linalg.FromSlice([]float64{1, 1e12, 1e12, 1}, 2, 2)
	f := Fit{H: h, C: linalg.New(1, 2), Keep: sparsity.NewMask(1, 2), Start: linalg.FromSlice([]float64{1, -1}, 1, 2)}
	f.C.Data[0] = 1
	if _, _, _, err := f.Exact(context.Background()); !errors.As(err, new(*linalg.NotPositiveDefiniteError)) {
		t.Errorf("Exact: error %v", err)
	}
	if w, err := f.CG(context.Background(), 5); err != nil || !same(w, f.Start) {
		t.Errorf("CG: weights %v, error %v", w, err)
	}
	f.H, f.C = linalg.Scale(linalg.Identity(2), 1e-300), linalg.FromSlice([]float64{1e300, 1}, 1, 2)
	if _, err := f.CG(context.Background(), 5); !errors.As(err, new(*linalg.NonFiniteError)) {
		t.Errorf("CG overflows: error %v", err)
	}
	if _, _, _, err := f.Exact(context.Background()); !errors.As(err, new(*linalg.NonFiniteError)) {
		t.Errorf("Exact overflows: error %v", err)
	}
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := f.CG(cancelled, 5); !errors.Is(err, context.Canceled) {
		t.Errorf("CG cancelled: error %v", err)
	}
	if _, _, _, err := f.Exact(cancelled); !errors.Is(err, context.Canceled) {
		t.Errorf("Exact cancelled: error %v", err)
	}
	for name, spoil := range map[string]func(f *Fit){
		"H":     func(f *Fit) { f.H = linalg.New(3, 3) },
		"Keep":  func(f *Fit) { f.Keep = sparsity.NewMask(2, 2) },
		"Start": func(f *Fit) { f.Start = linalg.New(2, 1) },
	} {
		func() {
			bad := f
			spoil(&bad)
			defer func() {
				if _, ok := recover().(*tensor.ShapeError); !ok {
					t.Errorf("%s of a wrong shape: no *tensor.ShapeError", name)
				}
			}()
			_, _ = bad.CG(context.Background(), 1)
		}()
	}
}

func TestLeastSquares(t *testing.T) {
	defer parallel.SetThreads(0)
	ctx := context.Background()
	p := prunetest.Random(5, 20, 30, 90, sparsity.Pattern{})
	p.W.Set(3, 4, 50)
	h := p.H.Clone()
	for j := range 30 {
		h.Set(7, j, 0)
		h.Set(j, 7, 0)
	}
	p.H = h
	// Outputs of other weights on the same inputs: without a ridge to speak of, those come back.
	other := prunetest.Random(6, 20, 30, 90, sparsity.Pattern{}).W
	var one *linalg.Matrix
	for _, threads := range []int{1, 4} {
		parallel.SetThreads(threads)
		w, _, err := LeastSquares(ctx, p, linalg.Mul(other, h), 1e-12)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 20 {
			for j := range 30 {
				want := other.At(i, j)
				if j == 7 {
					want = p.W.At(i, j) // nothing is known about it
				}
				if math.Abs(w.At(i, j)-want) > 1e-6 {
					t.Fatalf("[%d %d] is %g, want %g", i, j, w.At(i, j), want)
				}
			}
		}
		if one != nil && !same(one, w) {
			t.Errorf("%d threads give another result than one", threads)
		}
		one = w
	}
	p.H = linalg.New(30, 30)
	if w, _, err := LeastSquares(ctx, p, linalg.New(20, 30), 0.01); err != nil || !same(w, p.W) {
		t.Errorf("without inputs: error %v, weights changed", err)
	}
	var log bytes.Buffer
	p = &local.Problem{Name: "w", W: linalg.New(1, 2), H: linalg.FromSlice([]float64{1, 3, 3, 1}, 2, 2), Log: slog.New(slog.NewTextHandler(&log, nil))}
	if _, ridge, err := LeastSquares(ctx, p, linalg.New(1, 2), 0.01); err != nil || math.Abs(ridge-10) > 1e-9 || strings.Count(log.String(), "WARN") != 3 {
		t.Errorf("ridge %g, error %v, log:\n%s", ridge, err, &log)
	}
	p.H.Set(0, 1, math.NaN())
	if _, _, err := LeastSquares(ctx, p, linalg.New(1, 2), 0.01); err == nil || !strings.Contains(err.Error(), "w") {
		t.Errorf("NaN: error %v", err)
	}
	p.H = linalg.Identity(2)
	cross := linalg.FromSlice([]float64{math.Inf(1), 0}, 1, 2)
	if _, _, err := LeastSquares(ctx, p, cross, 0.01); !errors.As(err, new(*linalg.NonFiniteError)) {
		t.Errorf("Inf: error %v", err)
	}
}

func BenchmarkFit(b *testing.B) {
	for _, n := range []int{256, 768} {
		p := prunetest.Random(1, n, n, n/2, sparsity.Unstructured(0.5))
		keep := sparsity.SelectRows(p.Saliency(), p.Pattern)
		f := Fit{H: p.H, C: linalg.Mul(p.W, p.H), Keep: keep, Start: p.W, Ridge: 0.01 * p.H.MeanDiag()}
		b.Run(fmt.Sprintf("cg10/%d", n), func(b *testing.B) {
			for b.Loop() {
				if _, err := f.CG(context.Background(), 10); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("exact/%d", n), func(b *testing.B) {
			for b.Loop() {
				if _, _, _, err := f.Exact(context.Background()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
