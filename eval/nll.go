package eval

import (
	"math"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/tensor"
)

// rowsNLL writes to dst[i] the negative log-likelihood of targets[i] under the softmax of row i of
// logits [n, vocab], and returns the first row with a NaN or an infinity, or -1.
func rowsNLL(dst []float64, logits *tensor.Tensor, targets []int) int {
	parallel.For(len(dst), 8, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			dst[i] = targetNLL(logits.Row(i), targets[i])
		}
	})
	for i, v := range dst {
		if math.IsNaN(v) {
			return i
		}
	}
	return -1
}

// targetNLL is log Σ_j exp(x_j) - x_target in float64, shifted by the largest logit. It is NaN when
// any logit is NaN or infinite.
func targetNLL(x []float32, target int) float64 {
	top := x[0]
	for _, v := range x {
		if v-v != 0 { // NaN and both infinities
			return math.NaN()
		}
		top = max(top, v)
	}
	shift, sum := float64(top), 0.0
	for _, v := range x {
		sum += math.Exp(float64(v) - shift)
	}
	return math.Log(sum) + shift - float64(x[target])
}
