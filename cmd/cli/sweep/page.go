package sweep

import (
	"fmt"
	"runtime"
	"strings"

	"github.com/adagp/adagp/cmd/cli/format"
	"github.com/adagp/adagp/cmd/cli/report"
)

// page shows a sweep: of each text the table, the curve, and bars for the patterns that are no shares.
func (g *grid) page(program string) *report.Page {
	set := g.result.Settings
	p := &report.Page{
		Title: fmt.Sprintf("%s pruned in %d ways", set.Model, len(g.result.Runs)),
		Lead:  fmt.Sprintf("Perplexity after pruning by %d methods; lower is better, and the dense model is the limit.", len(g.methods)),
		Facts: []report.Fact{
			{Name: "Model", Value: fmt.Sprintf("%s, %s, %s parameters", set.Model, set.Architecture, format.Count(set.Parameters))},
			{Name: "Calibration", Value: fmt.Sprintf("%d windows of %d tokens", set.Calibration.Samples, set.Calibration.SeqLen)},
			{Name: "Calibration text", Value: format.Files(set.Calibration.Files)},
			{Name: "Seeds", Value: fmt.Sprint(g.seeds)},
			{Name: "System", Value: runtime.GOOS + "/" + runtime.GOARCH},
		},
		Foot: "Written by " + program + "; the same figures are in sweep.json and sweep.csv.",
	}
	charts := g.charts()
	for i, e := range set.Evaluation {
		t := g.table(i)
		s := report.Section{Title: e.File, Note: g.caption(i), Table: t}
		if len(charts) > i {
			s.Charts = append(s.Charts, charts[i])
		}
		s.Charts = append(s.Charts, g.bars(i)...)
		p.Sections = append(p.Sections, s)
	}
	return p
}

// bars compares the methods on a text, one plot per N:M pattern.
func (g *grid) bars(text int) (charts []report.Chart) {
	for _, p := range g.patterns {
		if !p.Structured() {
			continue
		}
		dense := float64(g.result.Dense[text])
		b := report.Bars{Title: "Perplexity at " + p.String(), Items: []report.Bar{{Label: "dense", Value: dense, Text: format.Perplexity(dense), Base: true}}}
		for _, m := range g.methods {
			if v := g.cell(m, p, text); len(v) > 0 {
				b.Items = append(b.Items, report.Bar{Label: m, Value: mean(v), Text: format.Perplexity(mean(v)), Own: strings.HasPrefix(m, "adagp")})
			}
		}
		charts = append(charts, b)
	}
	return charts
}
