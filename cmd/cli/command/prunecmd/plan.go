package prunecmd

import (
	"fmt"
	"io"
	"math"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/cmd/cli/flags"
	"github.com/adagp/adagp/cmd/cli/format"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/tensor"
)

func memoryFlags() []flags.Flag {
	const category = "Memory"
	return []flags.Flag{
		{Name: "memory", Argument: "SIZE", Usage: "budget SIZE that the run keeps to, such as 4GiB or 800MiB", Without: "none", Category: category},
		{Name: "plan", Usage: "print what memory the run would need, stage by stage, and end", Kind: flags.Switch, Category: category},
		{Name: "no-last-step", Usage: "leave out what the method does to the whole model after the last layer, for which all weights are in memory; also with --resume", Kind: flags.Switch, Category: category},
		{Name: "scratch", Argument: "DIR", Usage: "folder DIR for hidden states that the budget has no room for", Without: "beside the output", Category: category},
		{Name: "scratch-dtype", Argument: "TYPE", Usage: "TYPE of hidden states in a file: float32, or bfloat16 for half the space and other results", Default: "float32", Category: category},
	}
}

// parseMemory reads the flags about memory.
func parseMemory(c *cli.Context, o *prune.Options) (err error) {
	if c.IsSet("memory") {
		if o.Memory, err = parseSize(c.String("memory")); err != nil {
			return exit.Usagef("--memory %q: %w", c.String("memory"), err)
		}
	}
	if err := flags.NotEmpty(c, "a folder", "scratch"); err != nil {
		return err
	}
	o.NoFinish = c.Bool("no-last-step")
	o.ScratchDir = c.String("scratch")
	switch v := c.String("scratch-dtype"); v {
	case "float32":
	case "bfloat16":
		d := tensor.BF16
		o.ScratchDType = &d
	default:
		return exit.Usagef("--scratch-dtype %q: want float32 or bfloat16", v)
	}
	return nil
}

// keepTo holds the garbage collector to a plan's budget and returns what undoes it. A lower limit, which the
// environment variable GOMEMLIMIT has set, stays.
func keepTo(p *prune.Plan) (undo func()) {
	before := debug.SetMemoryLimit(-1)
	if limit := p.RuntimeLimit(); limit > 0 {
		debug.SetMemoryLimit(min(before, limit))
	}
	return func() { debug.SetMemoryLimit(before) }
}

// parseSize reads a number of bytes with a unit: powers of 1024 (KiB, MiB, GiB, TiB, and K, M, G, T for
// short) or of 1000 (kB, MB, GB, TB).
func parseSize(s string) (int64, error) {
	digits := strings.TrimRight(s, "BbiKkMmGgTt ")
	units := map[string]float64{"": 1, "b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12}
	for i, u := range []string{"k", "m", "g", "t"} {
		units[u], units[u+"ib"] = math.Pow(1024, float64(i+1)), math.Pow(1024, float64(i+1))
	}
	unit, known := units[strings.ToLower(strings.TrimSpace(s[len(digits):]))]
	n, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
	if err != nil || !known || !(n > 0) || n*unit > math.MaxInt64/4 {
		return 0, fmt.Errorf("want a number and a unit, such as 4GiB or 800MiB")
	}
	return int64(n * unit), nil
}

// writePlan is the human form of a plan.
func writePlan(w io.Writer, p *prune.Plan) {
	t := format.Table{Head: []string{"stage", "part", "memory"}, Left: 2}
	for _, s := range p.Stages {
		t.Add(s.Name, "", format.Bytes(s.Bytes))
		for _, part := range s.Parts {
			t.Add("", part.What, format.Bytes(part.Bytes))
		}
	}
	t.Write(w)
	fmt.Fprintf(w, "\nat most %s", format.Bytes(p.Peak))
	if p.Budget > 0 {
		fmt.Fprintf(w, " of %s; %s would be enough", format.Bytes(p.Budget), format.Bytes(p.Smallest))
	}
	fmt.Fprintf(w, "\nhidden states: %s as %s in %s; %d calibration windows per forward pass\n", format.Bytes(p.Scratch.Bytes), p.Scratch.DType, p.Scratch.Where, p.Windows)
	if p.Finish != "none" {
		fmt.Fprintf(w, "last step on the whole model: %s\n", p.Finish)
	}
	if p.Budget > 0 && !p.SameBits {
		fmt.Fprintf(w, "the result will not be the same to the last bit as without a budget\n")
	}
}
