package nn_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

// Initial values have the mean and the variance that they promise.
func TestInit(t *testing.T) {
	const out, in = 300, 200
	p := nn.NewParam("w", out, in)
	for name, c := range map[string]struct {
		init     func(*rand.Rand)
		variance float64
		bound    float64
	}{
		"normal": {func(r *rand.Rand) { nn.InitNormal(p, 0.5, r) }, 0.25, 4},
		"He":     {func(r *rand.Rand) { nn.InitHe(p, r) }, 2.0 / in, 1},
		"Xavier": {func(r *rand.Rand) { nn.InitXavier(p, r) }, 2.0 / (in + out), math.Sqrt(6.0 / (in + out))},
	} {
		c.init(rand.New(rand.NewPCG(1, 2)))
		// 60,000 draws: the mean is within 5 of its standard deviations, the variance within 3 %.
		mean, variance := tensor.Mean(p.Value()), tensor.SumSquares(p.Value())/(out*in)
		if math.Abs(mean) > 5*math.Sqrt(c.variance/(out*in)) || math.Abs(variance/c.variance-1) > 0.03 {
			t.Errorf("%s: mean %g, variance %g, want 0 and %g", name, mean, variance, c.variance)
		}
		if m := float64(tensor.MaxAbs(p.Value())); m > c.bound {
			t.Errorf("%s: largest value %g, want at most %g", name, m, c.bound)
		}
		first := p.Value()
		c.init(rand.New(rand.NewPCG(1, 2)))
		checkClose(t, name+", the same seed", p.Value(), first, 0)
	}
}

func ExampleInitConstant() {
	norm := nn.NewRMSNorm("norm", 3, 1e-6)
	nn.InitConstant(norm.Weight, 1)
	fmt.Println(norm.Weight.Value().Data())
	// Output: [1 1 1]
}
