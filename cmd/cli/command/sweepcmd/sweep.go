package sweepcmd

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/cmd/cli/command"
	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/cmd/cli/flags"
	"github.com/adagp/adagp/cmd/cli/method"
	"github.com/adagp/adagp/cmd/cli/modelname"
	"github.com/adagp/adagp/cmd/cli/output"
	"github.com/adagp/adagp/cmd/cli/session"
	"github.com/adagp/adagp/cmd/cli/sweep"
	"github.com/adagp/adagp/cmd/cli/texts"
	"github.com/adagp/adagp/internal/version"
	"github.com/adagp/adagp/models"
)

// Command returns the command sweep.
func Command(p *session.Process) *cli.Command {
	return command.New(p, command.Command{
		Name:     "sweep",
		Summary:  "prune a model by many methods at many sparsities and compare",
		Synopsis: exit.Program + " sweep --model DIR --out DIR [flags]",
		Description: `Runs every method at every sparsity and pattern with every seed and measures the perplexity of
each. Calibration windows are made once per seed, the dense model is measured once, and pruned
weights stay in memory. DIR gets sweep.json, sweep.csv, sweep.md, sweep.html and sweep.svg, written
again after each run, so that a sweep can be interrupted at any time: the same command goes on, and
more methods, sparsities, patterns or seeds add to what is there. Other settings are refused.`,
		Flags: sweepFlags(),
		Examples: []string{
			"sweep --model demo:llama --out sweep",
			"sweep --model demo:opt --out sweep-opt --methods wanda,adagp:fast,adagp --sparsities 0.7,0.8 --patterns 2:4 --seeds 0,1,2 --samples 32",
		},
		Run: runSweep,
	})
}

// DefaultMethods are run when none are named.
var DefaultMethods = []string{"magnitude", "wanda", "sparsegpt", "adagp"}

func sweepFlags() []flags.Flag {
	const (
		what = "What to run"
		text = "Texts"
	)
	return []flags.Flag{
		flags.Model(),
		{Name: "out", Argument: "DIR", Usage: "folder DIR of the results (required)"},
		{Name: "keep-models", Usage: "keep the pruned models in folders below DIR/models", Kind: flags.Switch},
		{Name: "redo", Usage: "do runs again that the folder holds already", Kind: flags.Switch},
		{Name: "force", Usage: "the former name of --redo", Kind: flags.Switch, Means: "redo=true", Hidden: true},
		{Name: "same-version", Usage: "do runs again that another version of the program did", Kind: flags.Switch},
		{Name: "methods", Argument: "A[,B…]", Usage: "methods A[,B…], each a name of \"" + exit.Program + " methods\" that settings may follow: " + method.SpecHelp, Kind: flags.List, Default: DefaultMethods, Category: what},
		{Name: "sparsities", Argument: "S[,S…]", Usage: "shares of zeros S[,S…], 0 <= S < 1", Kind: flags.List, Without: "0.5,0.6,0.7,0.8 without --patterns", Category: what},
		{Name: "patterns", Argument: "N:M[,N:M…]", Usage: "zeros in groups, N:M[,N:M…]", Kind: flags.List, Category: what},
		{Name: "seeds", Argument: "N[,N…]", Usage: "seeds N[,N…] of calibration windows and methods", Kind: flags.List, Without: "--seed", Category: what},
		{Name: "calib", Argument: "FILE[,FILE…]", Usage: "calibration text, as in prune; \"{seed}\" in FILE[,FILE…] stands for the seed", Kind: flags.List, Without: "embedded text", Category: text},
		texts.ChatTemplate(text),
		{Name: "samples", Argument: "N", Usage: "calibration windows N", Kind: flags.Whole, Default: texts.DefaultSamples, Category: text},
		{Name: "seqlen", Argument: "L", Usage: "tokens per window L", Kind: flags.Whole, Without: "the model's context, at most 2048", Category: text},
		{Name: "eval", Argument: "FILE[,FILE…]", Usage: "texts to measure the perplexity on, each by itself: FILE[,FILE…]", Kind: flags.List, Without: "embedded text", Category: text},
		{Name: "max-windows", Argument: "N", Usage: "evaluate on at most N windows of each text", Kind: flags.Whole, Without: "all", Category: text},
	}
}

// sweepPlan is what the flags of sweep ask for.
type sweepPlan struct {
	chat        bool // rows of messages are read
	model, out  string
	axes        sweepAxes
	calib       []string // empty: the embedded text
	samples     int      // 0: all windows of a file that holds windows, else the default
	eval        []string // empty: the embedded text
	maxWindows  int      // 0: all
	keepModels  bool
	redo        bool
	sameVersion bool
}

func parseSweepPlan(s *session.Session, c *cli.Context) (*sweepPlan, error) {
	p := &sweepPlan{chat: c.Bool("apply-chat-template"), calib: c.StringSlice("calib"), eval: c.StringSlice("eval"), maxWindows: c.Int("max-windows"),
		keepModels: c.Bool("keep-models"), redo: c.Bool("redo"), sameVersion: c.Bool("same-version")}
	var err error
	if p.model, err = flags.Required(c, "model"); err != nil {
		return nil, err
	}
	if p.out, err = flags.Required(c, "out"); err != nil {
		return nil, err
	}
	if err := texts.Check(c); err != nil {
		return nil, err
	}
	if err := flags.AtLeast(c, 1, "max-windows"); err != nil {
		return nil, err
	}
	if c.IsSet("samples") {
		p.samples = c.Int("samples")
	}
	p.axes, err = parseSweepAxes(s, c)
	return p, err
}

// inputs lists the files and folders that are read.
func (p *sweepPlan) inputs() []string {
	in := append([]string{p.model}, p.eval...)
	for _, seed := range p.axes.Seeds {
		in = append(in, filesOfSeed(p.calib, seed)...)
	}
	return in
}

// runSweep checks everything cheap first, as prune does; then it measures what the folder lacks.
func runSweep(s *session.Session, c *cli.Context) error {
	p, err := parseSweepPlan(s, c)
	if err != nil {
		return err
	}
	if err := output.CheckFolder(p.out, p.inputs()); err != nil {
		return err
	}
	store, err := sweep.Open(p.out, exit.Program+" sweep, "+version.Name())
	if err != nil {
		return err
	}
	if p.model, err = modelname.Resolve(s, p.model); err != nil {
		return err
	}
	m, err := models.Open(p.model)
	if err != nil {
		return err
	}
	defer m.Close()
	length, err := texts.WindowLength(c, m)
	if err != nil {
		return err
	}
	w := &sweeper{Session: s, plan: p, model: m, length: length, store: store}
	if err := w.run(); err != nil {
		return err
	}
	return s.Result(store.Result, func(out io.Writer) {
		sweep.WriteTables(out, store.Result, p.axes.Axes)
		fmt.Fprintf(out, "tables and plot: %s\n", filepath.Join(p.out, "sweep.{html,md,csv,json,svg}"))
	})
}
