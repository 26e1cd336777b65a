package app

import (
	"bytes"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"

	"github.com/adagp/adagp/cmd/cli/report"
	"github.com/adagp/adagp/prune"
)

// writePage renders a page and stores it.
func writePage(path string, p *report.Page) error {
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		return err
	}
	return writeFile(path, b.Bytes())
}

// prunePage is the page of one pruning run.
func prunePage(r *prune.Report, set *pruneSettings) *report.Page {
	p := &report.Page{
		Title: fmt.Sprintf("%s pruned by %s", set.model, r.Method),
		Lead:  fmt.Sprintf("%s of the weights in the decoder's matrices are zero (%s of %s).", formatPercent(r.Totals.Sparsity), formatCount(int(r.Totals.Zeros)), formatCount(int(r.Totals.Weights))),
		Foot:  "The same figures are in pruning.json beside the weights. " + programName + " " + r.Version,
	}
	if q := r.Perplexity; q != nil {
		p.Lead += fmt.Sprintf(" The perplexity went from %s to %s.", formatPerplexity(q.Before), formatPerplexity(q.After))
		p.Sections = append(p.Sections, report.Section{
			Title: "Perplexity",
			Note:  "On " + set.eval + ", lower is better.",
			Charts: []report.Chart{report.Bars{Title: "Perplexity", Items: []report.Bar{
				{Label: "before", Value: q.Before, Text: formatPerplexity(q.Before), Base: true},
				{Label: "after", Value: q.After, Text: formatPerplexity(q.After)},
			}}},
		})
	}
	p.Sections = append(p.Sections, layerSection(r), matrixSection(r))
	p.Facts = pruneFacts(r, set)
	return p
}

func layerSection(r *prune.Report) report.Section {
	curve := report.Curve{Title: "Error of the layer's output", XLabel: "decoder layer"}
	var line report.Series
	t := &report.Table{Head: []string{"layer", "error", "seconds"}, Left: 1}
	for _, l := range r.Layers {
		curve.X = append(curve.X, l.Index)
		line.Y = append(line.Y, l.Error)
		t.Rows = append(t.Rows, []string{fmt.Sprint(l.Index), formatError(l.Error), fmt.Sprintf("%.2f", l.Seconds)})
	}
	curve.Series = []report.Series{line}
	return report.Section{
		Title:  "Decoder layers",
		Note:   "Relative squared difference between the output of the pruned prefix and that of the dense model, ‖h − h_dense‖² / ‖h_dense‖², on the calibration windows. It accumulates from layer to layer.",
		Charts: []report.Chart{curve, matrixHeat(r)},
		Table:  t,
	}
}

// matrixHeat shows the error of each matrix over the layers.
func matrixHeat(r *prune.Report) report.Heat {
	h := report.Heat{Title: "Error of each matrix", XLabel: "decoder layer"}
	for _, l := range r.Layers {
		h.Cols = append(h.Cols, l.Index)
		for _, x := range l.Tensors {
			if kind := shortName(x.Name); !slices.Contains(h.Rows, kind) {
				h.Rows = append(h.Rows, kind)
			}
		}
	}
	for _, kind := range h.Rows {
		row := make([]float64, len(r.Layers))
		for j, l := range r.Layers {
			row[j] = math.NaN()
			for _, x := range l.Tensors {
				if shortName(x.Name) == kind {
					row[j] = x.Error
				}
			}
		}
		h.Values = append(h.Values, row)
	}
	return h
}

func matrixSection(r *prune.Report) report.Section {
	t := &report.Table{Head: []string{"tensor", "shape", "zeros", "sparsity", "error"}, Left: 1}
	for _, l := range r.Layers {
		for _, x := range l.Tensors {
			t.Rows = append(t.Rows, []string{x.Name, formatShape(x.Shape), formatCount(x.Zeros), formatPercent(x.Sparsity), formatError(x.Error)})
		}
	}
	return report.Section{
		Title:  "Matrices",
		Note:   "The error of a matrix is ‖XWᵀ − XŴᵀ‖² / ‖XWᵀ‖² on the inputs it was solved with.",
		Table:  t,
		Folded: len(t.Rows) > 12,
	}
}

func pruneFacts(r *prune.Report, set *pruneSettings) []report.Fact {
	facts := []report.Fact{
		{Name: "Model", Value: set.model},
		{Name: "Output", Value: set.out},
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
		facts = append(facts, report.Fact{Name: strings.ReplaceAll(name, "_", " "), Value: fmt.Sprint(r.Hyperparameters[name])})
	}
	return append(facts,
		report.Fact{Name: "Calibration", Value: fmt.Sprintf("%d windows of %d tokens", r.Calibration.Samples, r.Calibration.SeqLen)},
		report.Fact{Name: "Calibration text", Value: describeFiles(r.Calibration.Files)},
		report.Fact{Name: "Seed", Value: fmt.Sprint(r.Seed)},
		report.Fact{Name: "Time", Value: formatSeconds(r.Seconds)},
		report.Fact{Name: "Peak memory", Value: formatBytes(r.PeakRSSBytes)},
		report.Fact{Name: "Threads, kernels", Value: fmt.Sprintf("%d, %s (%s/%s)", r.Threads, r.Kernel, runtime.GOOS, runtime.GOARCH)},
	)
}

func describePattern(p prune.Pattern) string {
	if p.Structured() {
		return fmt.Sprintf("%d zeros in every %d neighbours", p.N, p.M)
	}
	return formatPercent(p.Sparsity) + " zeros"
}

// describeFiles lists the calibration files; those that are part of the program are only counted.
func describeFiles(files []string) string {
	embedded := 0
	for _, f := range files {
		if strings.HasPrefix(f, "embedded:") {
			embedded++
		}
	}
	if embedded > 0 && embedded == len(files) {
		return fmt.Sprintf("embedded, parts of %d books", embedded)
	}
	return strings.Join(files, ", ")
}
