package autograd

import (
	"fmt"
	"math/rand/v2"

	"github.com/adagp/adagp/tensor"
)

// Dropout sets a share p of the elements of x to zero, chosen by rng, and divides the others by 1-p, so that
// the expectation stays (Srivastava et al. 2014). It is for training: leave it out for inference. A share
// outside [0, 1) panics.
//
//	y = x ⊙ keep/(1-p)    dx = dy ⊙ keep/(1-p)
func Dropout(x *Var, p float64, rng *rand.Rand) *Var {
	if !(p >= 0 && p < 1) {
		panic(fmt.Sprintf("autograd.Dropout: share %v is not in [0, 1)", p))
	}
	m := memoryOf(x)
	keep := emptyLike(m, x.Value)
	factor := float32(1 / (1 - p))
	for i := range keep.Data() {
		keep.Data()[i] = 0
		if rng.Float64() >= p {
			keep.Data()[i] = factor
		}
	}
	times := func(x *tensor.Tensor) *tensor.Tensor {
		y := emptyLike(m, x)
		tensor.MulInto(y, x, keep)
		return y
	}
	return record("Dropout", times(x.Value), func(dy *tensor.Tensor) []*tensor.Tensor { return grads(times(dy)) }, x)
}
