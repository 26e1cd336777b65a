package dsnot

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/prune/calib"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor/linalg"
)

func TestRecorded(t *testing.T) {
	for _, seed := range golden.LayerSeeds {
		layer := golden.LoadLayer(t, seed)
		for _, c := range layer.Only(t, "dsnot") {
			t.Run(fmt.Sprintf("seed%d/%v", seed, c), func(t *testing.T) {
				p := prunetest.Problem(layer.W, layer.X, prunetest.Pattern(c.Sparsity, c.NM))
				if p.Moments.Windows != 4 {
					t.Fatalf("%d windows, recorded with 4", p.Moments.Windows)
				}
				s, err := local.Solve(context.Background(), New(), p)
				if err != nil {
					t.Fatal(err)
				}
				// The weights that stay are those of the dense layer.
				prunetest.Check(t, s, c.Keep, c.Weights, 0)
			})
		}
	}
}

func TestLaws(t *testing.T) {
	prunetest.Laws(t, New(), prunetest.OrderedColumns(0, "as published, kept weights have their turn in the order of the columns"))
}

// shift is the error of the mean output of row i.
func shift(p *local.Problem, m *sparsity.Mask, i int) float64 {
	e := 0.0
	for j, w := range p.W.Row(i) {
		if !m.Keep(i, j) {
			e += w * p.Moments.Sums[j]
		}
	}
	return e
}

// TestImproves: from masks that prune what contributes most to the mean of an output, every row's mean
// comes much nearer to the dense one; rows and groups keep their counts.
func TestImproves(t *testing.T) {
	for _, pattern := range []sparsity.Pattern{sparsity.Unstructured(0.5), sparsity.Unstructured(0.8), sparsity.NM(2, 4), sparsity.NM(4, 8), sparsity.NM(5, 7)} {
		p := prunetest.Random(3, 40, 90, 200, pattern)
		score := linalg.New(40, 90)
		for k, w := range p.W.Data {
			score.Data[k] = -w * p.Moments.Sums[k%90]
		}
		start := sparsity.SelectRows(score, pattern)
		before := start.Clone()
		m, err := New().Improve(context.Background(), p, start)
		if err != nil {
			t.Fatal(err)
		}
		if !start.Equal(before) {
			t.Fatal("the given mask was changed")
		}
		for i := range 40 {
			if m.RowZeros(i) != start.RowZeros(i) {
				t.Errorf("%v: row %d has %d zeros, had %d", pattern, i, m.RowZeros(i), start.RowZeros(i))
			}
			if was, is := shift(p, start, i), shift(p, m, i); math.Abs(is) > 0.5*math.Abs(was) {
				t.Errorf("%v: the mean of row %d is off by %g, was %g", pattern, i, is, was)
			}
			for j := 0; pattern.Structured() && j < 90; j += pattern.M {
				if a, b := zeros(m, i, j, pattern.M), zeros(start, i, j, pattern.M); a != b {
					t.Fatalf("%v: row %d, column %d: %d zeros in the group, were %d", pattern, i, j, a, b)
				}
			}
		}
	}
}

// zeros counts the pruned weights of row i in columns [j, j+n).
func zeros(m *sparsity.Mask, i, j, n int) int {
	z := 0
	for k := j; k < min(j+n, m.Cols); k++ {
		if !m.Keep(i, k) {
			z++
		}
	}
	return z
}

// TestExchange follows one row by hand: contributions are the weights, the variance of input 4 is small.
func TestExchange(t *testing.T) {
	for name, c := range map[string]struct {
		pattern sparsity.Pattern
		w       []float64
		keep    string
		cycles  int
		want    string
	}{
		// ε = 5: input 4 has the largest shift; -1 is the cheapest of the opposite sign. ε = 5 - 1 - 2 = 2:
		// 3 is next, for -4: ε = 2 - 4 - 3 = -5. Nothing negative is left to grow but -4, which comes back,
		// for 6: ε = -5 + 6 + 4 = 5; next would be 7, which is kept.
		"two exchanges":   {sparsity.Unstructured(0.5), []float64{3, -4, 6, -1, 2, 7}, "011101", 2, "101011"},
		"coming back":     {sparsity.Unstructured(0.5), []float64{3, -4, 6, -1, 2, 7}, "011101", 50, "110011"},
		"one exchange":    {sparsity.Unstructured(0.5), []float64{3, -4, 6, -1, 2, 7}, "011101", 1, "011011"},
		"no partner":      {sparsity.Unstructured(0.5), []float64{3, 4, 6, 1, 2, 7}, "011101", 50, "011101"},
		"good enough":     {sparsity.Unstructured(0.5), []float64{3, -4, 6, -1, -3.05, 7}, "011101", 50, "011101"},
		"nothing to grow": {sparsity.Unstructured(0.5), []float64{0, -4, 6, -1, 0, 7}, "011101", 50, "011101"},
		// Groups of two: 4 finds no partner in its own, 0 does.
		"within groups": {sparsity.NM(1, 2), []float64{3, -4, 6, -1, 2, 7}, "011101", 50, "101101"},
	} {
		p := &local.Problem{Name: "w", W: linalg.FromSlice(c.w, 1, 6), SquaredNorms: []float64{1, 1, 1, 1, 1, 1}, Pattern: c.pattern,
			Moments: &calib.WindowMoments{Windows: 1, Sums: []float64{1, 1, 1, 1, 1, 1}, Variances: []float64{1, 1, 1, 1, 0.1, 1}}}
		m, err := Solver{Cycles: c.cycles, Threshold: DefaultThreshold}.Improve(context.Background(), p, prunetest.Mask([]string{c.keep}))
		if err != nil {
			t.Fatal(err)
		}
		if want := prunetest.Mask([]string{c.want}); !m.Equal(want) {
			got := ""
			for j := range 6 {
				got += map[bool]string{true: "1", false: "0"}[m.Keep(0, j)]
			}
			t.Errorf("%s: mask %s, want %s", name, got, c.want)
		}
	}
}

func TestImproveCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	p := prunetest.Random(3, 4, 9, 20, sparsity.Unstructured(0.5))
	if _, err := New().Improve(ctx, p, sparsity.SelectRows(p.Saliency(), p.Pattern)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	p.Moments = nil
	if _, err := New().Improve(context.Background(), p, sparsity.NewMask(4, 9)); err == nil {
		t.Error("no error without moments")
	}
}
