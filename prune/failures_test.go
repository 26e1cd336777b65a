package prune_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
)

func TestRunRefuses(t *testing.T) {
	good := randomWindows(512, 16, 16)
	var i8 = tensor.I8
	for _, tc := range []struct {
		name    string
		windows [][]int
		o       prune.Options
		want    string
	}{
		{"no method", good, prune.Options{}, "no method: want one in Options.Method"},
		{"sparsity 1", good, prune.Options{Method: prunetest.Method("adagp"), Pattern: sparsity.Unstructured(1)}, "sparsity 1: want 0 <= sparsity < 1"},
		{"sparsity NaN", good, prune.Options{Method: prunetest.Method("adagp"), Pattern: sparsity.Unstructured(math.NaN())}, "sparsity NaN"},
		{"pattern 4:4", good, prune.Options{Method: prunetest.Method("adagp"), Pattern: sparsity.NM(4, 4)}, "pattern 4:4"},
		{"layers", good, prune.Options{Method: prunetest.Method("adagp"), Layers: [2]int{3, 6}}, "layers 3:6: want 0 <= A < B <= 5"},
		{"layers reversed", good, prune.Options{Method: prunetest.Method("adagp"), Layers: [2]int{3, 3}}, "layers 3:3"},
		{"dtype", good, prune.Options{Method: prunetest.Method("adagp"), DType: &i8}, "dtype I8: want F32, F16 or BF16"},
		{"nothing selected", good, prune.Options{Method: prunetest.Method("adagp"), Include: regexp.MustCompile("lm_head")}, "no weight matrix is selected in decoder layers 0:5"},
		{"no windows", nil, prune.Options{Method: prunetest.Method("adagp")}, "no calibration windows"},
		{"empty window", [][]int{{1}, {}}, prune.Options{Method: prunetest.Method("adagp")}, "calibration, counted from window 1: token window 0 is empty"},
		{"id out of range", [][]int{{1, 2}, {3, 512}}, prune.Options{Method: prunetest.Method("adagp")}, "id 512 at position 1 is outside the vocabulary of 512"},
		{"window too long", [][]int{make([]int, 513)}, prune.Options{Method: prunetest.Method("adagp")}, "513 tokens, the model takes at most 512"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out := &memory{}
			_, err := prune.Run(context.Background(), open(t, "stories260k"), tc.windows, tc.o, out)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
			if len(out.names) != 0 {
				t.Errorf("tensors written before the error: %v", out.names)
			}
		})
	}
}

// Values that are not finite are found wherever they come in, and the place is named.
func TestRunNonFinite(t *testing.T) {
	windows := randomWindows(512, repeat(16, 4)...)
	for _, tc := range []struct {
		name  string
		spoil func(m *models.Model)
		want  string
	}{
		{"weight", func(m *models.Model) { m.Layers()[2].Linears()[6].Weight.Value().Set(float32(math.NaN()), 3, 5) },
			"tensor model.layers.2.mlp.down_proj.weight holds NaN at element 521"},
		{"norm", func(m *models.Model) {
			m.Layers()[1].Walk(func(p *nn.Param) {
				if strings.Contains(p.Name, "input_layernorm") {
					p.Value().Set(float32(math.Inf(1)), 7)
				}
			})
		}, "tensor model.layers.1.input_layernorm.weight holds +Inf at element 7"},
		{"embedding", func(m *models.Model) { m.EmbedWalk(func(p *nn.Param) { p.Value().Fill(float32(math.NaN())) }) },
			"tensor model.embed_tokens.weight holds NaN"},
	} {
		for _, method := range allMethods {
			t.Run(tc.name+"/"+method, func(t *testing.T) {
				m, out := open(t, "stories260k"), &memory{}
				if err := m.LoadAll(); err != nil {
					t.Fatal(err)
				}
				tc.spoil(m)
				_, err := prune.Run(context.Background(), m, windows, prune.Options{Method: prunetest.Method(method), Pattern: sparsity.Unstructured(0.5)}, out)
				if err == nil || !strings.Contains(err.Error(), tc.want) {
					t.Errorf("error %v, want %q", err, tc.want)
				}
				for n, w := range out.tensors {
					if i, ok := w.Finite(); !ok {
						t.Errorf("%s[%d] = %v was written", n, i, w.Data()[i])
					}
				}
			})
		}
	}
}

