package alps

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/prune/sparsegpt"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor/linalg"
)

// The search takes its turns by counting changes of masks, where rounding may tip a tie: the loss is
// what is compared.
func TestRecorded(t *testing.T) {
	for _, seed := range golden.LayerSeeds {
		layer := golden.LoadLayer(t, seed)
		cases := append(layer.Only(t, "alps"), layer.Only(t, "alps_row_weighted")...)
		for _, c := range cases {
			t.Run(fmt.Sprintf("seed%d/%v", seed, c), func(t *testing.T) {
				p := prunetest.Problem(layer.W, layer.X, prunetest.Pattern(c.Sparsity, c.NM))
				p.RowWeights = c.RowWeights
				s, err := local.Solve(context.Background(), Solver{}, p)
				if err != nil {
					t.Fatal(err)
				}
				if got := prunetest.Loss(p, s); !(math.Abs(got-c.Loss) <= 1e-4*c.Loss) {
					t.Errorf("loss %.12g, want %.12g", got, c.Loss)
				}
				if got := s.Mask.Zeros(); got != c.Zeros {
					t.Errorf("%d zeros, want %d", got, c.Zeros)
				}
			})
		}
	}
}

func TestLaws(t *testing.T) { prunetest.Laws(t, Solver{}) }

func loss(t *testing.T, s local.Solver, p *local.Problem) float64 {
	t.Helper()
	got, err := local.Solve(context.Background(), s, p)
	if err != nil {
		t.Fatal(err)
	}
	return prunetest.Loss(p, got)
}

func TestBeatsSparseGPT(t *testing.T) {
	for seed := range uint64(3) {
		for _, pattern := range []sparsity.Pattern{sparsity.Unstructured(0.5), sparsity.Unstructured(0.8), sparsity.NM(2, 4), sparsity.NM(4, 8)} {
			p := prunetest.Random(seed, 48, 96, 500, pattern)
			ours := loss(t, Solver{}, p)
			if l := loss(t, sparsegpt.Solver{}, p); !(ours < l) {
				t.Errorf("seed %d, %v: loss %g, SparseGPT %g", seed, pattern, ours, l)
			}
		}
	}
}

func TestFixedMask(t *testing.T) {
	p := prunetest.Random(4, 20, 60, 300, sparsity.Unstructured(0.5))
	p.Keep = sparsity.SelectRows(p.Saliency(), p.Pattern)
	masked := prunetest.Loss(p, p.Masked(p.Keep))
	if got := loss(t, Solver{}, p); !(got < masked/2) {
		t.Errorf("loss %g, masked weights %g", got, masked)
	}
}

// TestPenalty walks through the rule: the mask of 100 survivors is made to change by so many entries.
func TestPenalty(t *testing.T) {
	p := &local.Problem{W: linalg.New(20, 10), Pattern: sparsity.Unstructured(0.5)}
	type step struct {
		it, changes   int
		rho           float64
		restart, stop bool
	}
	for name, steps := range map[string][]step{
		"searches and settles": {{2, 30, 0.13, false, false}, {5, 1, 0.156, false, false}, {8, 0, 0.156, false, true}},
		"starts too tight":     {{2, 0, 0.02, false, false}, {5, 0, 0.004, false, false}, {8, 10, 0.0048, false, false}},
		"never moves":          {{29, 0, 0.02, false, false}, {32, 0, 0.004, false, true}},
	} {
		mask := sparsity.NewMask(20, 10)
		r := newRule(p, mask)
		at := 0
		for _, s := range steps {
			for range s.changes {
				mask.Set(at/10, at%10, false)
				at++
			}
			restart, stop := r.check(s.it, mask)
			if restart != s.restart || stop != s.stop || math.Abs(r.rho-s.rho) > 1e-12 {
				t.Errorf("%s, iteration %d, %d changes: restart %v, stop %v, penalty %g, want %v, %v, %g",
					name, s.it, s.changes, restart, stop, r.rho, s.restart, s.stop, s.rho)
			}
		}
	}
	// One change among a thousand survivors is hardly a change.
	p.W = linalg.New(50, 40)
	mask := sparsity.NewMask(50, 40)
	r := newRule(p, mask)
	mask.Set(0, 0, false)
	if restart, stop := r.check(2, mask); !restart || stop || r.rho != firstPenalty/5 {
		t.Errorf("first small change: restart %v, stop %v, penalty %g", restart, stop, r.rho)
	}
	r.raised = true
	mask.Set(0, 1, false)
	if restart, stop := r.check(5, mask); restart || stop || math.Abs(r.rho-firstPenalty/5*1.1) > 1e-15 {
		t.Errorf("later small change: restart %v, stop %v, penalty %g", restart, stop, r.rho)
	}
	r.rho = maxPenalty
	mask.Set(0, 2, false)
	if r.check(8, mask); r.rho != maxPenalty {
		t.Errorf("penalty %g above its limit", r.rho)
	}
}

func BenchmarkSolve(b *testing.B) {
	for _, n := range []int{256, 768} {
		for _, pattern := range []sparsity.Pattern{sparsity.Unstructured(0.7), sparsity.NM(2, 4)} {
			p := prunetest.Random(1, n, n, n, pattern)
			b.Run(fmt.Sprintf("%d/%v", n, pattern), func(b *testing.B) {
				for b.Loop() {
					if _, err := (Solver{}).Solve(context.Background(), p); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
