package prune

import "context"

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

// MethodOptions are the settings that reach every method, whatever its name; one that has no use for
// a setting ignores it. Zero values mean the method's default.
type MethodOptions struct {
	Solver        Solver        // local solver to use inside; nil: the method's default
	SolverName    string        // name of Solver, for the report
	SolverOptions SolverOptions // for a method that makes its default solver itself

	Paper              bool    // the method exactly as published, where it differs from our default
	Epochs             int     // rounds of alternating minimisation
	Alpha, Beta, Gamma float64 // penalty weights: pre-activations, output, activations
	Ridge              float64 // share of the mean diagonal added in least-squares refits; negative: none
	Seed               uint64  // of any random choice
}
