package sweepcmd

import (
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/cmd/cli/method"
	"github.com/adagp/adagp/cmd/cli/session"
	"github.com/adagp/adagp/cmd/cli/sweep"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/sparsity"
)

// sweepAxes are the axes of a sweep, with what the methods' names stand for.
type sweepAxes struct {
	sweep.Axes
	options map[string]prune.Options // by method, without a pattern; see method.ParseSpec
}

// defaultSparsities are run when neither sparsities nor patterns are named.
var defaultSparsities = []string{"0.5", "0.6", "0.7", "0.8"}

// maxRuns bounds the product of the axes: more is a mistyped list.
const maxRuns = 100_000

func parseSweepAxes(s *session.Session, c *cli.Context) (a sweepAxes, err error) {
	a.options = map[string]prune.Options{}
	for _, spec := range c.StringSlice("methods") {
		o, err := method.ParseSpec(spec)
		if err != nil {
			return a, exit.Usagef("--methods: %w", err)
		}
		if _, twice := a.options[spec]; !twice {
			a.Methods, a.options[spec] = append(a.Methods, spec), o
		}
	}
	sparsities := c.StringSlice("sparsities")
	if !c.IsSet("sparsities") && !c.IsSet("patterns") {
		sparsities = defaultSparsities
	}
	for _, list := range []struct {
		flag   string
		texts  []string
		groups bool
	}{{"sparsities", sparsities, false}, {"patterns", c.StringSlice("patterns"), true}} {
		for _, text := range list.texts {
			p, err := sparsity.ParsePattern(text)
			if err == nil && p.Structured() != list.groups {
				if list.groups {
					return a, exit.Usagef("--%s %q: want N:M, such as 2:4", list.flag, text)
				}
				return a, exit.Usagef("--%s %q: want a share of zeros, 0 <= S < 1", list.flag, text)
			}
			if err != nil {
				return a, exit.Usagef("--%s: %w", list.flag, err)
			}
			if !slices.Contains(a.Patterns, p) {
				a.Patterns = append(a.Patterns, p)
			}
		}
	}
	if a.Seeds, err = parseSeeds(s, c); err != nil {
		return a, err
	}
	if len(a.Methods) == 0 || len(a.Patterns) == 0 {
		return a, exit.Usagef("--methods, --sparsities and --patterns name nothing to run")
	}
	if n := a.Runs(); n > maxRuns {
		return a, exit.Usagef("--methods × --sparsities and --patterns × --seeds are %d runs, want at most %d", n, maxRuns)
	}
	for _, spec := range a.Methods {
		for _, p := range a.Patterns {
			o := a.options[spec]
			o.Pattern = p
			if err := o.CheckAllocation(); err != nil {
				return a, exit.Usagef("--methods %s at %s: %w", spec, p, err)
			}
			if err := o.CheckQuantization(); err != nil {
				return a, exit.Usagef("--methods %s at %s: %w", spec, p, err)
			}
		}
	}
	return a, nil
}

func parseSeeds(s *session.Session, c *cli.Context) (seeds []uint64, err error) {
	for _, text := range c.StringSlice("seeds") {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return nil, exit.Usagef("--seeds %q: want whole numbers that are not negative, separated by commas", text)
		}
		if !slices.Contains(seeds, n) {
			seeds = append(seeds, n)
		}
	}
	if len(seeds) == 0 {
		seeds = []uint64{s.Seed}
	}
	return seeds, nil
}

// filesOfSeed puts the seed into the names of calibration files.
func filesOfSeed(files []string, seed uint64) (named []string) {
	for _, f := range files {
		named = append(named, strings.ReplaceAll(f, seedMark, strconv.FormatUint(seed, 10)))
	}
	return named
}

const seedMark = "{seed}"
