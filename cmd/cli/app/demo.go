package app

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/cmd/cli/format"
	"github.com/adagp/adagp/cmd/cli/report"
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
	// demoMethods are spelt as in sweep; AdaGP is there as published, quick, and as it is by default.
	demoMethods = []string{"magnitude", "wanda", "sparsegpt", "adagp:paper", "adagp:fast", "adagp"}
)

func demoCommand(r *run) *cli.Command {
	return command(&cli.Command{
		Name:      "demo",
		Usage:     "prune two small embedded models by several methods and compare",
		UsageText: programName + " demo [flags]",
		Description: fmt.Sprintf(`Prunes the embedded models at %.0f %% sparsity with magnitude, Wanda, SparseGPT and AdaGP
(as published, with --preset fast, and by default), calibrated and evaluated on embedded texts, prints the perplexities and writes a report page.
It needs no files and no network.`, 100*demoSparsity),
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "samples", Usage: "calibration windows `N`", Value: demoSamples},
			&cli.IntFlag{Name: "max-windows", Usage: "evaluate on at most `N` windows", Value: demoMaxWindows},
			&cli.StringFlag{Name: "report", Usage: "write the page to `FILE.html`", Value: "demo-report.html"},
			&cli.StringFlag{Name: "picture", Usage: "also write the comparison as a picture to `FILE.svg`"},
			&cli.StringFlag{Name: "out", Usage: "keep the pruned models, one folder each, below `DIR`", DefaultText: "not kept"},
			&cli.BoolFlag{Name: "force", Usage: "replace existing folders below --out", DisableDefaultText: true},
		},
		Action: r.action(runDemo),
	},
		"demo",
		"demo --report /tmp/demo.html --out /tmp/demo-models --json",
	)
}

// demoResult is the JSON of the demo.
type demoResult struct {
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

func runDemo(s *session, c *cli.Context) error {
	start := time.Now()
	if err := atLeast(c, 1, "samples", "max-windows"); err != nil {
		return err
	}
	if err := notEmpty(c, "a folder", "out"); err != nil {
		return err
	}
	if err := notEmpty(c, "a file name", "report", "picture"); err != nil {
		return err
	}
	set := demoSettings{samples: c.Int("samples"), maxWindows: c.Int("max-windows"), out: c.String("out"), force: c.Bool("force")}
	page, picture := set.file("report", c), set.file("picture", c)
	if err := errors.Join(page.check(), picture.check(), picture.differs(page)); err != nil {
		return err
	}
	if set.out != "" {
		if err := checkOutFolder(set.out, nil); err != nil {
			return err
		}
	}
	res := &demoResult{Sparsity: demoSparsity, Kernel: kernelName(), Threads: threadCount(), Report: c.String("report")}
	for _, name := range demoModels {
		m, err := s.demoModel(res, name, set)
		if err != nil {
			return err
		}
		res.Models = append(res.Models, *m)
	}
	res.Seconds = time.Since(start).Seconds()
	if err := s.writePage(page, demoPage(res)); err != nil {
		return err
	}
	if err := s.writeFile(picture, report.Picture(len(res.Models), demoBars(res)...)); err != nil {
		return err
	}
	return s.result(res, res.write)
}

type demoSettings struct {
	samples, maxWindows int
	out                 string // folder that keeps the pruned models; empty: none
	force               bool
}

// file is where a flag wants a result.
func (set *demoSettings) file(flag string, c *cli.Context) *outFile {
	f := &outFile{flag: flag, path: c.String(flag)}
	if set.out != "" {
		for _, model := range demoModels {
			for _, method := range demoMethods {
				f.models = append(f.models, demoFolder(set.out, model, method))
			}
		}
	}
	return f
}

// demoModel measures one embedded model, prunes it by each method and measures again.
func (s *session) demoModel(res *demoResult, name string, set demoSettings) (*demoModel, error) {
	m, err := models.Open(name)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	length := m.Config().MaxPositions
	calib, err := calibrationFor(m, data.DefaultCalibration(), data.Windows{Samples: set.samples, Length: length, Seed: s.seed})
	if err != nil {
		return nil, err
	}
	windows, _, err := evaluationFor(m, data.DefaultEvaluation(), length, set.maxWindows)
	if err != nil {
		return nil, err
	}
	res.Calibration = demoTokens{len(calib.IDs), length}
	res.Evaluation = demoTokens{len(windows), length}
	if err := m.LoadAll(); err != nil {
		return nil, err
	}
	dense, err := s.perplexity(name+" dense", m, windows)
	if err != nil {
		return nil, err
	}
	d := &demoModel{Model: name, Architecture: m.Config().Architecture, Parameters: countParameters(m), Dense: prune.Number(dense.Perplexity)}
	s.progress.Line("%s: perplexity %s dense", name, format.Perplexity(dense.Perplexity))
	for _, method := range demoMethods {
		folder := ""
		if set.out != "" {
			folder = demoFolder(set.out, name, method)
		}
		r, err := s.demoMethod(m, method, calib, windows, folder, set.force)
		if err != nil {
			return nil, fmt.Errorf("%s, %s: %w", name, method, err)
		}
		d.Results = append(d.Results, *r)
		s.progress.Line("%s: perplexity %s after %s (%s)", name, format.Perplexity(r.Perplexity), method, format.Seconds(r.Seconds))
	}
	return d, nil
}

// demoMethod prunes m by one method; folder may be empty.
func (s *session) demoMethod(m *models.Model, method string, calib *data.CalibrationSet, windows [][]int, folder string, force bool) (*demoMethod, error) {
	options, err := parseSpec(method)
	if err != nil {
		return nil, err
	}
	options.Pattern, options.Seed = sparsity.Unstructured(demoSparsity), s.seed
	var after eval.Result
	label := m.Path + " " + method
	rep, _, err := s.try(trial{
		label: label, model: m, calib: calib, folder: folder, force: force,
		options: options,
		measure: func() (err error) {
			after, err = s.perplexity(label, m, windows)
			return err
		},
	})
	if err != nil {
		return nil, err
	}
	return &demoMethod{Method: method, Perplexity: prune.Number(after.Perplexity), Sparsity: rep.Totals.Sparsity, Seconds: rep.Seconds, Folder: folder, layers: rep.Layers}, nil
}

func (r *demoResult) write(w io.Writer) {
	fmt.Fprintf(w, "Perplexity at %.0f %% sparsity, lower is better\n\n", 100*r.Sparsity)
	demoTable(r).Write(w)
	fmt.Fprintf(w, "\n%d windows of %d tokens for calibration, %d for evaluation, both embedded texts; %s in all\n",
		r.Calibration.Windows, r.Calibration.SeqLen, r.Evaluation.Windows, format.Seconds(r.Seconds))
	if r.Report != "" {
		fmt.Fprintf(w, "report: %s\n", r.Report)
	}
}

// demoTable has one row per method: the perplexities of the models, then the times of pruning.
func demoTable(r *demoResult) *format.Table {
	t := &format.Table{Head: []string{"method"}, Left: 1, Rows: [][]string{{"dense"}}}
	for _, name := range demoMethods {
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
