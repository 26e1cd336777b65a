package prune

import (
	"context"
	"math"

	"github.com/adagp/adagp/nn"
)

const (
	// fisherSpread bounds how far the share of a matrix may be from the one asked for.
	fisherSpread = 0.1
	// maxShare is the most that an allocation makes of a matrix, unless more was asked for.
	maxShare = 0.99
	// thresholdSteps halve the interval of thresholds: to 2⁻³¹ of a bin.
	thresholdSteps = 50
)

func init() {
	RegisterAllocation("fisher", "one threshold on Fisher-weighted scores over all matrices, ±0.1 of the sparsity in each", fisherShares)
}

// fisherShares ranks the weights of all matrices together, by the loss that removing one alone costs
// to second order, S_ij = f_i·W_ij²·E[x_j²], and gives each matrix the share of its scores below the
// one threshold that meets the sparsity asked for, kept within fisherSpread of it.
func fisherShares(ctx context.Context, d *Dense) (map[*nn.Linear]float64, error) {
	fisher, err := d.Fisher(ctx)
	if err != nil {
		return nil, err
	}
	norms, err := d.InputNorms(ctx)
	if err != nil {
		return nil, err
	}
	var linears []*nn.Linear
	var scores []*Distribution
	counter := NewCounter()
	err = d.Each(ctx, func(_ int, lin *nn.Linear) error {
		f, x := fisher[lin], norms[lin]
		counter.Add(lin.Out(), lin.In(), func(dst []float64, i int) {
			for j, w := range lin.Weight.Value().Row(i) {
				dst[j] = f[i] * x[j] * float64(w) * float64(w)
			}
		})
		linears, scores = append(linears, lin), append(scores, counter.Distribution())
		return nil
	})
	if err != nil {
		return nil, err
	}
	shares := map[*nn.Linear]float64{}
	for k, s := range commonThreshold(scores, d.Pattern.Sparsity, fisherSpread) {
		shares[linears[k]] = s
	}
	return shares, nil
}

// commonThreshold returns the share of each of the given scores that lies below one threshold for all,
// kept within spread of s, such that all together it is s.
func commonThreshold(scores []*Distribution, s, spread float64) []float64 {
	lowest, highest := max(0, s-spread), min(s+spread, max(s, maxShare))
	shares, total := make([]float64, len(scores)), 0.0
	for _, d := range scores {
		total += float64(d.Len())
	}
	at := func(u float64) (sum float64) {
		for k, d := range scores {
			shares[k] = min(max(d.Share(u), lowest), highest)
			sum += shares[k] * float64(d.Len())
		}
		return sum
	}
	lo, hi := 0.0, MaxPosition // at 0 every share is the lowest, behind all scores the highest
	for range thresholdSteps {
		if mid := (lo + hi) / 2; at(mid) < s*total {
			lo = mid
		} else {
			hi = mid
		}
	}
	at(hi)
	return shares
}

// shiftedShares returns, for every d, the share base − d kept within 0 and maxShare, the base being
// such that the mean weighted by sizes is s. Where the bounds do not matter the base is s plus the
// mean of d.
func shiftedShares(d, sizes []float64, s float64) []float64 {
	highest := max(s, maxShare)
	shares, total, mean := make([]float64, len(d)), 0.0, 0.0
	for k, size := range sizes {
		total += size
		mean += size * d[k]
	}
	mean /= total
	at := func(base float64) (sum float64, inside bool) {
		inside = true
		for k := range d {
			v := base - d[k]
			shares[k] = min(max(v, 0), highest)
			inside = inside && shares[k] == v
			sum += shares[k] * sizes[k]
		}
		return sum, inside
	}
	if _, inside := at(s + mean); inside {
		return shares
	}
	spread := 0.0
	for _, v := range d {
		spread = max(spread, math.Abs(v))
	}
	lo, hi := -spread, highest+spread
	for range thresholdSteps {
		mid := (lo + hi) / 2
		if sum, _ := at(mid); sum < s*total {
			lo = mid
		} else {
			hi = mid
		}
	}
	at(hi)
	return shares
}
