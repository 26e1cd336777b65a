package prunecmd

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/cmd/cli/flags"
	"github.com/adagp/adagp/cmd/cli/method"
	"github.com/adagp/adagp/cmd/cli/output"
	"github.com/adagp/adagp/cmd/cli/session"
	"github.com/adagp/adagp/cmd/cli/texts"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
)

const defaultSparsity = 0.5

func pruneFlags() []cli.Flag {
	const (
		what    = "What to prune"
		how     = "Method"
		calib   = "Calibration"
		results = "Results"
	)
	return slices.Concat([]cli.Flag{
		flags.Model(),
		&cli.StringFlag{Name: "out", Usage: "output folder `DIR` (required)"},
		&cli.BoolFlag{Name: "resume", Usage: "continue an interrupted run from the last decoder layer it finished", DisableDefaultText: true},
		&cli.BoolFlag{Name: "force", Usage: "replace an existing output folder", DisableDefaultText: true},

		&cli.Float64Flag{Name: "sparsity", Usage: "share `S` of zeros over all pruned matrices, 0 <= S < 1", Value: defaultSparsity, Category: what},
		&cli.StringFlag{Name: "pattern", Usage: "zeros in groups, `N:M`: N in every M neighbours of a row, 1 <= N < M; excludes --sparsity", Category: what},
		&cli.StringFlag{Name: "allocation", Usage: "how the sparsity is spread over the matrices: `NAME` of " + strings.Join(method.Allocations(), ", ") + ", or a file that ends in .json: {\"tensor or regular expression\": sparsity, ...}", DefaultText: "the method's own", Category: what},
		&cli.StringFlag{Name: "layers", Usage: "decoder layers A <= i < B only, as `A:B`", DefaultText: "all", Category: what},
		&cli.StringFlag{Name: "include", Usage: "only tensors whose name matches the regular expression `RE`", DefaultText: "all linear layers of the decoder", Category: what},
		&cli.StringFlag{Name: "exclude", Usage: "no tensors whose name matches the regular expression `RE`", Category: what},

		&cli.StringFlag{Name: "method", Usage: "pruning method `NAME`; \"" + exit.Program + " methods\" lists them", Value: method.Default, Category: how},
	}, method.Flags(how), []cli.Flag{
		&cli.StringSliceFlag{Name: "calib", Usage: "calibration text: `FILE[,FILE…]` of .txt, or .jsonl (also .gz) with \"text\" or \"input_ids\"", DefaultText: "embedded text", Category: calib},
		&cli.IntFlag{Name: "samples", Usage: "calibration windows `N`", Value: texts.DefaultSamples, Category: calib},
		&cli.IntFlag{Name: "seqlen", Usage: "tokens per window `L`", DefaultText: "the model's context, at most 2048", Category: calib},

		&cli.StringFlag{Name: "dtype", Usage: "`TYPE` of the written weights: keep, float32, float16 or bfloat16", Value: "keep", Category: results},
		&cli.StringFlag{Name: "eval", Usage: "measure the perplexity on text `FILE` before and after", Category: results},
		&cli.StringFlag{Name: "report", Usage: "write a page with tables and plots to `FILE.html`", Category: results},
		&cli.BoolFlag{Name: "no-speed", Usage: "leave the speed of decoding out of the page, which takes some seconds to measure", DisableDefaultText: true, Category: results},
	}, quantizeFlags(results), memoryFlags())
}

// pruneSettings are the flags of prune, checked as far as they can be without the model.
type pruneSettings struct {
	model, out   string
	force        bool
	resume       bool
	plan         bool // only say what memory it would take
	options      prune.Options
	calib        []string // empty: the embedded text
	samples      int
	samplesGiven bool
	dtype        *tensor.DType // nil: keep
	eval, report string        // empty: none
	speed        bool          // measure it for the report
}

// inputs lists the files and folders that are read and must stay as they are.
func (p *pruneSettings) inputs() []string {
	in := append([]string{p.model}, p.calib...)
	if p.eval != "" {
		in = append(in, p.eval)
	}
	if a := p.options.Allocation; prune.IsAllocationFile(a) {
		in = append(in, a)
	}
	return in
}

// reportFile is where the page goes.
func (p *pruneSettings) reportFile() *output.File {
	f := &output.File{Flag: "report", Path: p.report, Inputs: p.inputs()}
	if p.out != "" {
		f.Models = []string{p.out}
	}
	return f
}

