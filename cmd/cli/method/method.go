// Package method reads which method of pruning a command line asks for, with the settings that it has.
package method

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/cmd/cli/flags"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/registry"
	"github.com/adagp/adagp/prune/sparsity"
)

// setting is what registered methods say of one of their settings.
type setting struct {
	*flag.Flag          // of the first that has it
	methods    []string // that have it
	vary       bool     // defaults differ
}

// allSettings lists the settings of all registered methods, sorted by name.
func allSettings() (list []*setting) {
	byName := map[string]*setting{}
	for _, m := range registry.Methods() {
		registry.Flags(m.Name).VisitAll(func(f *flag.Flag) {
			s := byName[f.Name]
			if s == nil {
				s = &setting{Flag: f}
				byName[f.Name] = s
				list = append(list, s)
			}
			s.methods = append(s.methods, m.Name)
			s.vary = s.vary || f.DefValue != s.DefValue
		})
	}
	slices.SortFunc(list, func(a, b *setting) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// Flags returns the settings of methods as flags.
func Flags(category string) (list []flags.Flag) {
	for _, s := range allSettings() {
		argument, usage := flag.UnquoteUsage(s.Flag)
		f := flags.Flag{Name: s.Name, Argument: argument, Usage: fmt.Sprintf("%s (%s)", usage, strings.Join(s.methods, ", ")), Category: category}
		if b, ok := s.Value.(interface{ IsBoolFlag() bool }); ok && b.IsBoolFlag() {
			f.Argument, f.Kind = "", flags.Switch
		} else if f.Without = s.DefValue; f.Without == "" || s.vary {
			f.Without = "the method's own"
		}
		list = append(list, f)
	}
	return list
}

// Parse reads --method and the settings that it has.
func Parse(c *cli.Context) (prune.Method, error) {
	name := c.String("method")
	if known := Names(); !slices.Contains(known, name) {
		return nil, exit.Usagef("--method %q: want one of %s", name, strings.Join(known, ", "))
	}
	m, err := registry.New(name, Given(c))
	return m, UsageError(err)
}

// Given returns the settings of methods that the command line has.
func Given(c *cli.Context) registry.Settings {
	given := registry.Settings{}
	for _, s := range allSettings() {
		if c.IsSet(s.Name) {
			given[s.Name] = fmt.Sprint(c.Value(s.Name))
		}
	}
	return given
}

// UsageError makes what is wrong with the settings of a method an error of the command line.
func UsageError(err error) error {
	var s *registry.SettingError
	var c *sparsity.ConflictError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &c):
		return exit.Usagef("--%s and --%s exclude each other", c.A, c.B)
	case !errors.As(err, &s):
		return exit.Usagef("--method: %w", err)
	case s.Value == "":
		return exit.Usagef("--%s: %w", s.Setting, s.Err)
	}
	return exit.Usagef("--%s %s: %w", s.Setting, s.Value, s.Err)
}

// roundingSolver rounds weights with feedback.
const roundingSolver = "sparsegpt"

// feedback returns what rounds with feedback, with those of the given settings that it has.
func feedback(given registry.Settings) (local.Solver, error) {
	own := registry.Settings{}
	registry.Flags(roundingSolver).VisitAll(func(f *flag.Flag) {
		if v, ok := given[f.Name]; ok {
			own[f.Name] = v
		}
	})
	return registry.NewSolver(roundingSolver, own)
}

// Names lists the registered methods.
func Names() (names []string) {
	for _, m := range registry.Methods() {
		names = append(names, m.Name)
	}
	return names
}

// Allocations lists the registered allocations.
func Allocations() (names []string) {
	for _, a := range prune.Allocations() {
		names = append(names, a.Name)
	}
	return names
}

// SetRounding settles how the weights get onto their grids: how is prune.RoundFeedback, prune.RoundNearest,
// or "" for feedback where the method looks at Hessians anyway.
func SetRounding(o *prune.Options, how string, given registry.Settings) (err error) {
	if how == prune.RoundFeedback || how == "" && o.Method.Wants(o).Statistics.Hessian {
		o.Feedback, err = feedback(given)
	}
	return err
}

// Default is the method where none is named.
const Default = "adagp"
