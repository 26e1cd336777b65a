package eval

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// Interval is a difference between two models, measured on the same windows or questions, with the range
// in which it lies with the given confidence.
type Interval struct {
	Difference float64 // mean of b - a
	Low, High  float64
}

// MaxResamples bounds what [PairedBootstrap] keeps in memory: 8 bytes for each resample.
const MaxResamples = 10_000_000

// DefaultResamples is enough that the bounds of an interval are steady to two digits.
const DefaultResamples = 10_000

// PairedBootstrap estimates how much the mean of b differs from that of a, both measured on the same
// items (windows, questions) in the same order. Items are drawn with replacement, resamples times, both
// models' values of an item together, so that what makes an item hard for both drops out; Low and High are
// the quantiles of the resampled differences that leave (1-confidence)/2 on either side (percentile
// bootstrap, Efron 1979; paired as in Koehn, EMNLP 2004). The generator is rand.NewPCG(seed, 0).
func PairedBootstrap(a, b []float64, resamples int, confidence float64, seed uint64) (Interval, error) {
	switch {
	case len(a) != len(b):
		return Interval{}, fmt.Errorf("%d and %d values, want as many of both", len(a), len(b))
	case len(a) < 2:
		return Interval{}, fmt.Errorf("%d values, want at least 2 to tell a difference from chance", len(a))
	case resamples > MaxResamples:
		return Interval{}, fmt.Errorf("%d resamples: want at most %d, and %d are enough", resamples, MaxResamples, DefaultResamples)
	case resamples < 1 || !(confidence > 0 && confidence < 1):
		return Interval{}, fmt.Errorf("%d resamples at a confidence of %v: want at least 1, and between 0 and 1", resamples, confidence)
	}
	n := len(a)
	d, sum := make([]float64, n), 0.0
	for i := range a {
		d[i] = b[i] - a[i]
		sum += d[i]
	}
	rng := rand.New(rand.NewPCG(seed, 0))
	means := make([]float64, resamples)
	for r := range means {
		s := 0.0
		for range n {
			s += d[rng.IntN(n)]
		}
		means[r] = s / float64(n)
	}
	slices.Sort(means)
	tail := (1 - confidence) / 2
	return Interval{sum / float64(n), quantile(means, tail), quantile(means, 1-tail)}, nil
}

// quantile interpolates between the sorted values.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}
