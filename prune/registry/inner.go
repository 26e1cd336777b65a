package registry

import (
	"flag"
	"fmt"
	"slices"
	"strings"

	"github.com/adagp/adagp/prune/local"
)

// Inner declares the settings of a method that has a local solver inside: "solver", its name, and the settings of
// all solvers, for whichever is named. What it returns makes the solver: the named one, or the one of the given
// name where the settings name none.
func Inner(fs *flag.FlagSet) func(otherwise string) (local.Solver, error) {
	var name string
	fs.Var(solverName{&name}, "solver", "local solver `NAME`")
	for _, s := range Solvers() {
		own := Flags(s.Name)
		own.VisitAll(func(f *flag.Flag) {
			if fs.Lookup(f.Name) == nil {
				fs.Var(&text{flag: f}, f.Name, f.Usage)
			}
		})
	}
	return func(otherwise string) (local.Solver, error) {
		if name == "" {
			name = otherwise
		}
		given, own := Settings{}, Flags(name)
		var err error
		fs.Visit(func(f *flag.Flag) {
			if t, isSolvers := f.Value.(*text); isSolvers {
				if own == nil || own.Lookup(f.Name) == nil {
					err = &SettingError{Setting: f.Name, Err: fmt.Errorf("solver %s has no such setting", name)}
					return
				}
				given[f.Name] = t.given
			}
		})
		if err != nil {
			return nil, err
		}
		return NewSolver(name, given)
	}
}

// solverName is the setting that names a solver.
type solverName struct{ v *string }

func (n solverName) String() string {
	if n.v == nil {
		return ""
	}
	return *n.v
}

func (n solverName) Set(name string) error {
	if entries[name].solver == nil {
		known := Solvers()
		names := make([]string, len(known))
		for i, s := range known {
			names[i] = s.Name
		}
		return fmt.Errorf("want one of %s", strings.Join(slices.Sorted(slices.Values(names)), ", "))
	}
	*n.v = name
	return nil
}

// text keeps the value of a solver's setting until it is known which solver it is for.
type text struct {
	flag  *flag.Flag // of a solver that has it
	given string
}

func (t *text) String() string {
	if t.flag == nil {
		return ""
	}
	return t.flag.DefValue
}

func (t *text) Set(s string) error {
	t.given = s
	return t.flag.Value.Set(s) // says what is wrong with it; solvers agree on what a name means
}
