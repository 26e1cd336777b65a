package global

import (
	"context"
	"flag"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/registry"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor/linalg"
)

const taylorName = "global-taylor"

func init() {
	for _, m := range []struct {
		build   func() prune.Method
		summary string
	}{
		{Magnitude, "drop the smallest absolute weights of all matrices, by one threshold; a baseline"},
		{Taylor, "drop the weights of least weight times gradient over all matrices, by one threshold; a baseline"},
	} {
		registry.Method(m.build().Describe().Name, m.summary, func(*flag.FlagSet) func() (prune.Method, error) {
			return func() (prune.Method, error) { return m.build(), nil }
		})
	}
}

// Magnitude returns the method that drops the smallest absolute weights.
func Magnitude() prune.Method { return &method{name: "global-magnitude", score: magnitude} }

// Taylor returns the method that drops the weights of least weight times gradient (Molchanov et al. 2019).
func Taylor() prune.Method {
	return &method{name: taylorName, score: (&taylor{limit: gradientBytes}).scores}
}

// scores shows the scores of every selected matrix, one after the other in the order of the model: those
// of row i of lin are written to dst by row. It gives the same values every time.
type scores func(ctx context.Context, d *prune.Dense, see func(lin *nn.Linear, row func(dst []float64, i int)) error) error

// method prunes by one threshold.
type method struct {
	name  string
	score scores
	masks map[*nn.Linear]*sparsity.Mask
}

// Describe implements prune.Method.
func (m *method) Describe() prune.Description { return prune.Description{Name: m.name, Solver: m.name} }

// Wants implements prune.Method.
func (m *method) Wants(o *prune.Options) prune.Wants {
	w := prune.Wants{Prepare: m.prepare, Allocation: prune.ByMethod, LayerMemory: m.layerMemory, PrepareMemory: m.prepareMemory}
	if o.Pattern.Structured() {
		w.Allocation = prune.Uniform
	}
	return w
}

// prepare makes the masks of the whole model.
func (m *method) prepare(ctx context.Context, d *prune.Dense) error {
	m.masks = map[*nn.Linear]*sparsity.Mask{}
	if d.Pattern.Structured() {
		return m.score(ctx, d, func(lin *nn.Linear, row func(dst []float64, i int)) error {
			s := linalg.New(lin.Out(), lin.In())
			parallel.Rows(s.Rows, s.Cols, func(i int) { row(s.Row(i), i) })
			m.masks[lin] = sparsity.SelectNM(s, d.Pattern)
			return ctx.Err()
		})
	}
	counter := prune.NewCounter()
	err := m.score(ctx, d, func(lin *nn.Linear, row func(dst []float64, i int)) error {
		counter.Add(lin.Out(), lin.In(), row)
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	t := newThreshold(counter.Distribution(), d.Pattern)
	err = m.score(ctx, d, func(lin *nn.Linear, row func(dst []float64, i int)) error {
		m.masks[lin] = t.mask(lin.Out(), lin.In(), row)
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	t.settle()
	for lin, mask := range m.masks {
		d.SetZeros(lin, int64(mask.Zeros()))
	}
	return nil
}

// PruneLayer implements prune.Method.
func (m *method) PruneLayer(ctx context.Context, l *prune.Layer) error {
	for k, lin := range l.Selected() {
		if err := ctx.Err(); err != nil {
			return err
		}
		l.Progress(prune.StageSolve, float64(k)/float64(len(l.Selected())))
		if err := l.Set(lin, l.Problem(lin, nil).Masked(m.masks[lin])); err != nil {
			return err
		}
		delete(m.masks, lin)
	}
	return nil
}