// An activation that overflows inside a layer is reported with the linear layer that it enters.
func TestRunNamesLinear(t *testing.T) {
	m := open(t, "stories260k")
	if err := m.LoadAll(); err != nil {
		t.Fatal(err)
	}
	// gate · up = ±1e40 overflows at the input of down_proj.
	for _, lin := range m.Layers()[3].Linears()[4:6] {
		w := lin.Weight.Value()
		for i, v := range w.Data() {
			w.Data()[i] = v * 1e20
		}
	}
	const want = "layer model.layers.3.mlp.down_proj: activation of input "
	for _, method := range allMethods {
		_, err := prune.Run(context.Background(), m, randomWindows(512, 16), prune.Options{Method: prunetest.Method(method), Pattern: sparsity.Unstructured(0.5)}, nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", method, err, want)
		}
	}
}

type failing struct {
	memory
	after int
}

func (f *failing) Put(name string, t *tensor.Tensor) error {
	if len(f.names) == f.after {
		return fmt.Errorf("write %s: disk full", name)
	}
	return f.memory.Put(name, t)
}

func TestRunSinkError(t *testing.T) {
	m := open(t, "stories260k")
	_, err := prune.Run(context.Background(), m, randomWindows(512, 16), prune.Options{Method: prunetest.Method("magnitude")}, &failing{after: 8})
	if err == nil || !strings.Contains(err.Error(), "model.layers.1.self_attn.k_proj.weight: disk full") {
		t.Errorf("error %v, want the sink's", err)
	}
	for _, p := range nn.Params(m.Walk) {
		if p.Value() != nil {
			t.Errorf("parameter %s is still loaded after the error", p.Name)
		}
	}
}

// Wherever a run is interrupted, it ends with the context's error and without a further stage.
func TestRunCancelled(t *testing.T) {
	windows := randomWindows(512, repeat(16, 6)...)
	for _, method := range allMethods {
		for stop := 0; ; stop += 5 {
			ctx, cancel := context.WithCancel(context.Background())
			events, after := 0, 0
			o := prune.Options{Method: prunetest.Method(method), Pattern: sparsity.Unstructured(0.5), Layers: [2]int{0, 2}, Batch: 2, Progress: func(prune.Event) {
				if ctx.Err() != nil {
					after++
				}
				if events++; events == stop+1 {
					cancel()
				}
			}}
			_, err := prune.Run(ctx, open(t, "stories260k"), windows, o, nil)
			done := ctx.Err() == nil
			cancel()
			if done {
				if err != nil {
					t.Fatalf("%s: %v", method, err)
				}
				if stop < 20 {
					t.Errorf("%s: only %d events", method, events)
				}
				break
			}
			// The last events of a run have nothing behind them to be cancelled.
			if err != nil && !errors.Is(err, context.Canceled) || err == nil && after > 1 {
				t.Errorf("%s, cancelled at event %d: error %v, %d events afterwards", method, stop, err, after)
			}
			if after > 2 {
				t.Errorf("%s, cancelled at event %d: %d events afterwards", method, stop, after)
			}
		}
	}
}

// careless is a method that the test writes, with a different mistake each time.
type careless struct{ method func(l *prune.Layer) error }

func (m careless) Describe() prune.Description                        { return prune.Description{Name: "careless"} }
func (m careless) Wants(*prune.Options) prune.Wants                   { return prune.Wants{} }
func (m careless) PruneLayer(_ context.Context, l *prune.Layer) error { return m.method(l) }

