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

// Add implements [Sum]. It is an error, and nothing is added, when the tokens are no multiple of the batch's
// window length. Inputs of another width panic with a *tensor.ShapeError.
func (m *WindowMoments) Add(b Batch) error {
	x, windowLen := b.X, b.WindowLen
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

// Merge implements [Sum]: means are weighted by the numbers of windows.
func (m *WindowMoments) Merge(o Sum) error {
	p, ok := o.(*WindowMoments)
	if !ok || len(m.Sums) != len(p.Sums) {
		return mergeError(m, o)
	}
	m.Windows += p.Windows
	if m.Windows == 0 {
		return nil
	}
	share := float64(p.Windows) / float64(m.Windows)
	for j := range m.Sums {
		m.Sums[j] += share * (p.Sums[j] - m.Sums[j])
		m.Variances[j] += share * (p.Variances[j] - m.Variances[j])
	}
	return nil
}

// Bytes implements [Sum].
func (m *WindowMoments) Bytes() int64 { return 16 * int64(len(m.Sums)) }

// MarshalBinary implements [Sum].
func (m *WindowMoments) MarshalBinary() ([]byte, error) {
	return encodeFloats("moments", []int{m.Windows}, m.Sums, m.Variances), nil
}

// UnmarshalBinary implements [Sum].
func (m *WindowMoments) UnmarshalBinary(b []byte) error {
	ns, ls, err := decodeFloats(b, "moments", 1, 2)
	if err != nil {
		return err
	}
	if len(ls[0]) != len(ls[1]) {
		return fmt.Errorf("encoded moments have %d sums and %d variances", len(ls[0]), len(ls[1]))
	}
	m.Windows, m.Sums, m.Variances = ns[0], ls[0], ls[1]
	return nil
}
