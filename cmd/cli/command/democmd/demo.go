package democmd

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/cmd/cli/command"
	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/cmd/cli/flags"
	"github.com/adagp/adagp/cmd/cli/format"
	"github.com/adagp/adagp/cmd/cli/method"
	"github.com/adagp/adagp/cmd/cli/output"
	"github.com/adagp/adagp/cmd/cli/report"
	"github.com/adagp/adagp/cmd/cli/session"
	"github.com/adagp/adagp/cmd/cli/texts"
	"github.com/adagp/adagp/cmd/cli/trial"
	"github.com/adagp/adagp/data"
	"github.com/adagp/adagp/eval"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/sparsity"
)

// The demo's settings: half a minute on two cores with AVX2, six minutes with the kernels in Go.
const (
	demoSparsity   = 0.7
	demoSamples    = 64 // calibration windows of the models' 256 tokens
	demoMaxWindows = 64 // for evaluation
)

var (
	demoModels = []string{"demo:llama", "demo:opt"}
	// Methods are spelt as in sweep; AdaGP is there as published, quick, and as it is by default.
	Methods = []string{"magnitude", "wanda", "sparsegpt", "adagp:paper", "adagp:fast", "adagp"}
)

// Command returns the command demo.
func Command(p *session.Process) *cli.Command {
	return command.New(p, command.Command{
		Name:     "demo",
		Summary:  "prune two small embedded models by several methods and compare",
		Synopsis: exit.Program + " demo [flags]",
		Description: fmt.Sprintf(`Prunes the embedded models at %.0f %% sparsity with magnitude, Wanda, SparseGPT and AdaGP
(as published, with --preset fast, and by default), calibrated and evaluated on embedded texts, prints the perplexities and writes a report page.
It needs no files and no network.`, 100*demoSparsity),
		Flags: []flags.Flag{
			{Name: "samples", Argument: "N", Usage: "calibration windows N", Kind: flags.Whole, Default: demoSamples},
			{Name: "max-windows", Argument: "N", Usage: "evaluate on at most N windows", Kind: flags.Whole, Default: demoMaxWindows},
			{Name: "report", Argument: "FILE.html", Usage: "write the page to FILE.html", Default: "demo-report.html"},
			{Name: "picture", Argument: "FILE.svg", Usage: "also write the comparison as a picture to FILE.svg"},
			{Name: "out", Argument: "DIR", Usage: "keep the pruned models, one folder each, below DIR", Without: "not kept"},
			flags.Force(),
		},
		Examples: []string{
			"demo",
			"demo --report /tmp/demo.html --out /tmp/demo-models --json",
		},
		Run: runDemo,
	})
}

// Result is the JSON of the demo.
type Result struct {
	Sparsity    float64     `json:"sparsity"`
	Calibration demoTokens  `json:"calibration"`
	Evaluation  demoTokens  `json:"evaluation"`
	Models      []demoModel `json:"models"`
	Threads     int         `json:"threads"`
	Kernel      string      `json:"kernel"`
	Seconds     float64     `json:"seconds"`
	Report      string      `json:"report"`
}

type demoTokens struct {
	Windows int `json:"windows"`
	SeqLen  int `json:"seqlen"`
}

// demoModel is a model's dense perplexity and what each method makes of it.
type demoModel struct {
	Model        string       `json:"model"`
	Architecture string       `json:"architecture"`
	Parameters   int          `json:"parameters"`
	Dense        prune.Number `json:"dense"`
	Results      []demoMethod `json:"results"`
}

type demoMethod struct {
	Method     string       `json:"method"`
	Perplexity prune.Number `json:"perplexity"`
	Sparsity   float64      `json:"sparsity"`
	Seconds    float64      `json:"seconds"` // of pruning
	Folder     string       `json:"folder,omitempty"`

	layers []prune.LayerReport
}

func runDemo(s *session.Session, c *cli.Context) error {
	start := time.Now()
	if err := flags.AtLeast(c, 1, "samples", "max-windows"); err != nil {
		return err
	}
	if err := flags.NotEmpty(c, "a folder", "out"); err != nil {
		return err
	}
	if err := flags.NotEmpty(c, "a file name", "report", "picture"); err != nil {
		return err
	}
	set := demoSettings{samples: c.Int("samples"), maxWindows: c.Int("max-windows"), out: c.String("out"), force: c.Bool("force")}
	page, picture := set.file("report", c), set.file("picture", c)
	if err := errors.Join(page.Check(), picture.Check(), picture.Differs(page)); err != nil {
		return err
	}
	if set.out != "" {
		if err := output.CheckFolder(set.out, nil); err != nil {
			return err
		}
	}
	res := &Result{Sparsity: demoSparsity, Kernel: session.Kernel(), Threads: session.Threads(), Report: c.String("report")}
	for _, name := range demoModels {
		m, err := measureModel(s, res, name, set)
		if err != nil {
			return err
		}
		res.Models = append(res.Models, *m)
	}
	res.Seconds = time.Since(start).Seconds()
	if err := page.WritePage(s, demoPage(res)); err != nil {
		return err
	}
	if err := picture.Write(s, report.Picture(len(res.Models), demoBars(res)...)); err != nil {
		return err
	}
	return s.Result(res, res.write)
}