func TestRunChecksResults(t *testing.T) {
	dense := func(l *prune.Layer, i int) *local.Solution {
		lin := l.Selected()[i]
		return &local.Solution{W: l.Weights(lin), Mask: sparsity.NewMask(lin.Out(), lin.In())}
	}
	for _, tc := range []struct {
		name    string
		pattern sparsity.Pattern
		method  func(l *prune.Layer) error
		want    string
	}{
		{"nothing set", sparsity.Unstructured(0.5), func(*prune.Layer) error { return nil },
			"the method left tensor model.layers.0.self_attn.q_proj.weight unpruned"},
		{"no zeros", sparsity.Unstructured(0.5), func(l *prune.Layer) error { return l.Set(l.Selected()[1], dense(l, 1)) },
			"tensor model.layers.0.self_attn.k_proj.weight: 0 of 2048 weights are zero, want 1024 for sparsity 0.5"},
		{"no groups", sparsity.NM(2, 4), func(l *prune.Layer) error { return l.Set(l.Selected()[0], dense(l, 0)) },
			"tensor model.layers.0.self_attn.q_proj.weight: 0 zeros in row 0, columns 0 to 3, want 2 for pattern 2:4"},
		{"shape", sparsity.Unstructured(0.5), func(l *prune.Layer) error { return l.Set(l.Selected()[0], dense(l, 1)) },
			"tensor model.layers.0.self_attn.q_proj.weight: the solution has no weights or mask of shape [64 64]"},
		{"nothing", sparsity.Unstructured(0.5), func(l *prune.Layer) error { return l.Set(l.Selected()[0], nil) }, "no weights or mask"},
		{"NaN", sparsity.Unstructured(0), func(l *prune.Layer) error {
			s := dense(l, 0)
			s.W.Set(1, 2, math.NaN())
			return l.Set(l.Selected()[0], s)
		}, "tensor model.layers.0.self_attn.q_proj.weight: weight [1 2] is NaN after pruning"},
		{"float32 overflow", sparsity.Unstructured(0), func(l *prune.Layer) error {
			s := dense(l, 0)
			s.W.Set(1, 2, 1e300)
			return l.Set(l.Selected()[0], s)
		}, "weight [1 2] is +Inf after pruning"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := prune.Run(context.Background(), open(t, "stories260k"), randomWindows(512, 16), prune.Options{Method: careless{tc.method}, Pattern: tc.pattern}, nil)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
		})
	}
}

func TestRunWarnings(t *testing.T) {
	run := func(t *testing.T, m *models.Model, windows [][]int, o prune.Options) string {
		var log bytes.Buffer
		o.Log = slog.New(slog.NewTextHandler(&log, nil))
		if _, err := prune.Run(context.Background(), m, windows, o, nil); err != nil {
			t.Fatal(err)
		}
		return log.String()
	}
	t.Run("tail", func(t *testing.T) {
		// The down projection of stories260k has 172 inputs, 4 more than a multiple of 8.
		log := run(t, open(t, "stories260k"), randomWindows(512, repeat(64, 4)...), prune.Options{Method: prunetest.Method("wanda"), Pattern: sparsity.NM(4, 8)})
		if strings.Count(log, "does not divide") != 1 || !strings.Contains(log, "columns=172") || !strings.Contains(log, "tail=4") {
			t.Errorf("log %q, want one line about the tail of 4 in 172 columns", log)
		}
	})
	t.Run("few tokens", func(t *testing.T) {
		log := run(t, open(t, "stories260k"), randomWindows(512, 100), prune.Options{Method: prunetest.Method("wanda"), Pattern: sparsity.Unstructured(0.5)})
		if strings.Count(log, "fewer calibration tokens") != 1 || !strings.Contains(log, "tokens=100 inputs=172") {
			t.Errorf("log %q, want one line about 100 tokens for 172 inputs", log)
		}
	})
	t.Run("indefinite Hessian", func(t *testing.T) {
		// Eight tokens for 64 inputs and hardly any damping: the factorisation fails until the damping is raised.
		for method, m := range map[string]prune.Method{
			"sparsegpt": prunetest.Method("sparsegpt", "damp", 1e-18), "adagp": prunetest.Method("adagp", "paper", true, "damp", 1e-18),
		} {
			log := run(t, open(t, "stories260k"), randomWindows(512, 8), prune.Options{Method: m, Pattern: sparsity.Unstructured(0.5)})
			if !strings.Contains(log, "more damping") {
				t.Errorf("%s: log %q, want a line about damping", method, log)
			}
		}
	})
	t.Run("sparser already", func(t *testing.T) {
		m := open(t, "stories260k")
		if err := m.LoadAll(); err != nil {
			t.Fatal(err)
		}
		windows := randomWindows(512, repeat(64, 4)...)
		run(t, m, windows, prune.Options{Method: prunetest.Method("magnitude"), Pattern: sparsity.Unstructured(0.7)})
		for _, method := range allMethods {
			if log := run(t, m, windows, prune.Options{Method: prunetest.Method(method), Pattern: sparsity.Unstructured(0.5)}); method == "magnitude" && !strings.Contains(log, "more zeros than asked for") {
				t.Errorf("log %q, want a line about zeros that were there before", log)
			}
		}
	})
}
