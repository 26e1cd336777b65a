package prune_test

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
)

// The reported errors are what the contract says, computed here the long way with the model itself.
func TestReportedErrors(t *testing.T) {
	const name = "rand-llama-bias" // biases must not count as outputs of the weights
	windows := randomWindows(96, repeat(16, 20)...)
	// magnitude's errors are measured in a pass of their own, sparsegpt's follow from the Hessian.
	for _, method := range []string{"magnitude", "sparsegpt"} {
		r, out := prunedRun(t, name, windows, prune.Options{Method: prunetest.Method(method), Pattern: sparsity.Unstructured(0.5)})
		dense, pruned := open(t, name), open(t, name)
		for _, m := range []*models.Model{dense, pruned} {
			if err := m.LoadAll(); err != nil {
				t.Fatal(err)
			}
		}
		c := &nn.Context{}
		hd := dense.Embed(c, windows)
		h := hd
		for i, l := range dense.Layers() {
			// inputs of the dense layer on what the pruned prefix computes
			inputs := map[string]*tensor.Tensor{}
			l.Forward(&nn.Context{SeqLen: c.SeqLen, Observer: nn.ObserverFunc(func(lin *nn.Linear, x, _ *tensor.Tensor) {
				inputs[lin.Name()] = x
			})}, h)
			for k, lin := range l.Linears() {
				w, wp := lin.Weight.Value(), out.tensors[dense.TensorName(lin.Weight)]
				want := sumSquares(inputs[lin.Name()], w, wp) / sumSquares(inputs[lin.Name()], w, nil)
				// Float32 products of small numbers of terms: 1e-5 relative covers them.
				if got := r.Layers[i].Tensors[k].Error; math.Abs(float64(got)-want) > 1e-5*want {
					t.Errorf("%s, %s: error %v, want %v", method, lin.Name(), got, want)
				}
				pruned.Layers()[i].Linears()[k].Weight.Set(wp)
			}
			hd = l.Forward(c, hd)
			h = pruned.Layers()[i].Forward(c, h)
			num, den := 0.0, 0.0
			for k, v := range hd.Value.Data() {
				d := float64(h.Value.Data()[k]) - float64(v)
				num, den = num+d*d, den+float64(v)*float64(v)
			}
			if got, want := r.Layers[i].Error, num/den; math.Abs(float64(got)-want) > 1e-5*want {
				t.Errorf("%s, layer %d: error %v, want %v", method, i, got, want)
			}
		}
	}
}

// sumSquares is ‖X(W − V)ᵀ‖² in float64, V nil meaning zero.
func sumSquares(x, w, v *tensor.Tensor) float64 {
	sum := 0.0
	for t := range x.Dim(0) {
		for i := range w.Dim(0) {
			y := 0.0
			for j, xv := range x.Row(t) {
				d := float64(w.At(i, j))
				if v != nil {
					d -= float64(v.At(i, j))
				}
				y += float64(xv) * d
			}
			sum += y * y
		}
	}
	return sum
}

func TestReportJSON(t *testing.T) {
	windows := [][]int{{1, 2, 3, 400}, {5, 6, 7, 8}}
	r, _ := prunedRun(t, "stories260k", windows, prune.Options{Method: prunetest.Method("adagp", "paper", true, "epochs", 2, "block-size", 32), Pattern: sparsity.NM(2, 4), Seed: 9})
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	keys := slices.Sorted(maps.Keys(got))
	want := []string{"allocation", "calibration", "checkpoint_seconds", "format", "hyperparameters", "kernel", "layers", "method", "pattern", "peak_rss_bytes",
		"seconds", "seed", "settings", "solver", "stages", "threads", "totals", "version"}
	if !slices.Equal(keys, want) {
		t.Errorf("keys %v, want %v", keys, want)
	}
	for key, w := range map[string]string{
		"method": `"adagp"`, "solver": `"sparsegpt"`, "seed": "9", "format": "1", "pattern": `{"m":4,"n":2}`,
		// sha256 of the eight ids as little-endian int32
		"calibration":     `{"files":[],"samples":2,"seqlen":4,"sha256":"d82e2f0f2209e7c9e39f489cc8cf266530b1879aac1b46e06447de529458435d","tokens":8}`,
		"hyperparameters": `{"alpha":5,"beta":5,"block_size":32,"damp":0.01,"epochs":2,"gamma":5,"layers":[0,5],"paper":true,"ridge":0}`,
	} {
		if v, _ := json.Marshal(got[key]); string(v) != w {
			t.Errorf("%s is %s, want %s", key, v, w)
		}
	}
	layer := got["layers"].([]any)[0].(map[string]any)
	if k := slices.Sorted(maps.Keys(layer)); !slices.Equal(k, []string{"error", "index", "objective", "seconds", "stages", "tensors"}) {
		t.Errorf("keys of a layer %v", k)
	}
	entry := layer["tensors"].([]any)[0].(map[string]any)
	if k := slices.Sorted(maps.Keys(entry)); !slices.Equal(k, []string{"error", "name", "shape", "sparsity", "zeros"}) {
		t.Errorf("keys of a tensor %v", k)
	}
}
