package sweep

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/adagp/adagp/cmd/cli/format"
	"github.com/adagp/adagp/cmd/cli/report"
	"github.com/adagp/adagp/prune/sparsity"
)

// grid is a sweep as a table: rows are methods, columns patterns, cells the seeds.
type grid struct {
	methods  []string
	patterns []sparsity.Pattern
	seeds    int
	result   *Result
}

// gridOf arranges all runs of a folder: methods in the order asked for, others behind them in the order
// in which they were done; sparsities before N:M, both rising.
func gridOf(r *Result, axes Axes) *grid {
	g := &grid{methods: slices.Clone(axes.Methods), patterns: slices.Clone(axes.Patterns), result: r}
	seeds := map[uint64]bool{}
	for _, run := range r.Runs {
		if !slices.Contains(g.methods, run.Method) {
			g.methods = append(g.methods, run.Method)
		}
		if !slices.Contains(g.patterns, run.Pattern) {
			g.patterns = append(g.patterns, run.Pattern)
		}
		seeds[run.Seed] = true
	}
	g.seeds = len(seeds)
	slices.SortStableFunc(g.patterns, func(a, b sparsity.Pattern) int {
		return cmp.Or(cmp.Compare(a.M, b.M), cmp.Compare(a.Sparsity, b.Sparsity))
	})
	return g
}

// cell returns the perplexities on a text, seed by seed; empty when there is none yet.
func (g *grid) cell(method string, p sparsity.Pattern, text int) (values []float64) {
	for _, r := range g.result.Runs {
		if r.Method == method && r.Pattern == p {
			values = append(values, float64(r.Perplexity[text]))
		}
	}
	return values
}

// seconds is the mean time of a method's runs.
func (g *grid) seconds(method string) float64 {
	sum, n := 0.0, 0
	for _, r := range g.result.Runs {
		if r.Method == method {
			sum, n = sum+r.Seconds, n+1
		}
	}
	return sum / float64(max(n, 1))
}

// formatSpread writes the mean of some perplexities, with the least and the largest when they differ.
func formatSpread(values []float64) string {
	if len(values) == 0 {
		return ""
	}
	text := format.Perplexity(mean(values))
	low, high := format.Perplexity(slices.Min(values)), format.Perplexity(slices.Max(values))
	if low != high {
		text += fmt.Sprintf(" (%s–%s)", low, high)
	}
	return text
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// table is the comparison on one text.
func (g *grid) table(text int) *format.Table {
	t := &format.Table{Head: []string{"method"}, Left: 1, Rows: [][]string{{"dense"}}}
	for _, p := range g.patterns {
		t.Head = append(t.Head, p.String())
		t.Rows[0] = append(t.Rows[0], format.Perplexity(g.result.Dense[text]))
	}
	t.Head, t.Rows[0] = append(t.Head, "time"), append(t.Rows[0], "")
	for _, m := range g.methods {
		row := []string{m}
		for _, p := range g.patterns {
			row = append(row, formatSpread(g.cell(m, p, text)))
		}
		if s := g.seconds(m); s > 0 {
			row = append(row, format.Seconds(s))
		} else {
			row = append(row, "")
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// caption says how a table is to be read.
func (g *grid) caption(text int) string {
	s := g.result.Settings
	e := s.Evaluation[text]
	seeds := "one seed"
	if g.seeds > 1 {
		seeds = fmt.Sprintf("%d seeds: mean (least–largest)", g.seeds)
	}
	return fmt.Sprintf("Perplexity of %s on %s (%d windows of %d tokens) by share of zeros, lower is better; %d calibration windows of %d tokens, %s. Time is that of one pruning run, on average.",
		s.Model, e.File, e.Windows, e.SeqLen, s.Calibration.Samples, s.Calibration.SeqLen, seeds)
}

// WriteTables prints the comparison on each text.
func WriteTables(w io.Writer, r *Result, axes Axes) {
	g := gridOf(r, axes)
	for i := range r.Settings.Evaluation {
		fmt.Fprintf(w, "%s\n\n", g.caption(i))
		g.table(i).Write(w)
		fmt.Fprintln(w)
	}
}

// files renders what goes beside sweep.json, by name; program stands at the foot of the page.
func files(r *Result, axes Axes, program string) (map[string][]byte, error) {
	g := gridOf(r, axes)
	var page bytes.Buffer
	if err := g.page(program).Write(&page); err != nil {
		return nil, err
	}
	all := map[string][]byte{"sweep.md": g.markdown(), "sweep.csv": g.csv(), "sweep.html": page.Bytes()}
	if charts := g.charts(); len(charts) > 0 {
		all["sweep.svg"] = report.Picture(min(len(charts), 2), charts...)
	}
	return all, nil
}

func (g *grid) markdown() []byte {
	var b bytes.Buffer
	for i := range g.result.Settings.Evaluation {
		fmt.Fprintf(&b, "%s\n\n", g.caption(i))
		t := g.table(i)
		t.Markdown(&b)
		fmt.Fprintln(&b)
	}
	return b.Bytes()
}

// csv has one line per run and text, the dense model first.
func (g *grid) csv() []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	rows := [][]string{{"method", "pattern", "seed", "text", "perplexity", "sparsity", "seconds", "cpu_seconds", "threads", "kernel", "version"}}
	for i, e := range g.result.Settings.Evaluation {
		rows = append(rows, []string{"dense", "", "", e.File, number(float64(g.result.Dense[i])), "", "", "", "", "", ""})
	}
	for _, r := range g.result.Runs {
		for i, e := range g.result.Settings.Evaluation {
			rows = append(rows, []string{r.Method, r.Pattern.String(), strconv.FormatUint(r.Seed, 10), e.File, number(float64(r.Perplexity[i])),
				number(r.Sparsity), number(r.Seconds), number(r.CPUSeconds), strconv.Itoa(r.Threads), r.Kernel, r.Version})
		}
	}
	_ = w.WriteAll(rows) // into memory
	return b.Bytes()
}

// charts plots perplexity against sparsity, one plot per text; there is none without sparsities.
func (g *grid) charts() (charts []report.Chart) {
	for i, e := range g.result.Settings.Evaluation {
		title := "Perplexity by share of zeros: " + g.result.Settings.Model
		if len(g.result.Settings.Evaluation) > 1 {
			title = "Perplexity by share of zeros: " + e.File
		}
		c := report.LogCurve{Title: title, XLabel: "share of zeros", YLabel: "perplexity, logarithmic scale", Base: float64(g.result.Dense[i]), BaseLabel: "dense"}
		for _, m := range g.methods {
			s := report.LogSeries{Name: m}
			for _, p := range g.patterns {
				if v := g.cell(m, p, i); !p.Structured() && len(v) > 0 {
					s.Points = append(s.Points, report.LogPoint{X: p.Sparsity, Y: mean(v), Low: slices.Min(v), High: slices.Max(v)})
				}
			}
			if len(s.Points) > 0 {
				c.Series = append(c.Series, s)
			}
		}
		if len(c.Series) > 0 {
			charts = append(charts, c)
		}
	}
	return charts
}
