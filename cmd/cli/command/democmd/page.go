package democmd

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/cmd/cli/format"
	"github.com/adagp/adagp/cmd/cli/report"
	"github.com/adagp/adagp/internal/version"
)

// demoFolder names the folder of one pruned demo model, in signs that every file system takes:
// DIR/NAME-adagp-paper for demo:NAME.
func demoFolder(dir, model, method string) string {
	return filepath.Join(dir, strings.TrimPrefix(model, "demo:")+"-"+strings.ReplaceAll(method, ":", "-"))
}

// demoBars compares the methods, one plot per model.
func demoBars(r *Result) []report.Chart {
	var charts []report.Chart
	for _, m := range r.Models {
		b := report.Bars{Title: fmt.Sprintf("%s: perplexity at %.0f %%", m.Model, 100*r.Sparsity)}
		b.Items = append(b.Items, report.Bar{Label: "dense", Value: float64(m.Dense), Text: format.Perplexity(m.Dense), Base: true})
		for _, x := range m.Results {
			b.Items = append(b.Items, report.Bar{Label: x.Method, Value: float64(x.Perplexity), Text: format.Perplexity(x.Perplexity), Own: strings.HasPrefix(x.Method, "adagp")})
		}
		charts = append(charts, b)
	}
	return charts
}

// demoCurves shows the error behind each layer, one plot per model.
func demoCurves(r *Result) []report.Chart {
	var charts []report.Chart
	for _, m := range r.Models {
		c := report.Curve{Title: m.Model + ": error of the layer's output", XLabel: "decoder layer", YLabel: "relative squared error"}
		for _, x := range m.Results {
			s := report.Series{Name: x.Method}
			c.X = nil
			for _, l := range x.layers {
				c.X = append(c.X, l.Index)
				s.Y = append(s.Y, float64(l.Error))
			}
			c.Series = append(c.Series, s)
		}
		charts = append(charts, c)
	}
	return charts
}

func demoPage(r *Result) *report.Page {
	t := demoTable(r)
	names := make([]string, len(r.Models))
	facts := []report.Fact{}
	for i, m := range r.Models {
		names[i] = m.Model
		facts = append(facts, report.Fact{Name: m.Model, Value: fmt.Sprintf("%s, %s parameters", m.Architecture, format.Count(m.Parameters))})
	}
	return &report.Page{
		Title: "Ways to prune two small language models",
		Lead: fmt.Sprintf("%.0f %% of the weights in the decoder's matrices of %s were set to zero by each method. Perplexity says how well the model still predicts text it has not seen; lower is better.",
			100*r.Sparsity, strings.Join(names, " and ")),
		Sections: []report.Section{
			{
				Title:  "Perplexity",
				Note:   "The dense model, in grey, is the limit. AdaGP is shown as published (adagp:paper), with --preset fast, and as it is by default (adagp). The times are those of pruning.",
				Charts: demoBars(r),
				Table:  t,
			},
			{
				Title:  "The error, layer by layer",
				Note:   "Relative squared difference to the dense model's hidden states behind each decoder layer, on the calibration windows.",
				Charts: demoCurves(r),
			},
		},
		Facts: append(facts,
			report.Fact{Name: "Sparsity", Value: format.Percent(r.Sparsity)},
			report.Fact{Name: "Calibration", Value: fmt.Sprintf("%d windows of %d tokens", r.Calibration.Windows, r.Calibration.SeqLen)},
			report.Fact{Name: "Evaluation", Value: fmt.Sprintf("%d windows of %d tokens", r.Evaluation.Windows, r.Evaluation.SeqLen)},
			report.Fact{Name: "Time in all", Value: format.Seconds(r.Seconds)},
			report.Fact{Name: "Threads, kernels", Value: fmt.Sprintf("%d, %s (%s/%s)", r.Threads, r.Kernel, runtime.GOOS, runtime.GOARCH)},
		),
		Foot: "Written by " + exit.Program + " demo, " + version.Name() + ". Both models and both texts are part of the program.",
	}
}
