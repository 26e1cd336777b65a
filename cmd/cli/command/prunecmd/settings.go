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

func pruneFlags() []flags.Flag {
	const (
		what    = "What to prune"
		how     = "Method"
		calib   = "Calibration"
		results = "Results"
	)
	return slices.Concat([]flags.Flag{
		flags.Model(),
		{Name: "out", Argument: "DIR", Usage: "output folder DIR (required)"},
		{Name: "resume", Usage: "continue an interrupted run from the last decoder layer it finished", Kind: flags.Switch},
		flags.Force(),

		{Name: "sparsity", Argument: "S", Usage: "share S of zeros over all pruned matrices, 0 <= S < 1", Kind: flags.Number, Default: defaultSparsity, Category: what},
		{Name: "pattern", Argument: "N:M", Usage: "zeros in groups, N:M: N in every M neighbours of a row, 1 <= N < M; excludes --sparsity", Category: what},
		{Name: "allocation", Argument: "NAME", Usage: "how the sparsity is spread over the matrices: NAME of " + strings.Join(method.Allocations(), ", ") + ", or a file that ends in .json: {\"tensor or regular expression\": sparsity, ...}", Without: "the method's own", Category: what},
		{Name: "layers", Argument: "A:B", Usage: "decoder layers A <= i < B only, as A:B", Without: "all", Category: what},
		{Name: "include", Argument: "RE", Usage: "only tensors whose name matches the regular expression RE", Without: "all linear layers of the decoder", Category: what},
		{Name: "exclude", Argument: "RE", Usage: "no tensors whose name matches the regular expression RE", Category: what},

		{Name: "method", Argument: "NAME", Usage: "pruning method NAME; \"" + exit.Program + " methods\" lists them", Default: method.Default, Category: how},
	}, method.Flags(how), []flags.Flag{
		{Name: "calib", Argument: "FILE[,FILE…]", Usage: "calibration texts FILE[,FILE…]: " + texts.Kinds, Kind: flags.List, Without: "embedded text", Category: calib},
		texts.ChatTemplate(calib),
		{Name: "samples", Argument: "N", Usage: "calibration windows N", Kind: flags.Whole, Default: texts.DefaultSamples, Category: calib},
		{Name: "seqlen", Argument: "L", Usage: "tokens per window L", Kind: flags.Whole, Without: "the model's context, at most 2048", Category: calib},
		{Name: "expert-tokens", Argument: "WHICH", Usage: "prune the experts of a mixture by WHICH tokens: own, those that the router gives them, or all", Default: "own", Category: calib},
		{Name: "expert-min-tokens", Argument: "N", Usage: "prune an expert with fewer tokens than N of its own by all", Kind: flags.Whole, Default: prune.DefaultExpertTokens, Category: calib},

		{Name: "dtype", Argument: "TYPE", Usage: "TYPE of the written weights: keep, float32, float16 or bfloat16", Default: "keep", Category: results},
		{Name: "eval", Argument: "FILE", Usage: "measure the perplexity on text FILE before and after", Category: results},
		{Name: "report", Argument: "FILE.html", Usage: "write a page with tables and plots to FILE.html", Category: results},
		{Name: "no-speed", Usage: "leave the speed of decoding out of the page, which takes some seconds to measure", Kind: flags.Switch, Category: results},
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
	if err := parseExperts(c, &set.options); err != nil {
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

// parseExperts reads --expert-tokens and --expert-min-tokens.
func parseExperts(c *cli.Context, o *prune.Options) error {
	which := c.String("expert-tokens")
	if which != "own" && which != "all" {
		return exit.Usagef("--expert-tokens %q: want own or all", which)
	}
	o.Experts = prune.Experts{AllTokens: which == "all", MinTokens: c.Int("expert-min-tokens")}
	return flags.AtLeast(c, 1, "expert-min-tokens")
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
