package prune_test

import (
	"context"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
)

func TestRunSelection(t *testing.T) {
	windows := randomWindows(512, repeat(16, 4)...)
	for _, tc := range []struct {
		name    string
		o       prune.Options
		want    string // regular expression that the written names match, all of them and no others
		stories int    // how many
	}{
		{"layers", prune.Options{Method: prunetest.Method("adagp"), Layers: [2]int{1, 3}}, `layers\.[12]\.`, 14},
		{"include", prune.Options{Method: prunetest.Method("adagp"), Include: regexp.MustCompile(`(gate|up)_proj\.weight$`)}, `(gate|up)_proj`, 10},
		{"exclude", prune.Options{Method: prunetest.Method("adagp"), Exclude: regexp.MustCompile(`mlp`)}, `self_attn`, 20},
		{"all three", prune.Options{Method: prunetest.Method("adagp"), Layers: [2]int{2, 5}, Include: regexp.MustCompile(`mlp|q_proj`), Exclude: regexp.MustCompile(`layers\.3|up`)},
			`layers\.[24].*(q_proj|gate_proj|down_proj)`, 6},
	} {
		for _, method := range allMethods {
			t.Run(tc.name+"/"+method, func(t *testing.T) {
				o := tc.o
				o.Method, o.Pattern = prunetest.Method(method), sparsity.Unstructured(0.5)
				r, out := prunedRun(t, "stories260k", windows, o)
				re := regexp.MustCompile(tc.want)
				for _, n := range out.names {
					if !re.MatchString(n) {
						t.Errorf("%s was pruned", n)
					}
				}
				if len(out.names) != tc.stories {
					t.Errorf("%d tensors, want %d: %v", len(out.names), tc.stories, out.names)
				}
				n := 0
				for _, l := range r.Layers {
					if len(l.Tensors) == 0 {
						t.Errorf("layer %d is in the report without tensors", l.Index)
					}
					n += len(l.Tensors)
				}
				if n != tc.stories {
					t.Errorf("%d tensors in the report, want %d", n, tc.stories)
				}
			})
		}
	}
}

// A loaded model is pruned in place, weights that are not selected keep their very tensors.
func TestRunInPlace(t *testing.T) {
	m := open(t, "stories260k")
	if err := m.LoadAll(); err != nil {
		t.Fatal(err)
	}
	before := map[string]*tensor.Tensor{}
	for _, p := range nn.Params(m.Walk) {
		before[p.Name] = p.Value()
	}
	copies := maps.Clone(before)
	for n, v := range copies {
		copies[n] = v.Clone()
	}
	o := prune.Options{Method: prunetest.Method("adagp"), Pattern: sparsity.NM(2, 4), Exclude: regexp.MustCompile("up_proj|q_proj")}
	r, err := prune.Run(context.Background(), m, randomWindows(512, 16, 16), o, nil)
	if err != nil {
		t.Fatal(err)
	}
	pruned := map[string]bool{}
	for _, l := range r.Layers {
		for _, tr := range l.Tensors {
			pruned[tr.Name] = true
		}
	}
	for _, p := range nn.Params(m.Walk) {
		if p.Value() == nil {
			t.Fatalf("%s was dropped", p.Name)
		}
		if (p.Value() != before[p.Name]) != pruned[p.Name] {
			t.Errorf("%s: replaced %v, pruned %v", p.Name, p.Value() != before[p.Name], pruned[p.Name])
		}
		if !slices.Equal(before[p.Name].Data(), copies[p.Name].Data()) {
			t.Errorf("%s: the loaded values were written to", p.Name)
		}
	}
}

// Windows of different lengths may be mixed; each run of equal lengths makes batches of its own.
func TestRunMixedLengths(t *testing.T) {
	windows := randomWindows(96, 16, 16, 5, 16, 1, 1)
	r, _ := prunedRun(t, "rand-opt350", windows, prune.Options{Method: prunetest.Method("adagp"), Pattern: sparsity.Unstructured(0.5)})
	if c := r.Calibration; c.Samples != 6 || c.SeqLen != 16 || c.Tokens != 55 {
		t.Errorf("calibration %+v, want 6 samples of up to 16, 55 tokens", c)
	}
}

// Weights of a model whose output type differs are rounded to that type, and the layers behind see it.
func TestRunDType(t *testing.T) {
	windows := randomWindows(512, repeat(16, 4)...)
	bf16 := tensor.BF16
	r, out := prunedRun(t, "stories260k", windows, prune.Options{Method: prunetest.Method("magnitude"), Pattern: sparsity.Unstructured(0.5), DType: &bf16})
	exact, _ := prunedRun(t, "stories260k", windows, prune.Options{Method: prunetest.Method("magnitude"), Pattern: sparsity.Unstructured(0.5)})
	for n, w := range out.tensors {
		for i, v := range w.Data() {
			if math.Float32bits(v)&0xffff != 0 {
				t.Fatalf("%s[%d] = %v is not a bfloat16", n, i, v)
			}
		}
	}
	if slices.Equal(errorsOf(r), errorsOf(exact)) {
		t.Error("rounding to bfloat16 left every error as it was")
	}
	if r.Hyperparameters["dtype"] != "BF16" {
		t.Errorf("hyperparameters %v do not name the type", r.Hyperparameters)
	}
}

func TestRunEvents(t *testing.T) {
	var log []string
	last, n := -1.0, 0
	o := prune.Options{Method: prunetest.Method("adagp", "paper", true), Pattern: sparsity.Unstructured(0.5), Layers: [2]int{1, 2}, Batch: 2, Progress: func(e prune.Event) {
		n++
		if e.Layers != 2 || e.Position != e.Layer || e.Fraction < 0 || e.Fraction > 1 {
			t.Errorf("event %+v", e)
		}
		if e.Stage != prune.StageCalibrate && e.Overall() < last {
			t.Errorf("event %+v is at %v, after %v", e, e.Overall(), last)
		}
		last = max(last, e.Overall())
		entry := fmt.Sprintf("%d %s %v", e.Layer, e.Stage, e.Result != nil)
		if len(log) == 0 || log[len(log)-1] != entry {
			log = append(log, entry)
		}
	}}
	prunedRun(t, "stories260k", randomWindows(512, repeat(16, 4)...), o)
	want := []string{"0 load false", "0 done false", "1 load false", "1 calibrate false", "1 solve false", "1 propagate false", "1 done true"}
	if got := strings.Join(log, ", "); got != strings.Join(want, ", ") {
		t.Errorf("stages %s, want %s", got, strings.Join(want, ", "))
	}
	if last != 1 || n < 10 {
		t.Errorf("%d events up to %v", n, last)
	}
}
