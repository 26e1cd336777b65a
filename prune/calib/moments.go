package calib

import (
	"fmt"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/tensor"
)

// WindowMoments holds the first two moments of every input within a calibration window, averaged
// over the windows. They say how an input's mean compares with its spread, which sums of products
// over all tokens do not tell.
type WindowMoments struct {
	Windows   int       // windows averaged so far
	Sums      []float64 // mean over windows of Σ_t x_t [in]
	Variances []float64 // mean over windows of the variance of x_t, 1/T·Σ_t (x_t − mean)² [in]
}

// NewWindowMoments returns moments of no windows of inputs of the given width.
func NewWindowMoments(inputs int) *WindowMoments {
	return &WindowMoments{Sums: make([]float64, inputs), Variances: make([]float64, inputs)}
}

// Add takes in the windows that x [tokens, in] is made of, windowLen consecutive rows each, or one window
// of all rows for 0. It is an error, and nothing is added, when tokens is no multiple of windowLen. An x of
// another width panics with a *tensor.ShapeError.
func (m *WindowMoments) Add(x *tensor.Tensor, windowLen int) error {
	c := len(m.Sums)
	tensor.CheckShape("calib.WindowMoments", x, tensor.AnyDim, c)
	tokens := x.Dim(0)
	if windowLen == 0 {
		windowLen = max(tokens, 1)
	}
	if windowLen < 0 || tokens%windowLen != 0 {
		return fmt.Errorf("activations of %d tokens are not made of calibration windows of %d", tokens, windowLen)
	}
	for t := 0; t < tokens; t += windowLen {
		m.Windows++
		data := x.Rows(t, t+windowLen).Data()
		share := 1 / float64(m.Windows)
		parallel.For(c, max(16, 1<<14/windowLen), func(lo, hi int) {
			sum, spread := make([]float64, hi-lo), make([]float64, hi-lo)
			for i := 0; i < len(data); i += c {
				for j, v := range data[i+lo : i+hi] {
					sum[j] += float64(v)
				}
			}
			for i := 0; i < len(data); i += c {
				for j, v := range data[i+lo : i+hi] {
					d := float64(v) - sum[j]/float64(windowLen)
					spread[j] += d * d
				}
			}
			for j := range sum {
				m.Sums[lo+j] += share * (sum[j] - m.Sums[lo+j])
				m.Variances[lo+j] += share * (spread[j]/float64(windowLen) - m.Variances[lo+j])
			}
		})
	}
	return nil
}
