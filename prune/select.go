package prune

import (
	"math"
	"math/bits"
	"slices"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/tensor/linalg"
)

// Scope is the comparison group of an unstructured pattern: the weights that are ranked together.
type Scope int

const (
	LayerScope Scope = iota // all weights of the matrix
	RowScope                // the weights of one output
)

// SelectLayer returns the mask that prunes the lowest of all scores [out, in]: ⌊out·in·s + 1e-9⌋ of
// them, or N in every group for an N:M pattern. Equal scores go in the order of their flat index.
// NaN counts as the highest score; [Problem.Select] refuses it.
func SelectLayer(score *linalg.Matrix, p Pattern) *Mask {
	m := NewMask(score.Rows, score.Cols)
	var s Selector
	s.Layer(m, score, p)
	return m
}

// SelectRows returns the mask that prunes the lowest scores of every row. Row i loses
// Count((i+1)·in) − Count(i·in) weights, so that the total is that of SelectLayer.
func SelectRows(score *linalg.Matrix, p Pattern) *Mask {
	if p.Structured() {
		return SelectNM(score, p)
	}
	m := NewMask(score.Rows, score.Cols)
	c := score.Cols
	parallel.For(score.Rows, rowGrain(c), func(lo, hi int) {
		var s Selector
		for i := lo; i < hi; i++ {
			s.Row(m, i, 0, score.Row(i), p.Count((i+1)*c)-p.Count(i*c))
		}
	})
	return m
}

// SelectNM returns the mask that prunes, in every row, the N lowest scores of every M neighbours and
// ⌊t·N/M⌋ of a tail of t columns.
func SelectNM(score *linalg.Matrix, p Pattern) *Mask {
	m := NewMask(score.Rows, score.Cols)
	selectNM(m, score, p)
	return m
}

func selectNM(m *Mask, score *linalg.Matrix, p Pattern) {
	parallel.For(score.Rows, rowGrain(score.Cols), func(lo, hi int) {
		var s Selector
		for i := lo; i < hi; i++ {
			row := score.Row(i)
			for j := 0; j < len(row); j += p.M {
				group := row[j:min(j+p.M, len(row))]
				s.Row(m, i, j, group, p.GroupZeros(len(group)))
			}
		}
	})
}

// rowGrain is the number of rows of c scores that are worth a goroutine.
func rowGrain(c int) int { return max(1, 1<<14/max(1, c)) }

// Selector marks the lowest scores of a group as pruned. It keeps its scratch memory between calls;
// the zero value is ready, and every goroutine needs one of its own.
type Selector struct {
	vals []float64
	hist []int
}

// Layer makes m the mask that [SelectLayer] returns for the scores, which have the shape of m. Called
// again and again it allocates nothing.
func (s *Selector) Layer(m *Mask, score *linalg.Matrix, p Pattern) {
	if p.Structured() {
		selectNM(m, score, p)
		return
	}
	s.Block(m, 0, score, p.Count(score.Rows*score.Cols))
}

// Row prunes the k lowest of the scores, which belong to row i of the mask from column col0 on, and
// keeps the others of that range. Equal scores go in the order of their columns.
func (s *Selector) Row(m *Mask, i, col0 int, score []float64, k int) {
	if len(score) <= 64 {
		if n := len(score); n > 0 {
			m.setBits(i, col0, n, ^lowestBits(score, k)&(^uint64(0)>>(64-n)))
		}
		return
	}
	limit, ties := s.threshold(score, k)
	markRow(m, i, col0, score, limit, ties)
}

// Block prunes the k lowest of a block of scores [Rows, b] that belong to columns col0 to col0+b of
// the mask, and keeps the others. Equal scores go in row-major order.
func (s *Selector) Block(m *Mask, col0 int, score *linalg.Matrix, k int) {
	limit, ties := s.threshold(score.Data, k)
	for i := range score.Rows {
		ties = markRow(m, i, col0, score.Row(i), limit, ties)
	}
}

// markRow prunes the scores below limit and the first ties of those equal to it; it returns the ties
// that are left over. Which scores those are cannot be predicted, so no branch depends on it.
func markRow(m *Mask, i, col0 int, score []float64, limit float64, ties int) int {
	for j := 0; j < len(score); j += 64 {
		part := score[j:min(j+64, len(score))]
		var below, equal uint64
		for _, v := range part {
			below = below>>1 | bit(v < limit)<<63
			equal = equal>>1 | bit(v == limit)<<63
		}
		unused := 64 - len(part)
		drop := below >> unused
		for e := equal >> unused; e != 0 && ties > 0; e &= e - 1 {
			drop |= e & -e
			ties--
		}
		m.setBits(i, col0+j, len(part), ^drop&(^uint64(0)>>unused))
	}
	return ties
}

func bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// lowestBits returns a bit per score, set for the k lowest of at most 64.
func lowestBits(score []float64, k int) uint64 {
	var drop uint64
	if len(score) <= 8 && !anyNaN(score) {
		// The groups of N:M patterns: count for each score how many go before it.
		for j, v := range score {
			var before uint64
			for _, u := range score[:j] {
				before += bit(u <= v)
			}
			for _, u := range score[j+1:] {
				before += bit(u < v)
			}
			drop |= bit(before < uint64(k)) << j
		}
		return drop
	}
	for range min(k, len(score)) {
		best := -1
		for j, v := range score {
			if drop>>j&1 != 0 {
				continue
			}
			if best < 0 || v < score[best] || (score[best] != score[best] && v == v) {
				best = j
			}
		}
		drop |= 1 << best
	}
	return drop
}

func anyNaN(vals []float64) bool {
	for _, v := range vals {
		if v != v {
			return true
		}
	}
	return false
}

// histogramFrom is the length from which a histogram pass pays: it narrows the search down to the
// scores that share their leading bits with the threshold, so that only few have to be copied.
const histogramFrom = 1 << 15

// threshold returns the k-th lowest score and how many of the scores equal to it are among the k
// lowest. For k = 0 nothing is below the threshold.
func (s *Selector) threshold(score []float64, k int) (limit float64, ties int) {
	if k <= 0 {
		return math.Inf(-1), 0
	}
	k = min(k, len(score))
	below := 0
	s.vals = s.vals[:0]
	if len(score) < histogramFrom {
		for _, v := range score {
			s.vals = append(s.vals, ordered(v))
		}
	} else {
		const shift = 64 - 16
		if s.hist == nil {
			s.hist = make([]int, 1<<16)
		}
		clear(s.hist)
		for _, v := range score {
			s.hist[orderedBits(v)>>shift]++
		}
		var bucket uint64
		for below+s.hist[bucket] < k {
			below += s.hist[bucket]
			bucket++
		}
		for _, v := range score {
			if orderedBits(v)>>shift == bucket {
				s.vals = append(s.vals, ordered(v))
			}
		}
	}
	limit = quickselect(s.vals, k-1-below)
	for _, v := range s.vals {
		if v < limit {
			below++
		}
	}
	return limit, k - below
}

// ordered replaces NaN by +Inf, which makes < a total order up to equality.
func ordered(v float64) float64 {
	if v != v {
		return math.Inf(1)
	}
	return v
}

// orderedBits maps v to an integer that compares as v does, both zeros to the same one.
func orderedBits(v float64) uint64 {
	v = ordered(v)
	if v == 0 {
		v = 0 // -0 becomes +0
	}
	b := math.Float64bits(v)
	if b>>63 != 0 {
		return ^b
	}
	return b | 1<<63
}

// quickselect returns the value that sorting would put at index k. It reorders vals, which must not
// contain NaN. Inputs that defeat the choice of pivots are sorted instead, so that the work stays
// within O(n log n).
func quickselect(vals []float64, k int) float64 {
	for rounds := 4 * bits.Len(uint(len(vals))); len(vals) > 32; rounds-- {
		if rounds == 0 {
			break
		}
		n := len(vals)
		pivot := median3(vals[0], vals[n/2], vals[n-1])
		if n > 512 {
			pivot = median3(
				median3(vals[0], vals[n/8], vals[n/4]),
				median3(vals[3*n/8], vals[n/2], vals[5*n/8]),
				median3(vals[3*n/4], vals[7*n/8], vals[n-1]))
		}
		// vals[:lt] < pivot, vals[lt:i] = pivot, vals[gt:] > pivot
		lt, i, gt := 0, 0, n
		for i < gt {
			switch v := vals[i]; {
			case v < pivot:
				vals[lt], vals[i] = v, vals[lt]
				lt++
				i++
			case v > pivot:
				gt--
				vals[i], vals[gt] = vals[gt], v
			default:
				i++
			}
		}
		switch {
		case k < lt:
			vals = vals[:lt]
		case k < gt:
			return pivot
		default:
			vals, k = vals[gt:], k-gt
		}
	}
	slices.Sort(vals)
	return vals[k]
}

func median3(a, b, c float64) float64 { return max(min(a, b), min(max(a, b), c)) }
