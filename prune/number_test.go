package prune_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/adagp/adagp/prune"
)

// TestReportOfAnyNumber: whatever was measured, a report can be written and read again, and finite values keep
// the form that they have as a float64.
func TestReportOfAnyNumber(t *testing.T) {
	inf, nan := prune.Number(math.Inf(1)), prune.Number(math.NaN())
	r := prune.Report{
		Layers: []prune.LayerReport{{Error: nan, Tensors: []prune.TensorReport{{Error: inf}, {Error: 0.25}},
			Objective: []prune.Note{{Step: "a", Value: inf}}}},
		Finish:     []prune.Note{{Step: "b", Value: nan}},
		Perplexity: &prune.PerplexityReport{Before: 24.5, BeforeNLL: 3.1986731175506815, After: inf, AfterNLL: 800},
	}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var back prune.Report
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if p := *back.Perplexity; p != *r.Perplexity {
		t.Errorf("perplexities %+v, want %+v", p, *r.Perplexity)
	}
	if l := back.Layers[0]; l.Error != inf || l.Tensors[0].Error != inf || l.Tensors[1].Error != 0.25 || l.Objective[0].Value != inf || back.Finish[0].Value != inf {
		t.Errorf("%s became %+v", text, back)
	}
	for _, v := range []float64{0, 1e-7, 24.91234567890123, 1e21, math.MaxFloat64} {
		want, _ := json.Marshal(v)
		got, err := json.Marshal(prune.Number(v))
		if err != nil || string(got) != string(want) {
			t.Errorf("%v is written as %s, error %v; want %s", v, got, err, want)
		}
	}
}
