package asm

// rowKernels work on a row of a matrix as a whole.
type rowKernels struct {
	exp       func(dst, x []float32) (top float32, sum float64)
	softmax   func(dst, x []float32)
	rmsNorm   func(dst, x, w []float32, eps float32) float32
	layerNorm func(dst, x, w, b []float32, eps float32) (mean, invStd float32)
	rope      func(dst, x, cos, sin []float32)
}

// ExpRow sets dst[i] = e^(x[i]-top) with top = max x, and returns top and the sum
// of dst, added in float64: log Σ e^x[i] = top + log sum. An empty row has top
// -Inf and sum 0. A row that contains NaN or +Inf, or nothing but -Inf, gives NaN
// as the sum.
func ExpRow(dst, x []float32) (top float32, sum float64) {
	return current.Load().row.exp(dst[:len(x)], x)
}

// SoftmaxRow sets dst[i] = e^(x[i]-max x) / Σⱼ e^(x[j]-max x). Elements of -Inf
// get 0. A row that contains NaN or +Inf, or nothing but -Inf, becomes NaN.
func SoftmaxRow(dst, x []float32) { current.Load().row.softmax(dst[:len(x)], x) }

// RMSNormRow sets dst[i] = x[i]·r·w[i] with r = 1/√(mean(x²) + eps) (Zhang and
// Sennrich 2019, eq. 4) and returns r.
func RMSNormRow(dst, x, w []float32, eps float32) float32 {
	if len(x) == 0 {
		return 0
	}
	return current.Load().row.rmsNorm(dst[:len(x)], x, w[:len(x)], eps)
}

// LayerNormRow sets dst[i] = (x[i]-mean)·invStd·w[i] + b[i] with invStd =
// 1/√(var(x) + eps), the variance being the mean squared deviation (Ba, Kiros
// and Hinton 2016, eq. 4). It returns mean and invStd. A nil b counts as zeros.
func LayerNormRow(dst, x, w, b []float32, eps float32) (mean, invStd float32) {
	if len(x) == 0 {
		return 0, 0
	}
	if b != nil {
		b = b[:len(x)]
	}
	return current.Load().row.layerNorm(dst[:len(x)], x, w[:len(x)], b, eps)
}

// RoPERow rotates the heads of one token, x [heads·2h] with h = len(cos): in
// every head, element i < h and its partner i+h become
//
//	x[i]·cos[i] - x[i+h]·sin[i]
//	x[i+h]·cos[i] + x[i]·sin[i]
//
// This is the pairing by halves of Hugging Face checkpoints (Su et al. 2021,
// eq. 34, pairs neighbours). A negated sin undoes the rotation. len(x) must be a
// multiple of 2h.
func RoPERow(dst, x, cos, sin []float32) {
	if len(x) == 0 {
		return
	}
	if len(cos) == 0 || len(x)%(2*len(cos)) != 0 {
		panic("asm: RoPERow: length is no multiple of the head dimension")
	}
	current.Load().row.rope(dst[:len(x)], x, cos, sin[:len(cos)])
}
