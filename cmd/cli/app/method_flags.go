package app

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

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

// settingFlags returns the settings of methods as flags.
func settingFlags(category string) (flags []cli.Flag) {
	for _, s := range allSettings() {
		usage := fmt.Sprintf("%s (%s)", s.Usage, strings.Join(s.methods, ", "))
		if b, ok := s.Value.(interface{ IsBoolFlag() bool }); ok && b.IsBoolFlag() {
			flags = append(flags, &cli.BoolFlag{Name: s.Name, Usage: usage, DisableDefaultText: true, Category: category})
			continue
		}
		text := s.DefValue
		if text == "" || s.vary {
			text = "the method's own"
		}
		flags = append(flags, &cli.StringFlag{Name: s.Name, Usage: usage, DefaultText: text, Category: category})
	}
	return flags
}

// parseMethod reads --method and the settings that it has.
func parseMethod(c *cli.Context) (prune.Method, error) {
	name := c.String("method")
	if known := methodNames(); !slices.Contains(known, name) {
		return nil, usagef("--method %q: want one of %s", name, strings.Join(known, ", "))
	}
	m, err := registry.New(name, givenSettings(c))
	return m, settingError(err)
}

// givenSettings are the settings of methods that the command line has.
func givenSettings(c *cli.Context) registry.Settings {
	given := registry.Settings{}
	for _, s := range allSettings() {
		if c.IsSet(s.Name) {
			given[s.Name] = fmt.Sprint(c.Value(s.Name))
		}
	}
	return given
}

// settingError makes what is wrong with the settings of a method an error of the command line.
func settingError(err error) error {
	var s *registry.SettingError
	var c *sparsity.ConflictError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &c):
		return usagef("--%s and --%s exclude each other", c.A, c.B)
	case !errors.As(err, &s):
		return usagef("--method: %w", err)
	case s.Value == "":
		return usagef("--%s: %w", s.Setting, s.Err)
	}
	return usagef("--%s %s: %w", s.Setting, s.Value, s.Err)
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

func methodNames() (names []string) {
	for _, m := range registry.Methods() {
		names = append(names, m.Name)
	}
	return names
}

func allocationNames() (names []string) {
	for _, a := range prune.Allocations() {
		names = append(names, a.Name)
	}
	return names
}
