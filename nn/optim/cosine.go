package optim

import (
	"math"

	"github.com/nlpodyssey/spago/optimizers/decay"
)

// cosine is half a wave from rate at step 1 to 0 after the last one.
type cosine struct {
	rate  float64
	steps int
}

// Cosine returns the schedule ½·rate·(1+cos(π·(t-1)/steps)) for steps t = 1 to
// steps (Loshchilov and Hutter 2017, equation 5, without restarts), and 0
// afterwards.
func Cosine(rate float64, steps int) decay.Function { return cosine{rate, steps} }

// Decay returns the rate of step t; that of the step before does not matter.
func (c cosine) Decay(_ float64, t int) float64 {
	if t > c.steps {
		return 0
	}
	return 0.5 * c.rate * (1 + math.Cos(math.Pi*float64(t-1)/float64(c.steps)))
}
