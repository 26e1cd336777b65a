package sparsity

import (
	"math"
	"math/bits"
	"slices"

	"github.com/adagp/adagp/asm"
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
// NaN counts as the highest score; callers that read scores refuse it. Like the other functions that take scores and a
// pattern it panics with a *PatternError when Pattern.Check refuses the pattern.
func SelectLayer(score *linalg.Matrix, p Pattern) *Mask {
	m := NewMask(score.Rows, score.Cols)
	var s Selector
	s.Layer(m, score, p)
	return m
}

// SelectRows returns the mask that prunes the lowest scores of every row. Row i loses
// Count((i+1)·in) − Count(i·in) weights, so that the total is that of SelectLayer.
func SelectRows(score *linalg.Matrix, p Pattern) *Mask {
	p.must("SelectRows")
	if p.Structured() {
		return SelectNM(score, p)
	}
	m := NewMask(score.Rows, score.Cols)
	c := score.Cols
	parallel.For(score.Rows, parallel.RowGrain(c), func(lo, hi int) {
		var s Selector
		for i := lo; i < hi; i++ {
			s.Row(m, i, 0, score.Row(i), p.Count((i+1)*c)-p.Count(i*c))
		}
	})
	return m
}

// SelectNM returns the mask that prunes, in every row, the N lowest scores of every M neighbours and
// ⌊t·N/M⌋ of a tail of t columns. It panics with a *PatternError when the pattern is not N:M.
func SelectNM(score *linalg.Matrix, p Pattern) *Mask {
	p.mustGroup("SelectNM")
	m := NewMask(score.Rows, score.Cols)
	selectNM(m, score, p)
	return m
}

func selectNM(m *Mask, score *linalg.Matrix, p Pattern) {
	parallel.For(score.Rows, parallel.RowGrain(score.Cols), func(lo, hi int) {
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

// Selector marks the lowest scores of a group as pruned. It keeps its scratch memory between calls;
// the zero value is ready, and every goroutine needs one of its own.
type Selector struct {
	vals []float64
	hist [maxBuckets]uint32
}

// Layer makes m the mask that [SelectLayer] returns for the scores, which have the shape of m. Called
// again and again it allocates nothing.
func (s *Selector) Layer(m *Mask, score *linalg.Matrix, p Pattern) {
	p.must("SelectLayer")
	if p.Structured() {
		selectNM(m, score, p)
		return
	}
	s.Block(m, 0, score, p.Count(score.Rows*score.Cols))
}

// Row prunes the k lowest of the scores, which belong to row i of the mask from column col0 on, and
// keeps the others of that range; none for a negative k. Equal scores go in the order of their columns.
func (s *Selector) Row(m *Mask, i, col0 int, score []float64, k int) {
	k = max(k, 0)
	if len(score) <= 64 {
		if n := len(score); n > 0 {
			m.setBits(i, col0, n, ^lowestBits(score, k)&(^uint64(0)>>(64-n)))
		}
		return
	}
	limit, ties, equal := s.threshold(score, k)
	if ties == equal {
		markBelow(m, i, col0, score, limit)
	} else {
		markRow(m, i, col0, score, limit, ties)
	}
}

// Block prunes the k lowest of a block of scores [Rows, b] that belong to columns col0 to col0+b of
// the mask, and keeps the others. Equal scores go in row-major order.
func (s *Selector) Block(m *Mask, col0 int, score *linalg.Matrix, k int) {
	limit, ties, equal := s.threshold(score.Data, k)
	if ties == equal {
		parallel.For(score.Rows, parallel.RowGrain(score.Cols), func(lo, hi int) {
			for i := lo; i < hi; i++ {
				markBelow(m, i, col0, score.Row(i), limit)
			}
		})
		return
	}
	for i := range score.Rows {
		ties = markRow(m, i, col0, score.Row(i), limit, ties)
	}
}

// markBelow prunes the scores up to limit.
func markBelow(m *Mask, i, col0 int, score []float64, limit float64) {
	for j := 0; j < len(score); j += 64 {
		part := score[j:min(j+64, len(score))]
		var above uint64
		for _, v := range part {
			above = above>>1 | (bit(v <= limit)^1)<<63
		}
		m.setBits(i, col0+j, len(part), above>>(64-len(part)))
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

// A histogram narrows the search for the threshold down to the scores in one of its buckets. Up to
// fewScores are searched without.
const (
	fewScores  = 256
	maxBuckets = 1 << 12
)

// threshold returns the k-th lowest score, how many of the scores equal to it are among the k lowest,
// and how many there are. For k = 0 nothing is below the threshold.
func (s *Selector) threshold(score []float64, k int) (limit float64, ties, equal int) {
	if k <= 0 {
		return math.Inf(-1), 0, 1
	}
	k = min(k, len(score))
	// A sum of squares is finite only when all scores are.
	sum := asm.Dot64(score, score)
	narrowed := sum-sum == 0 && len(score) > fewScores
	if narrowed {
		k, narrowed = s.narrow(score, k)
	}
	for range 3 {
		if !narrowed || len(s.vals) <= fewScores {
			break
		}
		k, _ = s.narrow(s.vals, k)
	}
	if !narrowed {
		s.vals = slices.Grow(s.vals[:0], len(score)) // at once: growing would hold two
		for _, v := range score {
			s.vals = append(s.vals, ordered(v))
		}
	}
	limit = quickselect(s.vals, k-1)
	for _, v := range s.vals {
		if v < limit {
			k--
		} else if v == limit {
			equal++
		}
	}
	return limit, k, equal
}

// narrow sets s.vals, which may be the scores themselves, to those of the finite scores that share a
// bucket with the k-th lowest, and returns the rank of that among them; or it does nothing when their
// range cannot be cut.
func (s *Selector) narrow(score []float64, k int) (rank int, ok bool) {
	lowest, highest := score[0], score[0]
	for _, v := range score {
		if v < lowest {
			lowest = v
		}
		if v > highest {
			highest = v
		}
	}
	n := 1 << min(max(bits.Len(uint(len(score)))-3, 6), bits.Len(maxBuckets)-1)
	scale := float64(n-1) / (highest - lowest)
	if !(scale > 0) || math.IsInf(scale, 0) {
		return k, false
	}
	hist := s.hist[:n]
	clear(hist)
	for _, v := range score {
		hist[int((v-lowest)*scale)&(n-1)]++
	}
	bucket := 0
	for ; int(hist[bucket]) < k; bucket++ {
		k -= int(hist[bucket])
	}
	inside := s.vals[:0]
	for _, v := range score {
		if int((v-lowest)*scale) == bucket {
			inside = append(inside, v)
		}
	}
	s.vals = inside
	return k, true
}

// ordered replaces NaN by +Inf, which makes < a total order up to equality.
func ordered(v float64) float64 {
	if v != v {
		return math.Inf(1)
	}
	return v
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
