package app

import (
	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/checkpoint"
	"github.com/adagp/adagp/checkpoint/safetensors"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/quant"
	"github.com/adagp/adagp/prune/registry"
)

// quantizeFlags ask for weights that are few bits each besides being few.
func quantizeFlags(category string) []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "wbits", Usage: "round the weights that stay to grids of 2^`B` points, 8, 4 or 3, at least 2; they are still stored in --dtype, so that no bytes are saved yet", DefaultText: "not rounded", Category: category},
		&cli.IntFlag{Name: "wgroup", Usage: "`N` columns of a row that share a grid", DefaultText: "whole rows", Category: category},
		&cli.StringFlag{Name: "wround", Usage: "`HOW` to round: gptq, errors are made up for in later columns, or nearest", DefaultText: "gptq for methods that use Hessians", Category: category},
	}
}

// gridsBeside is the file beside the weights for what a run rounds them to; nil when it does not.
func gridsBeside(m *models.Model, o prune.Options) (*checkpoint.Beside, error) {
	list, err := prune.GridTensors(m, o)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	b := &checkpoint.Beside{File: prune.GridFile}
	for _, t := range list {
		b.Tensors = append(b.Tensors, safetensors.Tensor{Name: t.Name, DType: t.DType, Shape: t.Shape})
	}
	return b, nil
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
	o.Quantize = &quant.Spec{Bits: c.Int("wbits"), Group: c.Int("wgroup")}
	if how := c.String("wround"); c.IsSet("wround") && how != prune.RoundFeedback && how != prune.RoundNearest {
		return usagef("--wround %q: want one of %s, %s", how, prune.RoundFeedback, prune.RoundNearest)
	}
	if err := setRounding(o, c.String("wround"), givenSettings(c)); err != nil {
		return settingError(err)
	}
	if err := o.CheckQuantization(); err != nil {
		flag := "wbits"
		if c.IsSet("wgroup") {
			flag = "wgroup"
		}
		return usagef("--%s: %w", flag, err)
	}
	return nil
}

// setRounding settles how the weights get onto their grids: how is prune.RoundFeedback, prune.RoundNearest,
// or "" for feedback where the method looks at Hessians anyway.
func setRounding(o *prune.Options, how string, given registry.Settings) (err error) {
	if how == prune.RoundFeedback || how == "" && o.Method.Wants(o).Statistics.Hessian {
		o.Feedback, err = feedback(given)
	}
	return err
}
