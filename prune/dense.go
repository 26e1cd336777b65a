package prune

import (
	"context"
	"log/slog"

	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/sparsity"
)

// Dense is the model before anything is pruned, for those who look at it as a whole: allocations and
// methods with one threshold for all matrices. At any time the weights of at most one decoder layer
// are loaded, except where [Dense.Backward] has memory for all.
type Dense struct {
	Pattern  sparsity.Pattern // zeros wanted over all matrices
	Selected [][]*nn.Linear   // matrices to prune, by decoder layer
	Seed     uint64
	Log      *slog.Logger // never nil

	run     *run
	batches [][][]int
	windows [][]int
	fisher  map[*nn.Linear][]float64 // nil until Fisher was called
	norms   map[*nn.Linear][]float64 // nil until InputNorms or Fisher was called
}

// TensorName returns the name of lin's weights in the checkpoint.
func (d *Dense) TensorName(lin *nn.Linear) string { return d.run.model.TensorName(lin.Weight) }

// Size returns the number of weights of all selected matrices.
func (d *Dense) Size() int64 {
	var n int64
	for _, linears := range d.Selected {
		for _, lin := range linears {
			n += int64(lin.Weight.Len())
		}
	}
	return n
}

// SetZeros decides how many of lin's weights become zero, for a method that spreads the zeros by itself
// ([ByMethod]); up to all of them. The pattern must be unstructured.
func (d *Dense) SetZeros(lin *nn.Linear, zeros int64) {
	if d.run.patterns == nil {
		d.run.patterns = map[*nn.Linear]sparsity.Pattern{}
	}
	d.run.patterns[lin] = sparsity.Unstructured(float64(zeros) / float64(lin.Weight.Len()))
}

// Each shows every selected matrix, its weights loaded, to visit, decoder layer by decoder layer in
// order.
func (d *Dense) Each(ctx context.Context, visit func(layer int, lin *nn.Linear) error) error {
	for i, linears := range d.Selected {
		if err := d.each(ctx, i, linears, visit); err != nil {
			return err
		}
	}
	return nil
}

func (d *Dense) each(ctx context.Context, layer int, linears []*nn.Linear, visit func(layer int, lin *nn.Linear) error) error {
	release, err := d.run.load(func(see func(*nn.Param)) {
		for _, lin := range linears {
			see(lin.Weight)
		}
	})
	if err != nil {
		return err
	}
	defer release()
	for _, lin := range linears {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := visit(layer, lin); err != nil {
			return err
		}
	}
	return nil
}

// prepare does what comes before the first layer: it spreads the zeros and lets the method look at the
// whole model.
func (r *run) prepare(ctx context.Context) error {
	selected := r.selected
	if r.past.prepared != nil {
		return r.recallPrepared(selected)
	}
	d := &Dense{Pattern: r.options.Pattern, Selected: selected, Seed: r.options.Seed, Log: r.options.Log,
		run: r, windows: r.windows, batches: r.batches}
	if err := r.allocate(ctx, d); err != nil {
		return err
	}
	if r.wants.Fisher {
		f, err := d.Fisher(ctx)
		if err != nil {
			return err
		}
		r.rowWeights = f
	}
	if r.wants.Prepare != nil {
		return r.wants.Prepare(ctx, d) // what the method remembers of it is not kept: it is asked again
	}
	return r.keepPrepared(selected)
}
