package global

import (
	"context"
	"errors"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor/linalg"
)

func init() {
	prune.RegisterMethod("global-magnitude", "drop the smallest absolute weights of all matrices, by one threshold; a baseline",
		func(o prune.MethodOptions) (prune.Method, error) {
			return &method{name: "global-magnitude", score: magnitude}, checkOptions(o)
		})
	prune.RegisterMethod("global-taylor", "drop the weights of least weight times gradient over all matrices, by one threshold; a baseline",
		func(o prune.MethodOptions) (prune.Method, error) {
			return &method{name: "global-taylor", score: (&taylor{limit: gradientBytes}).scores}, checkOptions(o)
		})
}

// checkOptions refuses settings that mean something to other methods only.
func checkOptions(o prune.MethodOptions) error {
	if o.Solver != nil || o.Preset != "" || o.Paper || o.Epochs != 0 || o.Alpha != 0 || o.Beta != 0 || o.Gamma != 0 {
		return errors.New("one threshold on scores takes no local solver, preset, schedule or penalties")
	}
	return nil
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

// DefaultAllocation implements prune.Allocator.
func (m *method) DefaultAllocation(p sparsity.Pattern) string {
	if p.Structured() {
		return prune.Uniform
	}
	return prune.ByMethod
}

// Describe implements prune.Describer.
func (m *method) Describe() (string, map[string]any) { return m.name, map[string]any{} }

// Prepare implements prune.Preparer: it makes the masks of the whole model.
func (m *method) Prepare(ctx context.Context, d *prune.Dense) error {
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
