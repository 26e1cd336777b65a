package evalcmd

import (
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/adagp/adagp/cmd/cli/format"
	"github.com/adagp/adagp/cmd/cli/session"
	"github.com/adagp/adagp/data"
	"github.com/adagp/adagp/eval"
	"github.com/adagp/adagp/prune"
)

// Result is the JSON of one text; it is all there is when one model is measured on one text.
type Result struct {
	Task       string       `json:"task"`
	Perplexity prune.Number `json:"perplexity"`
	NLL        float64      `json:"nll"`
	Windows    int          `json:"windows"`
	SeqLen     int          `json:"seqlen"`
	Tokens     int          `json:"tokens"`
	Seconds    float64      `json:"seconds"`
}

// Report is the JSON otherwise: one model's measures, or those of several and their differences.
type Report struct {
	evalMeasures
	Models     []evalModel       `json:"models,omitempty"`
	Confidence float64           `json:"confidence,omitempty"` // of the intervals
	Resamples  int               `json:"resamples,omitempty"`
	Comparison []modelDifference `json:"comparison,omitempty"`
}

type evalModel struct {
	Model string `json:"model"`
	evalMeasures
}

type evalMeasures struct {
	Texts []textMeasure `json:"texts,omitempty"`
	Tasks []taskMeasure `json:"tasks,omitempty"`
	// MeanAcc is the mean of acc over the tasks, when there are several.
	MeanAcc *float64 `json:"mean_acc,omitempty"`
}

type textMeasure struct {
	Text string `json:"text"`
	Result
}

type taskMeasure struct {
	Task       string   `json:"task"`
	File       string   `json:"file"`
	N          int      `json:"n"`
	Acc        float64  `json:"acc"`
	StdErr     float64  `json:"stderr"`
	AccNorm    *float64 `json:"acc_norm,omitempty"` // of the tasks that have it
	StdErrNorm *float64 `json:"stderr_norm,omitempty"`
	Seconds    float64  `json:"seconds"`
}

// modelDifference compares a model with the first one on one measure: perplexities by their ratio,
// accuracies by their difference. Low and High bound it with the report's confidence.
type modelDifference struct {
	Model      string        `json:"model"`
	Against    string        `json:"against"`
	Measure    string        `json:"measure"` // perplexity, acc, acc_norm
	On         string        `json:"on"`      // the text or the task
	Ratio      *prune.Number `json:"ratio,omitempty"`
	Difference *float64      `json:"difference,omitempty"`
	Low        prune.Number  `json:"low"`
	High       prune.Number  `json:"high"`
}

const confidence = 0.95

func newResult(r eval.Result) Result {
	return Result{"perplexity", prune.Number(r.Perplexity), r.NLL, r.Windows, r.SeqLen, r.Tokens, r.Seconds}
}

// printEval prints what was measured, in the simplest form that holds it.
func printEval(s *session.Session, p *evalPlan, subjects []*evalSubject) error {
	if len(subjects) == 1 && len(p.texts) == 1 && len(p.tasks) == 0 {
		r := subjects[0].texts[0]
		res := newResult(r)
		return s.Result(res, func(w io.Writer) {
			fmt.Fprintf(w, "perplexity %s  (mean loss %.4f, %d windows of %d tokens, %s)\n",
				format.Perplexity(r.Perplexity), res.NLL, res.Windows, res.SeqLen, format.Seconds(res.Seconds))
		})
	}
	rep := &Report{}
	for _, sub := range subjects {
		rep.Models = append(rep.Models, evalModel{sub.model.Path, sub.measures(p)})
	}
	if len(subjects) == 1 {
		one := rep.Models
		rep.evalMeasures, rep.Models = one[0].evalMeasures, nil
		return s.Result(rep, func(w io.Writer) { evalTable(p, one, nil).Write(w) })
	}
	rep.Confidence, rep.Resamples = confidence, p.resamples
	for _, sub := range subjects[1:] {
		d, err := compare(s, p, subjects[0], sub)
		if err != nil {
			return err
		}
		rep.Comparison = append(rep.Comparison, d...)
	}
	return s.Result(rep, func(w io.Writer) {
		evalTable(p, rep.Models, rep.Comparison).Write(w)
		fmt.Fprintf(w, "\nIn brackets: 95 %% interval of the comparison with the first model on the same windows and questions (%d resamples);\nperplexities by their ratio, accuracies by their difference.\n", p.resamples)
	})
}