type demoSettings struct {
	samples, maxWindows int
	out                 string // folder that keeps the pruned models; empty: none
	force               bool
}

// file is where a flag wants a result.
func (set *demoSettings) file(flag string, c *cli.Context) *output.File {
	f := &output.File{Flag: flag, Path: c.String(flag)}
	if set.out != "" {
		for _, model := range demoModels {
			for _, method := range Methods {
				f.Models = append(f.Models, demoFolder(set.out, model, method))
			}
		}
	}
	return f
}

// measureModel measures one embedded model, prunes it by each method and measures again.
func measureModel(s *session.Session, res *Result, name string, set demoSettings) (*demoModel, error) {
	m, err := models.Open(name)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	length := m.Config().MaxPositions
	calib, err := texts.Calibration(m, data.DefaultCalibration(), data.Windows{Samples: set.samples, Length: length, Seed: s.Seed})
	if err != nil {
		return nil, err
	}
	windows, _, err := texts.Evaluation(m, data.DefaultEvaluation(), length, set.maxWindows)
	if err != nil {
		return nil, err
	}
	res.Calibration = demoTokens{len(calib.IDs), length}
	res.Evaluation = demoTokens{len(windows), length}
	if err := m.LoadAll(); err != nil {
		return nil, err
	}
	dense, err := texts.Perplexity(s, name+" dense", m, windows)
	if err != nil {
		return nil, err
	}
	d := &demoModel{Model: name, Architecture: m.Config().Architecture, Parameters: models.CountParameters(m), Dense: prune.Number(dense.Perplexity)}
	s.Progress.Line("%s: perplexity %s dense", name, format.Perplexity(dense.Perplexity))
	for _, method := range Methods {
		folder := ""
		if set.out != "" {
			folder = demoFolder(set.out, name, method)
		}
		r, err := tryMethod(s, m, method, calib, windows, folder, set.force)
		if err != nil {
			return nil, fmt.Errorf("%s, %s: %w", name, method, err)
		}
		d.Results = append(d.Results, *r)
		s.Progress.Line("%s: perplexity %s after %s (%s)", name, format.Perplexity(r.Perplexity), method, format.Seconds(r.Seconds))
	}
	return d, nil
}

// tryMethod prunes m by one method; folder may be empty.
func tryMethod(s *session.Session, m *models.Model, spec string, calib *data.CalibrationSet, windows [][]int, folder string, force bool) (*demoMethod, error) {
	options, err := method.ParseSpec(spec)
	if err != nil {
		return nil, err
	}
	options.Pattern, options.Seed = sparsity.Unstructured(demoSparsity), s.Seed
	var after eval.Result
	label := m.Path + " " + spec
	rep, _, err := trial.Run(s, trial.Trial{
		Label: label, Model: m, Calib: calib, Folder: folder, Force: force,
		Options: options,
		Measure: func() (err error) {
			after, err = texts.Perplexity(s, label, m, windows)
			return err
		},
	})
	if err != nil {
		return nil, err
	}
	return &demoMethod{Method: spec, Perplexity: prune.Number(after.Perplexity), Sparsity: rep.Totals.Sparsity, Seconds: rep.Seconds, Folder: folder, layers: rep.Layers}, nil
}

func (r *Result) write(w io.Writer) {
	fmt.Fprintf(w, "Perplexity at %.0f %% sparsity, lower is better\n\n", 100*r.Sparsity)
	demoTable(r).Write(w)
	fmt.Fprintf(w, "\n%d windows of %d tokens for calibration, %d for evaluation, both embedded texts; %s in all\n",
		r.Calibration.Windows, r.Calibration.SeqLen, r.Evaluation.Windows, format.Seconds(r.Seconds))
	if r.Report != "" {
		fmt.Fprintf(w, "report: %s\n", r.Report)
	}
}

// demoTable has one row per method: the perplexities of the models, then the times of pruning.
func demoTable(r *Result) *format.Table {
	t := &format.Table{Head: []string{"method"}, Left: 1, Rows: [][]string{{"dense"}}}
	for _, name := range Methods {
		t.Rows = append(t.Rows, []string{name})
	}
	for _, m := range r.Models {
		t.Head = append(t.Head, m.Model)
		t.Rows[0] = append(t.Rows[0], format.Perplexity(m.Dense))
		for i, x := range m.Results {
			t.Rows[i+1] = append(t.Rows[i+1], format.Perplexity(x.Perplexity))
		}
	}
	for _, m := range r.Models {
		t.Head = append(t.Head, "time, "+strings.TrimPrefix(m.Model, "demo:"))
		t.Rows[0] = append(t.Rows[0], "")
		for i, x := range m.Results {
			t.Rows[i+1] = append(t.Rows[i+1], format.Seconds(x.Seconds))
		}
	}
	return t
}
