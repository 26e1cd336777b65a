package prune

import (
	"fmt"
	"slices"
	"strings"
)

// Info describes a registered solver or method.
type Info struct {
	Name    string
	Summary string // one line
}

// solvers are the names that Register added.
var solvers = map[string]solverEntry{}

type solverEntry struct {
	summary string
	build   func(SolverOptions) (Solver, error)
}

// Register makes a solver known under name, as a local solver inside other methods and as a method
// by itself; summary is one line for lists. A name that is taken panics: it is a mistake of the
// program. Call it from init.
func Register(name, summary string, build func(SolverOptions) (Solver, error)) {
	_, method := methods[name]
	if name == "" || build == nil || method || isSolver(name) {
		panic(fmt.Sprintf("prune: solver %q is registered twice or without a constructor", name))
	}
	solvers[name] = solverEntry{summary, build}
}

func isSolver(name string) bool {
	_, ok := solvers[name]
	return ok
}

// Solvers lists the registered solvers, sorted by name.
func Solvers() []Info {
	all := make([]Info, 0, len(solvers))
	for name, s := range solvers {
		all = append(all, Info{Name: name, Summary: s.summary})
	}
	slices.SortFunc(all, func(a, b Info) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// NewSolver returns the solver of the given name. An unknown name is an error that lists the known
// ones; so is an option out of range.
func NewSolver(name string, o SolverOptions) (Solver, error) {
	entry, ok := solvers[name]
	if !ok {
		var known []string
		for _, s := range Solvers() {
			known = append(known, s.Name)
		}
		return nil, fmt.Errorf("unknown solver %q, want one of %s", name, strings.Join(known, ", "))
	}
	if err := o.Check(); err != nil {
		return nil, fmt.Errorf("solver %s: %w", name, err)
	}
	s, err := entry.build(o)
	if err != nil {
		return nil, fmt.Errorf("solver %s: %w", name, err)
	}
	return s, nil
}
