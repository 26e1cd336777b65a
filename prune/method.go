package prune

import (
	"context"
	"fmt"
	"slices"
	"strings"
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

// methods are the names that RegisterMethod added; solvers count as methods without being here.
var methods = map[string]methodEntry{}

type methodEntry struct {
	summary string
	build   func(MethodOptions) (Method, error)
}

// RegisterMethod makes a method known under name; summary is one line for lists. A name that is
// taken by another method or solver panics: it is a mistake of the program. Call it from init.
func RegisterMethod(name, summary string, build func(MethodOptions) (Method, error)) {
	if _, taken := methods[name]; taken || name == "" || build == nil || isSolver(name) {
		panic(fmt.Sprintf("prune: method %q is registered twice or without a constructor", name))
	}
	methods[name] = methodEntry{summary, build}
}

// Methods lists the registered methods, local solvers included, sorted by name.
func Methods() []Info {
	all := Solvers()
	for name, m := range methods {
		all = append(all, Info{Name: name, Summary: m.summary})
	}
	slices.SortFunc(all, func(a, b Info) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// NewMethod returns the method of the given name: a registered one, or a registered solver made
// into one. An unknown name is an error that lists the known ones.
func NewMethod(name string, o MethodOptions) (Method, error) {
	if m, ok := methods[name]; ok {
		made, err := m.build(o)
		if err != nil {
			return nil, fmt.Errorf("method %s: %w", name, err)
		}
		return made, nil
	}
	if !isSolver(name) {
		var known []string
		for _, m := range Methods() {
			known = append(known, m.Name)
		}
		return nil, fmt.Errorf("unknown method %q, want one of %s", name, strings.Join(known, ", "))
	}
	if o.Solver != nil && o.SolverName != name {
		return nil, fmt.Errorf("method %s is a local solver and takes no other solver, got %s", name, o.SolverName)
	}
	s, err := NewSolver(name, o.SolverOptions)
	if err != nil {
		return nil, fmt.Errorf("method %s: %w", name, err)
	}
	return Local(name, s), nil
}
