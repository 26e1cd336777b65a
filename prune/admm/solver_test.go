package admm

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

func TestRecorded(t *testing.T) {
	for _, seed := range golden.LayerSeeds {
		layer := golden.LoadLayer(t, seed)
		for _, c := range layer.Only(t, "admm_grad") {
			t.Run(fmt.Sprintf("seed%d/%v", seed, c), func(t *testing.T) {
				p := prunetest.Problem(layer.W, layer.X, prunetest.Pattern(c.Sparsity, c.NM))
				s, err := local.Solve(context.Background(), Solver{DampFrac: c.PercDamp}, p)
				if err != nil {
					t.Fatal(err)
				}
				// The recorded run adds 1e-8 to every norm of about 14, which moves weights by 1e-9.
				prunetest.Check(t, s, c.Keep, c.Weights, 1e-7)
				if got := prunetest.Loss(p, s); !(math.Abs(got-c.Loss) <= 1e-7*c.Loss) {
					t.Errorf("loss %.12g, want %.12g", got, c.Loss)
				}
				if s.Damping != c.PercDamp {
					t.Errorf("damping %g, want %g", s.Damping, c.PercDamp)
				}
			})
		}
	}
}

func TestLaws(t *testing.T) { prunetest.Laws(t, Solver{}) }

func TestPatientLaws(t *testing.T) { prunetest.Laws(t, Patient()) }

// TestSchedules: the mask has all its zeros at the end, however few iterations there are.
func TestSchedules(t *testing.T) {
	p := prunetest.Random(3, 10, 40, 100, sparsity.Unstructured(0.7))
	for _, s := range []Solver{{Iterations: 1}, {Iterations: 5, Growing: 9}, {Iterations: 9, Growing: 1}, {Power: 1}, {}} {
		loss(t, s, p) // local.Solve checks the mask
	}
}

// TestBeatsSparseGPT: the mask that grows is worth it on correlated inputs.
func TestBeatsSparseGPT(t *testing.T) {
	for seed := range uint64(3) {
		for _, pattern := range []sparsity.Pattern{sparsity.Unstructured(0.5), sparsity.Unstructured(0.8), sparsity.NM(2, 4), sparsity.NM(4, 8)} {
			p := prunetest.Random(seed, 48, 96, 500, pattern)
			ours, theirs := loss(t, Solver{}, p), loss(t, sparsegpt.Solver{}, p)
			if !(ours < theirs) {
				t.Errorf("seed %d, %v: loss %g, SparseGPT %g", seed, pattern, ours, theirs)
			}
		}
	}
}

func loss(t *testing.T, s local.Solver, p *local.Problem) float64 {
	t.Helper()
	got, err := local.Solve(context.Background(), s, p)
	if err != nil {
		t.Fatal(err)
	}
	return prunetest.Loss(p, got)
}

// TestPatience: where few weights are left, more choices of the mask find better ones.
func TestPatience(t *testing.T) {
	for seed := range uint64(3) {
		for _, pattern := range []sparsity.Pattern{sparsity.Unstructured(0.8), sparsity.Unstructured(0.9)} {
			p := prunetest.Random(seed, 48, 96, 500, pattern)
			patient, published := loss(t, Patient(), p), loss(t, Solver{}, p)
			if !(patient < published) {
				t.Errorf("seed %d, %v: loss %g, in the published time %g", seed, pattern, patient, published)
			}
		}
	}
}

// TestFixedMask: with a given mask the iterations are a refit. They come close to the best weights of
// the damped problem, so they lose hardly more than the masked dense weights and mostly far less.
func TestFixedMask(t *testing.T) {
	p := prunetest.Random(4, 20, 60, 300, sparsity.Unstructured(0.5))
	p.Keep = sparsity.SelectRows(p.Saliency(), p.Pattern)
	masked := prunetest.Loss(p, p.Masked(p.Keep))
	if got := loss(t, Solver{}, p); !(got < masked/2) {
		t.Errorf("loss %g, masked weights %g", got, masked)
	}
}

func TestGrowth(t *testing.T) {
	if g := growth(15, 15, 3); g != 1 {
		t.Errorf("growth ends at %v", g)
	}
	last := 0.0
	for k := 1; k <= 15; k++ {
		g := growth(k, 15, 3)
		if want := 1 - math.Pow(1-float64(k)/15, 3); math.Abs(g-want) > 1e-15 || g <= last {
			t.Errorf("step %d: %g after %g, want %g", k, g, last, want)
		}
		last = g
	}
}

// TestMoreDamping: a Hessian that is far from positive definite is damped until it serves.
func TestMoreDamping(t *testing.T) {
	p := prunetest.Random(4, 5, 6, 20, sparsity.Unstructured(0.5))
	p.H = linalg.Identity(6)
	p.H.Set(0, 1, 30)
	p.H.Set(1, 0, 30)
	s, err := local.Solve(context.Background(), Solver{}, p)
	if err != nil || s.Damping != 100 {
		t.Fatalf("error %v, damping %v, want 100", err, s)
	}
}

func BenchmarkSolve(b *testing.B) {
	for _, shape := range [][2]int{{256, 256}, {768, 768}} {
		for _, pattern := range []sparsity.Pattern{sparsity.Unstructured(0.7), sparsity.NM(2, 4)} {
			p := prunetest.Random(1, shape[0], shape[1], shape[1], pattern)
			b.Run(fmt.Sprintf("%d×%d/%v", shape[0], shape[1], pattern), func(b *testing.B) {
				for b.Loop() {
					if _, err := (Solver{}).Solve(context.Background(), p); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
