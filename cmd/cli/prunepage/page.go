// Package prunepage is the page of one pruning run: what was asked for, what came of it matrix by matrix
// and layer by layer, and what the pruned model is good for.
package prunepage

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"

	"github.com/adagp/adagp/cmd/cli/format"
	"github.com/adagp/adagp/cmd/cli/report"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/sparsity"
)

// Run says what was pruned into what.
type Run struct {
	Model, Out string // folders
	Eval       string // the text of the report's perplexities
	Speed      bool   // measure the speed of decoding
	Memory     int64  // budget of the run, in bytes; 0: none
}

// New looks at the models before and after, and returns the page of the run.
func New(ctx context.Context, r *prune.Report, run Run) (*report.Page, error) {
	d, err := deploy(ctx, run)
	if err != nil {
		return nil, err
	}
	return page(r, run, d), nil
}

// page is what the page shows.
func page(r *prune.Report, run Run, d *deployment) *report.Page {
	p := &report.Page{
		Title: fmt.Sprintf("%s pruned by %s", run.Model, r.Method),
		Lead:  fmt.Sprintf("%s of the weights in the decoder's matrices are zero (%s of %s).", format.Percent(r.Totals.Sparsity), format.Count(int(r.Totals.Zeros)), format.Count(int(r.Totals.Weights))),
		Foot:  "The same figures are in pruning.json beside the weights. cli " + r.Version,
	}
	p.Figures = []report.Fact{{Name: "Zeros", Value: format.Percent(r.Totals.Sparsity)}}
	figure := func(name, from, to string) {
		p.Figures = append(p.Figures, report.Fact{Name: name, Value: from + " → " + to})
	}
	if q := r.Perplexity; q != nil {
		figure("Perplexity", format.Perplexity(q.Before), format.Perplexity(q.After))
		p.Lead += fmt.Sprintf(" The perplexity went from %s to %s.", format.Perplexity(q.Before), format.Perplexity(q.After))
		p.Sections = append(p.Sections, report.Section{
			Title: "Perplexity",
			Note:  "On " + run.Eval + ", lower is better.",
			Charts: []report.Chart{report.Bars{Title: "Perplexity", Items: []report.Bar{
				{Label: "dense", Value: float64(q.Before), Text: format.Perplexity(q.Before), Base: true},
				{Label: "pruned", Value: float64(q.After), Text: format.Perplexity(q.After)},
			}}},
		})
	}
	figure("Size on disk, packed", format.Bytes(d.before), format.Bytes(d.packed))
	if v := d.speed; v != nil {
		figure("Tokens per second", formatRate(v.dense), formatRate(v.packed))
	}
	p.Figures = append(p.Figures, report.Fact{Name: "Time", Value: format.Seconds(r.Seconds)}, report.Fact{Name: "Peak memory", Value: format.Bytes(r.PeakRSSBytes)})
	p.Sections = append(p.Sections, matrixSection(r), layerSection(r))
	if s, ok := objectiveSection(r); ok {
		p.Sections = append(p.Sections, s)
	}
	if s, ok := timeSection(r); ok {
		p.Sections = append(p.Sections, s)
	}
	p.Sections = append(p.Sections, d.sections()...)
	p.Facts = facts(r, run)
	return p
}

func layerSection(r *prune.Report) report.Section {
	curve := report.Curve{Title: "Error of the layer's output", XLabel: "decoder layer", YLabel: "relative squared error"}
	var line report.Series
	t := &format.Table{Head: []string{"layer", "error", "seconds"}, Left: 1}
	for _, l := range r.Layers {
		curve.X = append(curve.X, l.Index)
		line.Y = append(line.Y, float64(l.Error))
		t.Rows = append(t.Rows, []string{fmt.Sprint(l.Index), format.Error(l.Error), fmt.Sprintf("%.2f", l.Seconds)})
	}
	curve.Series = []report.Series{line}
	return report.Section{
		Title:  "Decoder layers",
		Note:   "Relative squared difference between the output of the pruned prefix and that of the dense model, ‖h − h_dense‖² / ‖h_dense‖², on the calibration windows. Each layer adds to what it was given; where the hidden states grow faster, the share falls.",
		Charts: []report.Chart{curve},
		Table:  t,
	}
}

