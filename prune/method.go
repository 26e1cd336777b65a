package prune

import (
	"context"

	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/sparsity"
)

// A Method prunes one decoder layer after the other, each with its own weights loaded and the
// hidden states of the already pruned prefix at hand. Local solvers become methods by [Local];
// methods that treat several matrices together implement the interface themselves.
type Method interface {
	// PruneLayer prunes every matrix in l.Selected and hands the results to l.Set. A cancelled
	// context ends the work soon with the context's error.
	PruneLayer(ctx context.Context, l *Layer) error
}

// Describer is a Method that reports what it does with its options: the name of its local solver
// and the values that its settings take after defaults.
type Describer interface {
	Describe() (solver string, hyperparameters map[string]any)
}

// FisherUser is a Method that wants to know how much the loss depends on each output of a matrix:
// when WantsFisher says so, the run begins with a Fisher pass and [Layer.RowWeights] has values.
type FisherUser interface {
	WantsFisher() bool
}

// SumsUser is a Method that wants to know the residual stream of the original layer: when WantsDenseSums says
// so, [Layer.DenseSums] has values.
type SumsUser interface {
	WantsDenseSums() bool
}

// HeldOutUser is a Method that does some of its work only where calibration windows are held out to judge it:
// when WantsHeldOut says so and there are too few windows for that, the run tells that it is left out.
type HeldOutUser interface {
	WantsHeldOut() bool
}

// Allocator is a Method with an opinion on how the zeros are spread over the matrices: it names the
// registered allocation to use for the pattern when the options name none. For other methods that is
// [Uniform].
type Allocator interface {
	DefaultAllocation(p sparsity.Pattern) string
}

// Finisher is a Method that goes over the model once more when all layers are pruned. The pruned
// tensors reach the [Sink] only after Finish returned, so that it may still change them. A Finisher
// that also has a method WantsFinish() bool is asked that first; false saves loading the model.
type Finisher interface {
	Finish(ctx context.Context, f *Final) error
}

// Presets are the values that MethodOptions.Preset takes besides "", the method's default, by rising
// cost.
var Presets = []string{"fast", "balanced", "best"}

// Check returns a *ConflictError for settings that contradict each other.
func (o MethodOptions) Check() error {
	if o.Paper && o.Preset != "" {
		return &sparsity.ConflictError{A: "paper", B: "preset " + o.Preset}
	}
	return nil
}

// MethodOptions are the settings that reach every method, whatever its name; one that has no use for
// a setting ignores it. Zero values mean the method's default.
type MethodOptions struct {
	Solver        local.Solver        // local solver to use inside; nil: the method's default
	SolverName    string              // name of Solver, for the report
	SolverOptions local.SolverOptions // for a method that makes its default solver itself

	Preset             string  // one of Presets: how much time to spend; "": the method's default
	Paper              bool    // the method exactly as published, where it differs from our default
	Epochs             int     // rounds of alternating minimisation
	Alpha, Beta, Gamma float64 // penalty weights: pre-activations, output, activations
	Ridge              float64 // share of the mean diagonal added in least-squares refits; negative: none
	Seed               uint64  // of any random choice
	Quantized          bool    // weights are rounded when their layer is done: a Finisher cannot move them
}
