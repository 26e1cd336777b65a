package optim

import (
	"math"
	"math/rand/v2"
	"testing"

	spago "github.com/nlpodyssey/spago/nn"
	"github.com/nlpodyssey/spago/optimizers/adam"
)

// TestAdamStep: one pass gives the bits of spago's dozen.
func TestAdamStep(t *testing.T) {
	const n = 1001
	rng := rand.New(rand.NewPCG(7, 0))
	rule := adam.New(adam.NewConfig(0.03, 0.9, 0.95, 1e-8))
	piece := func() (p *spago.Param, values, grad []float32) {
		values, grad = make([]float32, n), make([]float32, n)
		return &spago.Param{Matrix: shared{column(values), column(grad)}}, values, grad
	}
	ours, w, g := piece()
	theirs, want, gradient := piece()
	for i := range w {
		w[i] = float32(rng.NormFloat64())
		want[i] = w[i]
	}
	scratch := newAdamScratch()
	for step := range 5 {
		for i := range g {
			g[i] = float32(rng.NormFloat64() * math.Exp(10*rng.NormFloat64()))
			if i%7 == 0 {
				g[i] = 0
			}
			gradient[i] = g[i]
		}
		scratch.lend(ours)
		adamStep(rule, ours)
		scratch.lend(theirs)
		if err := rule.OptimizeParams(theirs); err != nil {
			t.Fatal(err)
		}
		for i := range w {
			if math.Float32bits(w[i]) != math.Float32bits(want[i]) || g[i] != 0 {
				t.Fatalf("step %d, element %d: got %v and gradient %v, want %v and 0", step+1, i, w[i], g[i], want[i])
			}
		}
		rule.IncExample()
	}
}
