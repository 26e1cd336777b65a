package prune

import (
	"context"
	"math"
	"slices"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

const (
	owlSpread  = 0.08 // λ of the paper: densities span 2λ
	owlOutlier = 5    // M of the paper: an outlier is above M times the mean
)

func init() {
	RegisterAllocation("owl", "more weights to decoder layers with more outliers in their scores (OWL)", owlShares)
}

// owlShares is outlier weighed layerwise sparsity (Yin et al. 2024): a decoder layer keeps the more
// weights the larger the share of its Wanda scores |W_ij|·‖X_j‖ is that exceeds owlOutlier times the
// layer's mean.
func owlShares(ctx context.Context, d *Dense) (map[*nn.Linear]float64, error) {
	norms, err := d.InputNorms(ctx)
	if err != nil {
		return nil, err
	}
	var ratios, sizes []float64
	var blocks [][]*nn.Linear
	for i, linears := range d.Selected {
		if len(linears) == 0 {
			continue
		}
		var size, sum, outliers float64
		err := d.each(ctx, i, linears, func(_ int, lin *nn.Linear) error {
			size += float64(lin.Weight.Len())
			sum += sumRows(lin.Weight.Value(), norms[lin], func(score float64) float64 { return score })
			return nil
		})
		if err != nil {
			return nil, err
		}
		limit := owlOutlier * sum / size
		err = d.each(ctx, i, linears, func(_ int, lin *nn.Linear) error {
			outliers += sumRows(lin.Weight.Value(), norms[lin], func(score float64) float64 {
				if score > limit {
					return 1
				}
				return 0
			})
			return nil
		})
		if err != nil {
			return nil, err
		}
		ratios, sizes, blocks = append(ratios, 100*outliers/size), append(sizes, size), append(blocks, linears)
	}
	shares := map[*nn.Linear]float64{}
	for k, s := range owlSparsities(ratios, sizes, d.Pattern.Sparsity) {
		for _, lin := range blocks[k] {
			shares[lin] = s
		}
	}
	return shares, nil
}

// sumRows returns the sum of f of the Wanda scores of w [out, in], rows in order.
func sumRows(w *tensor.Tensor, norms []float64, f func(score float64) float64) (sum float64) {
	roots := make([]float64, len(norms))
	for j, v := range norms {
		roots[j] = math.Sqrt(v)
	}
	rows := make([]float64, w.Dim(0))
	parallel.Rows(len(rows), len(roots), func(i int) {
		for j, v := range w.Row(i) {
			rows[i] += f(math.Abs(float64(v)) * roots[j])
		}
	})
	for _, v := range rows {
		sum += v
	}
	return sum
}

// owlSparsities turns the shares of outliers of decoder layers with the given numbers of weights into
// sparsities whose mean over the weights is s: the shares, brought to [0, 2·owlSpread], are added to
// the densities. Where that leaves the range of a share, the rest is spread over the other layers.
func owlSparsities(ratios, sizes []float64, s float64) []float64 {
	lowest, highest := slices.Min(ratios), slices.Max(ratios)
	density := make([]float64, len(ratios))
	for k, r := range ratios {
		if highest > lowest {
			density[k] = (r - lowest) / (highest - lowest) * 2 * owlSpread
		}
	}
	return shiftedShares(density, sizes, s)
}
