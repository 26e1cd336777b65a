package prunepage

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/adagp/adagp/cmd/cli/format"
	"github.com/adagp/adagp/cmd/cli/report"
	"github.com/adagp/adagp/prune"
)

// objectiveSection shows what the method measured on the way, over the layers.
func objectiveSection(r *prune.Report) (report.Section, bool) {
	s := report.Section{Title: "Objective", Folded: true, Table: &format.Table{Head: []string{"layer", "step", "value"}, Left: 2}}
	for _, l := range r.Layers {
		for _, n := range l.Objective {
			s.Table.Rows = append(s.Table.Rows, []string{fmt.Sprint(l.Index), n.Step, format.Error(n.Value)})
		}
	}
	for _, n := range r.Finish {
		s.Table.Rows = append(s.Table.Rows, []string{"all", n.Step, format.Error(n.Value)})
	}
	if len(s.Table.Rows) == 0 {
		return s, false
	}
	s.Note = "Relative squared error against what each matrix was asked for, and of the whole block, on calibration windows held out from tuning. Dense: with the weights as they came; target: with the least-squares weights before pruning."
	if published(r) {
		s.Note = "AdaGP's objective of each layer, after every update in every epoch, of a matrix, of all, and of the signals between them: the weighted squares of all by which the auxiliary variables and the network miss each other, summed over the calibration tokens."
	}
	s.Charts = objectiveCurves(r)
	if n := len(r.Finish); n > 1 {
		s.Note += fmt.Sprintf(" At the end, over the whole model: from %s (%s) to %s (%s).", format.Error(r.Finish[0].Value), r.Finish[0].Step, format.Error(r.Finish[n-1].Value), r.Finish[n-1].Step)
	}
	return s, true
}

// published reports whether the steps are those of AdaGP as published.
func published(r *prune.Report) bool {
	return slices.ContainsFunc(r.Layers, func(l prune.LayerReport) bool {
		return slices.ContainsFunc(l.Objective, func(n prune.Note) bool { return strings.HasPrefix(n.Step, "objective ") })
	})
}

func missing(n int) []float64 { return slices.Repeat([]float64{math.NaN()}, n) }

// objectiveCurves has a plot for the first word of the steps, with a line for each that follows.
func objectiveCurves(r *prune.Report) (charts []report.Chart) {
	var order []string
	curves := map[string]*report.Curve{}
	for i, l := range r.Layers {
		for _, n := range l.Objective {
			of, step, _ := strings.Cut(n.Step, " ")
			c := curves[of]
			if c == nil {
				c = &report.Curve{Title: of, XLabel: "decoder layer", YLabel: "relative squared error"}
				if published(r) {
					c.YLabel = "sum of squares"
				}
				for _, l := range r.Layers {
					c.X = append(c.X, l.Index)
				}
				curves[of], order = c, append(order, of)
			}
			k := slices.IndexFunc(c.Series, func(s report.Series) bool { return s.Name == step })
			if k < 0 {
				k = len(c.Series)
				c.Series = append(c.Series, report.Series{Name: step, Y: missing(len(r.Layers))})
			}
			c.Series[k].Y[i] = float64(n.Value)
		}
	}
	inOrder := []string{"pruned", "target", "dense"} // what stands for what in all plots
	for _, of := range order {
		slices.SortStableFunc(curves[of].Series, func(a, b report.Series) int {
			return slices.Index(inOrder, a.Name) - slices.Index(inOrder, b.Name)
		})
		charts = append(charts, *curves[of])
	}
	return charts
}

// stageNames are the stages of a run in order, as the page calls them.
var stageNames = []struct {
	stage prune.Stage
	name  string
}{
	{prune.StagePrepare, "prepare"}, {prune.StageLoad, "load"}, {prune.StageCalibrate, "calibrate"},
	{prune.StageSolve, "solve"}, {prune.StagePropagate, "propagate"}, {prune.StageFinish, "whole model"}, {prune.StageDone, "keep"},
}

// timeSection shows where the time went. Reports of earlier versions do not tell.
func timeSection(r *prune.Report) (report.Section, bool) {
	sum, rest := prune.Seconds{}, r.Seconds
	add := func(s prune.Seconds) {
		for stage, v := range s {
			sum[stage] += v
			rest -= v
		}
	}
	add(r.Stages)
	for _, l := range r.Layers {
		add(l.Stages)
	}
	if len(sum) == 0 {
		return report.Section{}, false
	}
	all := report.Bars{Title: "Time of the run by stage, in seconds"}
	bar := func(name string, v float64) {
		all.Items = append(all.Items, report.Bar{Label: name, Value: v, Text: format.Seconds(v)})
	}
	layers := report.Stack{Title: "Time of each layer by stage", XLabel: "seconds; labels are decoder layers"}
	for _, s := range stageNames {
		if sum[s.stage] >= 0.001*r.Seconds {
			bar(s.name, sum[s.stage])
		}
	}
	if rest >= 0.001*r.Seconds {
		bar("other", rest)
	}
	used := func(stage prune.Stage) bool {
		return slices.ContainsFunc(r.Layers, func(l prune.LayerReport) bool { return l.Stages[stage] > 0 })
	}
	t := &format.Table{Head: []string{"layer"}, Left: 1}
	for _, s := range stageNames {
		if used(s.stage) {
			layers.Parts, t.Head = append(layers.Parts, s.name), append(t.Head, s.name)
		}
	}
	t.Head = append(t.Head, "in all")
	for _, l := range r.Layers {
		row, cells := report.StackRow{Label: strconv.Itoa(l.Index), Text: format.Seconds(l.Seconds)}, []string{strconv.Itoa(l.Index)}
		for _, s := range stageNames {
			if used(s.stage) {
				row.Values, cells = append(row.Values, l.Stages[s.stage]), append(cells, fmt.Sprintf("%.2f", l.Stages[s.stage]))
			}
		}
		layers.Rows, t.Rows = append(layers.Rows, row), append(t.Rows, append(cells, fmt.Sprintf("%.2f", l.Seconds)))
	}
	return report.Section{
		Title:  "Time",
		Note:   "Prepare: the dense model is looked over as a whole, and windows are embedded. Load: weights are read, the dense layer is run. Calibrate: activations are observed. Solve: weights are pruned. Propagate: the pruned layer is run. Other: evaluation, and writing what was not pruned.",
		Charts: []report.Chart{all, layers},
		Table:  t,
		Folded: true,
	}, true
}