// matrixHeat fills a map with a value of each matrix over the layers.
func matrixHeat(r *prune.Report, h report.Heat, value func(prune.TensorReport) float64) report.Heat {
	h.XLabel = "decoder layer"
	for _, l := range r.Layers {
		h.Cols = append(h.Cols, l.Index)
		for _, x := range l.Tensors {
			if kind := format.Matrix(x.Name); !slices.Contains(h.Rows, kind) {
				h.Rows = append(h.Rows, kind)
			}
		}
	}
	for _, kind := range h.Rows {
		row := make([]float64, len(r.Layers))
		for j, l := range r.Layers {
			row[j] = math.NaN()
			for _, x := range l.Tensors {
				if format.Matrix(x.Name) == kind {
					row[j] = value(x)
				}
			}
		}
		h.Values = append(h.Values, row)
	}
	return h
}

func matrixSection(r *prune.Report) report.Section {
	t := &format.Table{Head: []string{"tensor", "shape", "zeros", "sparsity", "error"}, Left: 1}
	for _, l := range r.Layers {
		for _, x := range l.Tensors {
			t.Rows = append(t.Rows, []string{x.Name, format.Shape(x.Shape), format.Count(x.Zeros), format.Percent(x.Sparsity), format.Error(x.Error)})
		}
	}
	return report.Section{
		Title: "Matrices",
		Note:  "The error of a matrix is ‖XWᵀ − XŴᵀ‖² / ‖XWᵀ‖² on the inputs it was solved with.",
		Charts: []report.Chart{
			matrixHeat(r, report.Heat{Title: "Zeros of each matrix", Unit: "share of zeros, linear scale", Linear: true, Format: formatShare}, func(x prune.TensorReport) float64 { return x.Sparsity }),
			matrixHeat(r, report.Heat{Title: "Error of each matrix", Unit: "relative squared error, logarithmic scale"}, func(x prune.TensorReport) float64 { return float64(x.Error) }),
		},
		Table:  t,
		Folded: len(t.Rows) > 12,
	}
}

// formatShare fits into a cell of a map.
func formatShare(v float64) string { return fmt.Sprintf("%.1f%%", 100*v) }

func facts(r *prune.Report, run Run) []report.Fact {
	all := []report.Fact{
		{Name: "Model", Value: run.Model},
		{Name: "Output", Value: run.Out},
		{Name: "Method", Value: r.Method},
		{Name: "Local solver", Value: r.Solver},
		{Name: "Pattern", Value: describePattern(r.Pattern)},
	}
	names := make([]string, 0, len(r.Hyperparameters))
	for name := range r.Hyperparameters {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		all = append(all, report.Fact{Name: strings.ReplaceAll(name, "_", " "), Value: fmt.Sprint(r.Hyperparameters[name])})
	}
	return append(all,
		report.Fact{Name: "Calibration", Value: fmt.Sprintf("%d windows of %d tokens", r.Calibration.Samples, r.Calibration.SeqLen)},
		report.Fact{Name: "Calibration text", Value: format.Files(r.Calibration.Files)},
		report.Fact{Name: "Seed", Value: fmt.Sprint(r.Seed)},
		report.Fact{Name: "Time", Value: format.Seconds(r.Seconds)},
		report.Fact{Name: "Peak memory", Value: format.Bytes(r.PeakRSSBytes)},
		report.Fact{Name: "Threads, kernels", Value: fmt.Sprintf("%d, %s (%s/%s)", r.Threads, r.Kernel, runtime.GOOS, runtime.GOARCH)},
	)
}

func describePattern(p sparsity.Pattern) string {
	if p.Structured() {
		return fmt.Sprintf("%d zeros in every %d neighbours", p.N, p.M)
	}
	return format.Percent(p.Sparsity) + " zeros"
}
