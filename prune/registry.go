package prune

import (
	"fmt"
	"slices"
	"strings"

	"github.com/adagp/adagp/prune/local"
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
	build   func(local.SolverOptions) (local.Solver, error)
}

// Register makes a solver known under name, as a local solver inside other methods and as a method
// by itself; summary is one line for lists. A name that is taken panics: it is a mistake of the
// program. Call it from init.
func Register(name, summary string, build func(local.SolverOptions) (local.Solver, error)) {
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
func NewSolver(name string, o local.SolverOptions) (local.Solver, error) {
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
// into one. An unknown name is an error that lists the known ones; options that contradict each other are a
// *ConflictError.
func NewMethod(name string, o MethodOptions) (Method, error) {
	if err := o.Check(); err != nil {
		return nil, fmt.Errorf("method %s: %w", name, err)
	}
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
