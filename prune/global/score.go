package global

import (
	"context"
	"fmt"
	"math"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/tensor"
)

// magnitude scores a weight by its absolute value.
func magnitude(ctx context.Context, d *prune.Dense, see func(lin *nn.Linear, row func(dst []float64, i int)) error) error {
	return d.Each(ctx, func(_ int, lin *nn.Linear) error {
		return see(lin, func(dst []float64, i int) {
			for j, v := range lin.Weight.Value().Row(i) {
				dst[j] = math.Abs(float64(v))
			}
		})
	})
}

// gradientBytes bounds the scores that global-taylor sums up at one time; a single decoder layer may
// need more.
const gradientBytes = 512 << 20

// taylor scores a weight by |w·dLoss/dw|, summed over the calibration windows.
type taylor struct {
	limit int64                         // bytes of scores at one time
	kept  map[*nn.Linear]*tensor.Tensor // all scores between the first call of scores and the second
}

func (t *taylor) scores(ctx context.Context, d *prune.Dense, see func(lin *nn.Linear, row func(dst []float64, i int)) error) error {
	parts := t.parts(d)
	for _, part := range parts {
		sums, kept := t.kept, t.kept != nil
		t.kept = nil
		if !kept {
			var err error
			if sums, err = t.sum(ctx, d, part); err != nil {
				return err
			}
		}
		for _, linears := range d.Selected[part[0]:part[1]] {
			for _, lin := range linears {
				err := see(lin, func(dst []float64, i int) {
					for j, v := range sums[lin].Row(i) {
						dst[j] = float64(v)
					}
				})
				if err != nil {
					return err
				}
			}
		}
		if len(parts) == 1 && !kept && !d.Pattern.Structured() {
			t.kept = sums
		}
	}
	return nil
}

// sum returns the scores of the matrices of some decoder layers [out, in].
func (t *taylor) sum(ctx context.Context, d *prune.Dense, layers [2]int) (map[*nn.Linear]*tensor.Tensor, error) {
	sums := map[*nn.Linear]*tensor.Tensor{}
	err := d.Backward(ctx, prune.Sweep{PerWindow: true, Layers: layers}, func(g prune.Gradient) error {
		lin := g.Linear
		if sums[lin] == nil {
			sums[lin] = tensor.New(lin.Out(), lin.In())
		}
		addSaliency(sums[lin], lin.Weight.Value(), tensor.MatMulTN(g.DY, g.X))
		return nil
	})
	for lin, s := range sums {
		if i, ok := s.Finite(); !ok && err == nil {
			err = fmt.Errorf("tensor %s: the gradient of weight [%d %d] overflows", d.TensorName(lin), i/lin.In(), i%lin.In())
		}
	}
	return sums, err
}

// parts cuts the decoder layers into ranges whose scores fit the limit, at least one layer each.
func (t *taylor) parts(d *prune.Dense) (parts [][2]int) {
	lo, bytes := 0, int64(0)
	for i, linears := range d.Selected {
		var layer int64
		for _, lin := range linears {
			layer += 4 * int64(lin.Weight.Len())
		}
		if i > lo && bytes+layer > t.limit {
			parts = append(parts, [2]int{lo, i})
			lo, bytes = i, 0
		}
		bytes += layer
	}
	return append(parts, [2]int{lo, len(d.Selected)})
}

// addSaliency adds |w·grad| to sum, element by element; all [out, in].
func addSaliency(sum, w, grad *tensor.Tensor) {
	parallel.Rows(w.Dim(0), w.Dim(1), func(i int) {
		dst, g := sum.Row(i), grad.Row(i)
		for j, v := range w.Row(i) {
			dst[j] += float32(math.Abs(float64(v * g[j])))
		}
	})
}
