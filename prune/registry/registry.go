// Package registry knows local solvers and methods by their names, with the settings that each has: it is where
// the text of a command line becomes values. Programs that are written in Go need no names: they make the values
// themselves, such as adagp.New(adagp.Balanced()), and hand them to prune.Run.
//
// A setting is declared with package flag, and read by whoever declared it:
//
//	func init() {
//		registry.Solver("coinflip", "drop weights at random", func(fs *flag.FlagSet) func() (local.Solver, error) {
//			s := Solver{}
//			registry.Positive(fs, &s.Bias, "bias", "odds `X` for a weight to stay")
//			return func() (local.Solver, error) { return s, nil }
//		})
//	}
package registry

import (
	"flag"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/local"
)

// Settings are texts of settings by their names, as on a command line without the dashes; of a switch "true" or
// "false".
type Settings map[string]string

// Info describes a registered solver or method.
type Info struct {
	Name    string
	Summary string // one line
}

// entry is what is registered under a name.
type entry struct {
	summary string
	// declare declares the settings on fs and returns what makes the method from the values they got.
	declare func(fs *flag.FlagSet) func() (prune.Method, error)
	// solver is the same for the local solver that the entry is; nil when it is none.
	solver func(fs *flag.FlagSet) func() (local.Solver, error)
}

var entries = map[string]entry{}

func register(name string, e entry) {
	if _, taken := entries[name]; taken || name == "" || e.declare == nil {
		panic(fmt.Sprintf("registry: %q is registered twice or without a constructor", name))
	}
	entries[name] = e
}

// Solver makes a local solver known under name, to be used inside other methods and as a method by itself;
// summary is one line for lists. declare is called each time the solver is made or asked for its settings. A name
// that is taken panics: it is a mistake of the program. Call it from init.
func Solver(name, summary string, declare func(fs *flag.FlagSet) func() (local.Solver, error)) {
	e := entry{summary: summary, solver: declare}
	if declare != nil {
		e.declare = func(fs *flag.FlagSet) func() (prune.Method, error) {
			build := declare(fs)
			return func() (prune.Method, error) {
				s, err := build()
				if err != nil {
					return nil, err
				}
				return prune.Local(s), nil
			}
		}
	}
	register(name, e)
}

// Plain is [Solver] for one that has no settings.
func Plain(name, summary string, s local.Solver) {
	Solver(name, summary, func(*flag.FlagSet) func() (local.Solver, error) {
		return func() (local.Solver, error) { return s, nil }
	})
}

// Method makes a method known under name, as [Solver] does.
func Method(name, summary string, declare func(fs *flag.FlagSet) func() (prune.Method, error)) {
	register(name, entry{summary: summary, declare: declare})
}

// Methods lists what is registered, solvers included, sorted by name.
func Methods() []Info { return list(func(entry) bool { return true }) }

// Solvers lists the registered solvers, sorted by name.
func Solvers() []Info { return list(func(e entry) bool { return e.solver != nil }) }

func list(want func(entry) bool) []Info {
	all := []Info{}
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		if e := entries[name]; want(e) {
			all = append(all, Info{name, e.summary})
		}
	}
	return all
}

// Flags returns the settings that the named method or solver has; nil for a name that is not registered.
func Flags(name string) *flag.FlagSet {
	e, ok := entries[name]
	if !ok {
		return nil
	}
	fs := newFlagSet(name)
	e.declare(fs)
	return fs
}

// New returns the named method with the given settings, the others at their defaults. It is an error that names
// what is known if there is no such method, if it has no such setting, or if a value does not do.
func New(name string, settings Settings) (prune.Method, error) {
	e, ok := entries[name]
	if !ok {
		return nil, unknown("method", name, Methods())
	}
	return build(name, settings, e.declare)
}

// NewSolver is [New] for a local solver.
func NewSolver(name string, settings Settings) (local.Solver, error) {
	e := entries[name]
	if e.solver == nil {
		return nil, unknown("solver", name, Solvers())
	}
	return build(name, settings, e.solver)
}

func build[T any](name string, settings Settings, declare func(fs *flag.FlagSet) func() (T, error)) (made T, err error) {
	fs := newFlagSet(name)
	finish := declare(fs)
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		if err := set(fs, name, key, settings[key]); err != nil {
			return made, err
		}
	}
	if made, err = finish(); err != nil {
		return made, fmt.Errorf("%s: %w", name, err)
	}
	return made, nil
}

// set gives a setting of the named method its value.
func set(fs *flag.FlagSet, name, key, value string) error {
	if fs.Lookup(key) == nil {
		return &SettingError{Setting: key, Err: fmt.Errorf("method %s has no such setting", name)}
	}
	if err := fs.Set(key, value); err != nil {
		return &SettingError{Setting: key, Value: value, Err: err}
	}
	return nil
}

// SettingError says what is wrong with a setting.
type SettingError struct {
	Setting, Value string
	Err            error
}

// Error names the setting and its value.
func (e *SettingError) Error() string {
	if e.Value == "" {
		return e.Setting + ": " + e.Err.Error()
	}
	return fmt.Sprintf("%s %s: %v", e.Setting, e.Value, e.Err)
}

// Unwrap returns what is wrong.
func (e *SettingError) Unwrap() error { return e.Err }

func newFlagSet(name string) *flag.FlagSet {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	return fs
}

func unknown(what, name string, known []Info) error {
	var names []string
	for _, i := range known {
		names = append(names, i.Name)
	}
	return fmt.Errorf("unknown %s %q, want one of %s", what, name, strings.Join(names, ", "))
}
