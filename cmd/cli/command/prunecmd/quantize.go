package prunecmd

import (
	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/cmd/cli/flags"
	"github.com/adagp/adagp/cmd/cli/method"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/quant"
)

// quantizeFlags ask for weights that are few bits each besides being few.
func quantizeFlags(category string) []flags.Flag {
	return []flags.Flag{
		{Name: "wbits", Argument: "B", Usage: "round the weights that stay to grids of 2^B points, 8, 4 or 3, at least 2; they are still stored in --dtype, so that no bytes are saved yet", Kind: flags.Whole, Without: "not rounded", Category: category},
		{Name: "wgroup", Argument: "N", Usage: "N columns of a row that share a grid", Kind: flags.Whole, Without: "whole rows", Category: category},
		{Name: "wround", Argument: "HOW", Usage: "HOW to round: gptq, errors are made up for in later columns, or nearest", Without: "gptq for methods that use Hessians", Category: category},
	}
}

// parseQuantization reads --wbits, --wgroup and --wround.
func parseQuantization(c *cli.Context, o *prune.Options) error {
	if !c.IsSet("wbits") {
		for _, name := range []string{"wgroup", "wround"} {
			if c.IsSet(name) {
				return exit.Usagef("--%s: want --wbits as well", name)
			}
		}
		return nil
	}
	if b := c.Int("wbits"); b < quant.MinBits || b > quant.MaxBits {
		return exit.Usagef("--wbits %d: want %d to %d", b, quant.MinBits, quant.MaxBits)
	}
	if err := flags.AtLeast(c, 1, "wgroup"); err != nil {
		return err
	}
	o.Quantize = &quant.Spec{Bits: c.Int("wbits"), Group: c.Int("wgroup")}
	if how := c.String("wround"); c.IsSet("wround") && how != prune.RoundFeedback && how != prune.RoundNearest {
		return exit.Usagef("--wround %q: want one of %s, %s", how, prune.RoundFeedback, prune.RoundNearest)
	}
	if err := method.SetRounding(o, c.String("wround"), method.Given(c)); err != nil {
		return method.UsageError(err)
	}
	if err := o.CheckQuantization(); err != nil {
		flag := "wbits"
		if c.IsSet("wgroup") {
			flag = "wgroup"
		}
		return exit.Usagef("--%s: %w", flag, err)
	}
	return nil
}