// measures turns a model's results into what is printed.
func (e *evalSubject) measures(p *evalPlan) (m evalMeasures) {
	for i, r := range e.texts {
		m.Texts = append(m.Texts, textMeasure{p.texts[i], newResult(r)})
	}
	sum := 0.0
	for i, r := range e.tasks {
		t := taskMeasure{Task: p.tasks[i].name, File: p.tasks[i].file, N: r.N, Acc: r.Acc, StdErr: r.StdErr, Seconds: r.Seconds}
		if eval.HasNorm(t.Task) {
			t.AccNorm, t.StdErrNorm = &r.AccNorm, &r.StdErrNorm
		}
		m.Tasks = append(m.Tasks, t)
		sum += r.Acc
	}
	if n := len(e.tasks); n > 1 {
		sum /= float64(n)
		m.MeanAcc = &sum
	}
	return m
}

// compare estimates how b differs from a, measure by measure.
func compare(s *session.Session, p *evalPlan, a, b *evalSubject) (all []modelDifference, err error) {
	add := func(measure, on string, x, y []float64, ratio bool) error {
		v, err := eval.PairedBootstrap(x, y, p.resamples, confidence, s.Seed)
		if err != nil {
			return fmt.Errorf("compare %s with %s on %s: %w", b.model.Path, a.model.Path, on, err)
		}
		d := modelDifference{Model: b.model.Path, Against: a.model.Path, Measure: measure, On: on, Low: prune.Number(v.Low), High: prune.Number(v.High)}
		if ratio {
			r := prune.Number(math.Exp(v.Difference))
			d.Ratio, d.Low, d.High = &r, prune.Number(math.Exp(v.Low)), prune.Number(math.Exp(v.High))
		} else {
			d.Difference = &v.Difference
		}
		all = append(all, d)
		return nil
	}
	for i, file := range p.texts {
		if data.HashIDs(a.windows[i]) != data.HashIDs(b.windows[i]) {
			s.Log.Warn("no comparison of perplexities: the models cut the text into other windows (another tokenizer or context, see --seqlen)",
				"text", file, "model", b.model.Path, "against", a.model.Path)
			continue
		}
		if err := add("perplexity", file, a.texts[i].Losses, b.texts[i].Losses, true); err != nil {
			return nil, err
		}
	}
	for i, t := range p.tasks {
		if err := add("acc", t.name, numbers(a.tasks[i].Right), numbers(b.tasks[i].Right), false); err != nil {
			return nil, err
		}
		if eval.HasNorm(t.name) {
			if err := add("acc_norm", t.name, numbers(a.tasks[i].RightNorm), numbers(b.tasks[i].RightNorm), false); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// numbers makes 1 of true and 0 of false.
func numbers(right []bool) []float64 {
	v := make([]float64, len(right))
	for i, ok := range right {
		if ok {
			v[i] = 1
		}
	}
	return v
}

// evalTable has a row per measure and a column per model, followed by its comparison with the first.
func evalTable(p *evalPlan, ms []evalModel, differences []modelDifference) *format.Table {
	t := &format.Table{Head: []string{"on", "measure", "n"}, Left: 2}
	for _, m := range ms {
		t.Head = append(t.Head, m.Model)
	}
	cell := func(m evalModel, measure, on, text string) string {
		i := slices.IndexFunc(differences, func(d modelDifference) bool { return d.Model == m.Model && d.Measure == measure && d.On == on })
		if i < 0 {
			return text
		}
		if d := differences[i]; d.Ratio != nil {
			return fmt.Sprintf("%s  ×%.4f [%.4f, %.4f]", text, *d.Ratio, d.Low, d.High)
		} else {
			return fmt.Sprintf("%s  %+.4f [%+.4f, %+.4f]", text, *d.Difference, d.Low, d.High)
		}
	}
	row := func(on, measure string, n int, value func(m evalModel) string) {
		cells := []string{on, measure, fmt.Sprint(n)}
		for _, m := range ms {
			cells = append(cells, cell(m, measure, on, value(m)))
		}
		t.Add(cells...)
	}
	for i, file := range p.texts {
		row(file, "perplexity", ms[0].Texts[i].Windows, func(m evalModel) string { return format.Perplexity(m.Texts[i].Perplexity) })
	}
	for i, task := range p.tasks {
		n := ms[0].Tasks[i].N
		row(task.name, "acc", n, func(m evalModel) string { return fmt.Sprintf("%.4f ± %.4f", m.Tasks[i].Acc, m.Tasks[i].StdErr) })
		if eval.HasNorm(task.name) {
			row(task.name, "acc_norm", n, func(m evalModel) string {
				return fmt.Sprintf("%.4f ± %.4f", *m.Tasks[i].AccNorm, *m.Tasks[i].StdErrNorm)
			})
		}
	}
	if ms[0].MeanAcc != nil {
		row("mean", "acc", len(p.tasks), func(m evalModel) string { return fmt.Sprintf("%.4f", *m.MeanAcc) })
	}
	return t
}
