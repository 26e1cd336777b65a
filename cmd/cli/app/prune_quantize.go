package app

import (
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/quant"
)

// quantizeFlags ask for weights that are few bits each besides being few.
func quantizeFlags(category string) []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "wbits", Usage: "round the weights that stay to grids of 2^`B` points, 8, 4 or 3, at least 2", DefaultText: "not rounded", Category: category},
		&cli.IntFlag{Name: "wgroup", Usage: "`N` columns of a row that share a grid", DefaultText: "whole rows", Category: category},
		&cli.StringFlag{Name: "wround", Usage: "`HOW` to round: gptq, errors are made up for in later columns, or nearest", DefaultText: "gptq for methods that use Hessians", Category: category},
	}
}

// parseQuantization reads --wbits, --wgroup and --wround.
func parseQuantization(c *cli.Context, o *prune.Options) error {
	if !c.IsSet("wbits") {
		for _, name := range []string{"wgroup", "wround"} {
			if c.IsSet(name) {
				return usagef("--%s: want --wbits as well", name)
			}
		}
		return nil
	}
	if b := c.Int("wbits"); b < quant.MinBits || b > quant.MaxBits {
		return usagef("--wbits %d: want %d to %d", b, quant.MinBits, quant.MaxBits)
	}
	if err := atLeast(c, 1, "wgroup"); err != nil {
		return err
	}
	if c.IsSet("wround") && c.String("wround") == "" {
		return usagef("--wround \"\": want one of %s", strings.Join(prune.Roundings, ", "))
	}
	o.Quantize = &quant.Spec{Bits: c.Int("wbits"), Group: c.Int("wgroup")}
	o.Rounding = c.String("wround")
	if err := o.CheckQuantization(); err != nil {
		return usagef("--wbits: %w", err)
	}
	return nil
}
