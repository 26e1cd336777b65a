package prune

import (
	"math"
	"slices"
	"sync"

	"github.com/adagp/adagp/internal/parallel"
)

// Scores are counted in bins by the leading bits of their float64 form, which sorts numbers from 0 as
// they are: all of the exponent and binBits of the fraction. A bin spans a factor of at most 1 + 2^-8,
// so that a threshold is known to 0.4 % of itself.
const (
	binBits  = 8
	binShift = 52 - binBits
	binCount = 0x7ff << binBits // of finite numbers
)

// Distribution counts scores, which are finite and not negative, without keeping them: some tens of
// kilobytes for a matrix of any size. It answers what share of them lies below a threshold, with an
// error below the share of one bin: of the scores within 0.4 % of the threshold.
type Distribution struct {
	bins  []int64   // numbers of the bins that are not empty, rising
	below []float64 // scores in the bins before each, and in all at the end
}

// Len returns the number of scores.
func (d *Distribution) Len() int64 {
	if len(d.bins) == 0 {
		return 0
	}
	return int64(d.below[len(d.bins)])
}

// Share returns the share of scores below the threshold at position u of the scale; see [Position].
// It rises evenly within a bin, so that it takes every value from 0 to 1.
func (d *Distribution) Share(u float64) float64 {
	if d.Len() == 0 {
		return 0
	}
	bin := math.Floor(u)
	k, found := slices.BinarySearch(d.bins, int64(bin))
	n := d.below[k]
	if found {
		n += (u - bin) * (d.below[k+1] - n)
	}
	return n / d.below[len(d.bins)]
}

// Around returns the bin [first, end) of scores in which the k-th lowest stands, k counted from 1, and
// the number of scores below the bin. For k = 0 the bin is empty and in front of all.
func (d *Distribution) Around(k int64) (first, end float64, below int64) {
	if k <= 0 {
		return 0, 0, 0
	}
	n, _ := slices.BinarySearch(d.below, float64(k)) // the first n with below[n] >= k
	bin := uint64(d.bins[n-1])
	first, end = math.Float64frombits(bin<<binShift), math.Float64frombits((bin+1)<<binShift)
	return first, end, int64(d.below[n-1])
}

// Position returns where a score stands on the scale of thresholds, between [0, MaxPosition]: bins,
// and evenly within them. It is monotonous, and logarithmic but for the pieces of a bin's length.
func Position(score float64) float64 {
	return float64(math.Float64bits(score)) / (1 << binShift)
}

// binOf returns the bin of a score; what is not finite goes with the largest.
func binOf(score float64) int64 {
	return int64(min(math.Float64bits(score)>>binShift, binCount-1))
}

// MaxPosition is behind every score.
const MaxPosition = float64(binCount)

// Counter adds scores up to a [Distribution].
type Counter struct {
	mu     sync.Mutex
	counts []int64 // by bin
}

// CounterBytes is what counting takes whatever is counted: the counts, those of the parts of two threads, and the
// distribution that comes of them.
const CounterBytes = 8*binCount + 2*4*binCount

// NewCounter returns a counter of nothing.
func NewCounter() *Counter { return &Counter{counts: make([]int64, binCount)} }

// Add counts the scores of a matrix [rows, cols]; those of row i are written to dst by row, which
// several goroutines call at once. The sums do not depend on their number.
func (c *Counter) Add(rows, cols int, row func(dst []float64, i int)) {
	// A part of some size, because each brings a table of counts.
	parallel.For(rows, max(1, (1<<20)/max(cols, 1)), func(lo, hi int) {
		local := make([]uint32, binCount) // a part has no more than 2³² elements
		scores := make([]float64, cols)
		for i := lo; i < hi; i++ {
			row(scores, i)
			for _, s := range scores {
				local[binOf(s)]++
			}
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		for k, n := range local {
			if n != 0 {
				c.counts[k] += int64(n)
			}
		}
	})
}

// Distribution returns what was counted, and starts again from nothing.
func (c *Counter) Distribution() *Distribution {
	d := &Distribution{}
	total := 0.0
	for k, n := range c.counts {
		if n != 0 {
			d.bins, d.below = append(d.bins, int64(k)), append(d.below, total)
			total += float64(n)
			c.counts[k] = 0
		}
	}
	d.below = append(d.below, total)
	return d
}
