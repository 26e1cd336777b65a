package prune

import (
	"context"
	"maps"

	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/calib"
	"github.com/adagp/adagp/prune/local"
)

// A Method prunes one decoder layer after the other, each with its own weights loaded and the
// hidden states of the already pruned prefix at hand. Local solvers become methods by [Local];
// methods that treat several matrices together implement the interface themselves. A method value
// serves one run at a time.
type Method interface {
	Describe() Description
	// Wants says what the method wants of a run with the given options, besides its layers. It is called before
	// anything is loaded.
	Wants(o *Options) Wants
	// PruneLayer prunes every matrix in l.Selected and hands the results to l.Set. A cancelled
	// context ends the work soon with the context's error.
	PruneLayer(ctx context.Context, l *Layer) error
}

// Description is what a method says of itself, for reports, and for telling whether two runs are the same.
type Description struct {
	Name     string         // as it is registered
	Solver   string         // name of its local solver; "": none
	Settings map[string]any // all that its results depend on, after defaults; nil: none
}

// Wants is what a method wants of a run. The zero value is a method that looks at nothing.
type Wants struct {
	// Statistics are those that it will ask [Layer.Capture] for.
	Statistics local.Needs
	// Fisher asks for how much the loss depends on each output of a matrix: the run begins with a Fisher pass,
	// and [Layer.RowWeights] has values.
	Fisher bool
	// DenseSums asks for the residual stream of the original layer: [Layer.DenseSums] has values.
	DenseSums bool
	// HeldOut says that some of its work is done only where calibration windows are held out to judge it: where
	// there are too few windows for that, the run tells that it is left out.
	HeldOut bool
	// Allocation names how the zeros are spread over the matrices when the options name nothing; "" is [Uniform].
	Allocation string
	// Prepare looks at the dense model before the first layer is pruned; nil: no need.
	Prepare func(ctx context.Context, d *Dense) error
	// Finish goes over the model once more when all layers are pruned; nil: no need. The pruned tensors reach the
	// [Sink] only after it returned, so that it may still change them.
	Finish func(ctx context.Context, f *Final) error
	// LayerMemory says what the method takes, beside the weights of a decoder layer before and after pruning, in the
	// stages of its work on one; nil: as a method made by [Local] with a Hessian for every input.
	LayerMemory func(s LayerShape) []StagePlan
	// PrepareMemory says what Prepare takes; nil: what [Dense.Backward] does.
	PrepareMemory func(s LayerShape) PreparePlan
	// FinishMemory says what Finish takes; nil: nothing but the model.
	FinishMemory func(s LayerShape) []Part
}

// Local returns the method that solves every selected matrix of a decoder layer by itself, all on
// statistics captured in one pass through the still dense layer.
func Local(s local.Solver) Method { return &localMethod{s} }

type localMethod struct{ solver local.Solver }

func (m *localMethod) PruneLayer(ctx context.Context, l *Layer) error {
	stats, err := l.Capture(ctx, m.solver.Needs())
	if err != nil {
		return err
	}
	return l.SolveEach(ctx, m.solver, l.Selected(), stats)
}

func (m *localMethod) Describe() Description {
	d := m.solver.Describe()
	return Description{d.Name, d.Name, maps.Clone(d.Settings)}
}

func (m *localMethod) Wants(*Options) Wants {
	needs := m.solver.Needs()
	return Wants{Statistics: needs, LayerMemory: func(s LayerShape) []StagePlan {
		return LocalMemory(s, needs, func(rows, cols int) int64 { return WorkspaceOf(m.solver, rows, cols, s.Kept) })
	}}
}

// Problem returns the local pruning problem of one matrix of the layer: its dense weights, the
// statistics of its inputs and the pattern.
func (l *Layer) Problem(lin *nn.Linear, stats *calib.Stats) *local.Problem {
	p := &local.Problem{Name: l.TensorName(lin), W: l.Weights(lin), Pattern: l.Pattern(lin), Seed: l.run.options.Seed, Log: l.Log}
	if l.run.options.Feedback != nil {
		p.Quantize = l.run.options.Quantize
	}
	if stats != nil {
		p.H, p.SquaredNorms, p.Moments, p.More = stats.Hessian, stats.SquaredNorms, stats.Moments, stats.More
	}
	return p
}

// SolveEach prunes each of the given matrices by itself with s and sets the results. stats comes
// from [Layer.Capture].
func (l *Layer) SolveEach(ctx context.Context, s local.Solver, linears []*nn.Linear, stats map[*nn.Linear]*calib.Stats) error {
	for _, lin := range linears {
		if err := ctx.Err(); err != nil {
			return err
		}
		l.Progress(StageSolve, float64(len(l.results))/float64(len(l.selected)))
		sol, err := local.Solve(ctx, s, l.Problem(lin, stats[lin]))
		if err != nil {
			return err
		}
		if err := l.Set(lin, sol); err != nil {
			return err
		}
	}
	return nil
}