func parsePruneSettings(s *session.Session, c *cli.Context) (*pruneSettings, error) {
	set := &pruneSettings{
		force:        c.Bool("force"),
		resume:       c.Bool("resume"),
		calib:        c.StringSlice("calib"),
		samples:      c.Int("samples"),
		samplesGiven: c.IsSet("samples"),
		eval:         c.String("eval"),
		report:       c.String("report"),
		speed:        !c.Bool("no-speed"),
	}
	var err error
	if set.model, err = flags.Required(c, "model"); err != nil {
		return nil, err
	}
	if set.plan = c.Bool("plan"); !set.plan || c.IsSet("out") {
		if set.out, err = flags.Required(c, "out"); err != nil {
			return nil, err
		}
	}
	if err := flags.NotEmpty(c, "a file name", "eval", "report"); err != nil {
		return nil, err
	}
	if err := parseMemory(c, &set.options); err != nil {
		return nil, err
	}
	set.options.WholeModel = set.eval != ""
	if err := parsePattern(c, &set.options); err != nil {
		return nil, err
	}
	if set.options.Method, err = method.Parse(c); err != nil {
		return nil, err
	}
	if err := parseAllocation(c, &set.options); err != nil {
		return nil, err
	}
	if err := parseQuantization(c, &set.options); err != nil {
		return nil, err
	}
	if err := parseSelection(c, &set.options); err != nil {
		return nil, err
	}
	if set.dtype, err = output.ParseDType(c.String("dtype")); err != nil {
		return nil, err
	}
	if err := texts.Check(c); err != nil {
		return nil, err
	}
	set.options.DType = set.dtype
	set.options.Seed = s.Seed
	set.options.Log = s.Log
	return set, nil
}

// parsePattern reads --sparsity and --pattern.
func parsePattern(c *cli.Context, o *prune.Options) error {
	if c.IsSet("sparsity") && c.IsSet("pattern") {
		return exit.Usagef("--sparsity and --pattern exclude each other")
	}
	o.Pattern = sparsity.Unstructured(c.Float64("sparsity"))
	if c.IsSet("pattern") {
		text := c.String("pattern")
		if !strings.Contains(text, ":") {
			return exit.Usagef("--pattern %q: want N:M, such as 2:4", text)
		}
		p, err := sparsity.ParsePattern(text)
		if err != nil {
			return exit.Usagef("--pattern: %w", err)
		}
		o.Pattern = p
	}
	if err := o.Pattern.Check(); err != nil {
		return exit.Usagef("--sparsity %v: want 0 <= S < 1", c.Float64("sparsity"))
	}
	return nil
}

// parseAllocation reads --allocation, which has to go with the pattern and the method.
func parseAllocation(c *cli.Context, o *prune.Options) error {
	o.Allocation = c.String("allocation")
	if c.IsSet("allocation") && o.Allocation == "" {
		return exit.Usagef("--allocation \"\": want one of %s, or a file that ends in .json", strings.Join(method.Allocations(), ", "))
	}
	if err := o.CheckAllocation(); err != nil {
		return exit.Usagef("--allocation: %w", err)
	}
	return nil
}

// parseSelection reads --layers, --include and --exclude.
func parseSelection(c *cli.Context, o *prune.Options) (err error) {
	if text := c.String("layers"); c.IsSet("layers") {
		a, b, ok := strings.Cut(text, ":")
		first, errA := strconv.Atoi(a)
		end, errB := strconv.Atoi(b)
		if !ok || errA != nil || errB != nil || first < 0 || first >= end {
			return exit.Usagef("--layers %q: want A:B with 0 <= A < B, such as 0:4", text)
		}
		o.Layers = [2]int{first, end}
	}
	if o.Include, err = flags.Regexp(c, "include"); err != nil {
		return err
	}
	o.Exclude, err = flags.Regexp(c, "exclude")
	return err
}

// checkSelection makes sure that --layers, --include and --exclude leave something to prune in a
// model of the given layers; tensors lists the names of each layer's matrices.
func checkSelection(o *prune.Options, tensors [][]string) error {
	first, end := 0, len(tensors)
	if o.Layers != [2]int{} {
		first, end = o.Layers[0], o.Layers[1]
	}
	if end > len(tensors) {
		return exit.Usagef("--layers %d:%d: the model has decoder layers 0 to %d", first, end, len(tensors)-1)
	}
	for _, names := range tensors[first:end] {
		for _, name := range names {
			if (o.Include == nil || o.Include.MatchString(name)) && (o.Exclude == nil || !o.Exclude.MatchString(name)) {
				return nil
			}
		}
	}
	example := ""
	if len(tensors) > 0 && len(tensors[0]) > 0 {
		example = fmt.Sprintf("; names look like %s", tensors[0][0])
	}
	return exit.Usagef("--include and --exclude leave no matrix to prune%s", example)
}
