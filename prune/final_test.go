package prune_test

import (
	"context"
	"errors"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
)

// finishing is a method that ends with what the test wants.
type finishing struct {
	prune.Method
	finish func(ctx context.Context, f *prune.Final) error
	layer  func(l *prune.Layer) // before each layer is pruned; may be nil
}

func (m finishing) Wants(o *prune.Options) prune.Wants {
	w := m.Method.Wants(o)
	w.Finish, w.Fisher = m.finish, m.layer != nil
	return w
}

func (m finishing) PruneLayer(ctx context.Context, l *prune.Layer) error {
	if m.layer != nil {
		m.layer(l)
	}
	return m.Method.PruneLayer(ctx, l)
}

// finishWith is what the method of finished does next.
var finishWith finishing

// finished is Wanda with what the test wants at the end.
func finished() prune.Method {
	f := finishWith
	f.Method = prunetest.Method("wanda")
	return f
}

// The finish sees the whole pruned model and a dense copy, what it sets is rounded, counted and
// written, and nothing is written before.
func TestFinish(t *testing.T) {
	windows := randomWindows(96, repeat(16, 9)...)
	for _, loaded := range []bool{false, true} {
		m, original, out := open(t, "rand-llama-bias"), open(t, "rand-llama-bias"), &memory{}
		for _, m := range []*models.Model{original, m} {
			if loaded || m == original {
				if err := m.LoadAll(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if loaded { // weights that are not those of the checkpoint
			for _, m := range []*models.Model{original, m} {
				for i, v := range m.Layers()[1].Linears()[2].Weight.Value().Data() {
					m.Layers()[1].Linears()[2].Weight.Value().Data()[i] = 2 * v
				}
			}
		}
		originals := map[string]*tensor.Tensor{}
		for _, p := range nn.Params(original.Walk) {
			originals[p.Name] = p.Value()
		}
		finishWith = finishing{finish: func(ctx context.Context, f *prune.Final) error {
			if len(out.names) != 0 {
				t.Errorf("written before the finish: %v", out.names)
			}
			if f.HeldOut != 1 || len(f.Windows) != 9 || f.Seed != 4 || f.Log == nil {
				t.Errorf("%d of %d windows held out, seed %d", f.HeldOut, len(f.Windows), f.Seed)
			}
			dense, err := f.OpenDense()
			if err != nil {
				return err
			}
			defer dense.Close()
			for _, p := range nn.Params(dense.Walk) {
				if !slices.Equal(p.Value().Data(), originals[p.Name].Data()) {
					t.Errorf("loaded %v: the dense copy's %s is not the original", loaded, p.Name)
				}
			}
			for i, w := range f.Windows {
				c := &nn.Context{}
				h := dense.Embed(c, [][]int{w})
				for _, l := range dense.Layers() {
					h = l.Forward(c, h)
				}
				if len(f.DenseOut) != len(f.Windows) || !slices.Equal(h.Value.Data(), f.DenseOut[i].Data()) {
					t.Fatalf("%d dense outputs, that of window %d is another", len(f.DenseOut), i)
				}
			}
			for i, l := range f.Model.Layers() {
				for k, lin := range l.Linears() {
					w, mask := lin.Weight.Value(), f.Masks[lin]
					if i == 1 && k == 6 {
						if mask != nil || !slices.Equal(w.Data(), originals[lin.Weight.Name].Data()) {
							t.Errorf("%s is not to be pruned and has a mask, or other values", lin.Name())
						}
						continue
					}
					n := w.Clone()
					for r := range n.Dim(0) {
						for c, v := range w.Row(r) {
							want := originals[lin.Weight.Name].At(r, c)
							if mask.Keep(r, c) && v != want || !mask.Keep(r, c) && v != 0 {
								t.Fatalf("%s [%d %d] is %v, kept %v, originally %v", lin.Name(), r, c, v, mask.Keep(r, c), want)
							}
							n.Row(r)[c] = 1.2345678 * (want + 1e-3) // the mask goes first
						}
					}
					if err := f.Set(lin, n); err != nil {
						return err
					}
				}
			}
			f.Progress(0.5)
			f.Note("before", 2)
			f.Note("nonsense", math.Inf(1))
			f.Note("after", 1)
			return nil
		}}
		var last prune.Event
		stages := map[prune.Stage]int{}
		half := tensor.F16
		r, err := prune.Run(context.Background(), m, windows, prune.Options{Method: finished(), Pattern: sparsity.Unstructured(0.5), Seed: 4, DType: &half,
			Exclude: regexp.MustCompile("1.mlp.down_proj"), Progress: func(e prune.Event) {
				if e.Overall() < last.Overall() && e.Stage != prune.StageCalibrate {
					t.Errorf("event %+v at %v after %v", e, e.Overall(), last.Overall())
				}
				stages[e.Stage]++
				last = e
			}}, out)
		if err != nil {
			t.Fatal(err)
		}
		if last.Stage != prune.StageFinish || last.Overall() != 1 || stages[prune.StageFinish] != 3 || stages[prune.StagePrepare] != 0 {
			t.Errorf("last event %+v at %v, stages %v", last, last.Overall(), stages)
		}
		if want := []prune.Note{{Step: "before", Value: 2}, {Step: "nonsense", Value: prune.Number(math.Inf(1))}, {Step: "after", Value: 1}}; !slices.Equal(r.Finish, want) {
			t.Errorf("notes %v, want %v", r.Finish, want)
		}
		if len(out.names) != 13 {
			t.Errorf("written: %v", out.names)
		}
		checkTotals(t, "finished", r, out)
		for _, l := range m.Layers() {
			for _, lin := range l.Linears() {
				if lin.Weight.Value() == nil != !loaded {
					t.Errorf("%s is loaded: %v", lin.Name(), !loaded)
				}
				w := out.tensors[m.TensorName(lin.Weight)]
				if w == nil {
					continue
				}
				if loaded && !slices.Equal(lin.Weight.Value().Data(), w.Data()) {
					t.Errorf("%s was not left as written", lin.Name())
				}
				for i, v := range w.Data() {
					o := originals[lin.Weight.Name].Data()[i]
					if v != 0 && math.Abs(float64(v-1.2345678*(o+1e-3))) > 1e-3*math.Abs(float64(v))+1e-7 {
						t.Fatalf("%s[%d] = %v written, want about %v", lin.Name(), i, v, 1.2345678*(o+1e-3))
					}
				}
			}
		}
	}
}

func TestFinishRefuses(t *testing.T) {
	boom := errors.New("boom")
	for _, tc := range []struct {
		name   string
		finish func(f *prune.Final) error
		want   string
	}{
		{"error", func(*prune.Final) error { return boom }, "boom"},
		{"shape", func(f *prune.Final) error { return f.Set(f.Model.Layers()[0].Linears()[0], tensor.New(3, 4)) },
			"tensor model.layers.0.self_attn.q_proj.weight: new weights of shape [3 4], want [64 64]"},
		{"not pruned", func(f *prune.Final) error { return f.Set(f.Model.Layers()[1].Linears()[0], tensor.New(64, 64)) },
			"tensor model.layers.1.self_attn.q_proj.weight was not pruned"},
		{"nan", func(f *prune.Final) error {
			lin := f.Model.Layers()[0].Linears()[0]
			w := lin.Weight.Value().Clone()
			w.Fill(float32(math.NaN()))
			return f.Set(lin, w)
		}, "q_proj.weight: weight [0 "},
		{"zeros filled in", func(f *prune.Final) error {
			f.Model.Layers()[0].Linears()[3].Weight.Value().Fill(1)
			return nil
		}, "o_proj.weight: 0 of 4096 weights are zero, want 2048"},
		{"nan put in", func(f *prune.Final) error {
			f.Model.Layers()[0].Linears()[3].Weight.Value().Set(float32(math.Inf(1)), 0, 0)
			return nil
		}, "o_proj.weight: weight [0 0] is +Inf after the finish"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m, out := open(t, "stories260k"), &memory{}
			finishWith = finishing{finish: func(_ context.Context, f *prune.Final) error { return tc.finish(f) }}
			_, err := prune.Run(context.Background(), m, randomWindows(512, 16), prune.Options{Method: finished(), Pattern: sparsity.Unstructured(0.5), Layers: [2]int{0, 1}}, out)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
			if len(out.names) != 0 {
				t.Errorf("tensors written all the same: %v", out.names)
			}
			for _, p := range nn.Params(m.Walk) {
				if p.Value() != nil {
					t.Errorf("parameter %s is still loaded", p.Name)
				}
			}
		})
	}
}

// What a method finds in a layer: row weights when it asked for them, held-out windows in batches of
// their own, room for notes. A finisher that has nothing to do costs nothing.
func TestLayerSurface(t *testing.T) {
	for _, tc := range []struct{ windows, batch, heldOut, batches int }{
		{20, 3, 2, 1}, {20, 1, 2, 2}, {16, 0, 2, 1}, {8, 0, 1, 1}, {7, 2, 0, 0}, {33, 3, 4, 2},
	} {
		var out memory
		finishWith = finishing{layer: func(l *prune.Layer) {
			if l.HeldOut() != tc.heldOut || l.HeldOutBatches() != tc.batches {
				t.Errorf("%d windows by %d: %d held out in %d batches, want %d in %d", tc.windows, tc.batch, l.HeldOut(), l.HeldOutBatches(), tc.heldOut, tc.batches)
			}
			n := 0
			for _, h := range l.Hidden[len(l.Hidden)-l.HeldOutBatches():] {
				n += h.Dim(0) / 4
			}
			if n != l.HeldOut() {
				t.Errorf("%d windows by %d: the last %d batches have %d windows, want %d", tc.windows, tc.batch, l.HeldOutBatches(), n, l.HeldOut())
			}
			for _, lin := range l.Selected() {
				if f := l.RowWeights(lin); len(f) != lin.Out() || slices.Max(f) <= 0 {
					t.Errorf("%s has row weights %v", lin.Name(), f)
				}
			}
			l.Note("start", 0.5)
			l.Note("nonsense", math.NaN())
			if l.Index == 1 && len(out.names) == 0 {
				t.Error("the first layer was held back")
			}
		}}
		o := prune.Options{Method: finished(), Pattern: sparsity.Unstructured(0.5), Layers: [2]int{0, 2}, Batch: tc.batch}
		r, err := prune.Run(context.Background(), open(t, "stories260k"), randomWindows(512, repeat(4, tc.windows)...), o, &out)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range r.Layers {
			// What is no number stays in the list, where JSON has null.
			if len(l.Objective) != 2 || l.Objective[0] != (prune.Note{Step: "start", Value: 0.5}) || l.Objective[1].Step != "nonsense" || !math.IsNaN(float64(l.Objective[1].Value)) {
				t.Errorf("layer %d has notes %v", l.Index, l.Objective)
			}
		}
	}
}
