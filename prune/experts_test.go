package prune_test

import (
	"bytes"
	"log/slog"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/adagp"
	"github.com/adagp/adagp/prune/sparsegpt"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
)

const firstExpert = "model.layers.0.mlp.experts.0"

// mixture returns a small mixture of experts whose router never chooses the first of five: its logit is 0, those of the
// others are a, -a, b and -b, of which the largest two are not negative.
func mixture(t *testing.T) *models.Model {
	t.Helper()
	config, err := os.ReadFile(golden.Path("families/qwen3-moe.json"))
	if err != nil {
		t.Fatal(err)
	}
	net, err := models.Build(config)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(5, 6))
	for _, p := range nn.Params(net.Walk) {
		p.Set(tensor.New(p.Shape...))
		for i := range p.Value().Data() {
			p.Value().Data()[i] = float32(rng.NormFloat64() / math.Sqrt(float64(p.Shape[len(p.Shape)-1])))
		}
		if strings.HasSuffix(p.Name, "mlp.gate.weight") {
			v := p.Value()
			clear(v.Row(0))
			for _, pair := range [][2]int{{1, 2}, {3, 4}} {
				for j, x := range v.Row(pair[0]) {
					v.Row(pair[1])[j] = -x
				}
			}
		}
	}
	dir := filepath.Join(t.TempDir(), "model")
	if err := models.Save(dir, net, config, tensor.F32); err != nil {
		t.Fatal(err)
	}
	m, err := models.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func mixtureWindows() [][]int {
	var windows [][]int
	rng := rand.New(rand.NewPCG(7, 8))
	for range 10 {
		w := make([]int, 9)
		for i := range w {
			w[i] = rng.IntN(61)
		}
		windows = append(windows, w)
	}
	return windows
}

// TestStarvedExperts: an expert with few tokens is pruned by all of them, whatever the size of the batches, and that is
// told. In batches of one window others have no token now and then.
func TestStarvedExperts(t *testing.T) {
	for name, method := range map[string]prune.Method{"sparsegpt": prune.Local(sparsegpt.Solver{}), "adagp": adagp.New(adagp.Balanced())} {
		t.Run(name, func(t *testing.T) {
			run := func(o prune.Options) (*prune.Report, string) {
				t.Helper()
				var log bytes.Buffer
				o.Method, o.Pattern, o.Log = method, sparsity.Unstructured(0.5), slog.New(slog.NewTextHandler(&log, nil))
				r, err := prune.Run(t.Context(), mixture(t), mixtureWindows(), o, &memory{})
				if err != nil {
					t.Fatal(err)
				}
				return r, log.String()
			}
			errorsOf := func(r *prune.Report) (all []float64) {
				for _, x := range r.Layers[0].Tensors {
					all = append(all, float64(x.Error))
				}
				return all
			}
			want := []prune.StarvedExpert{{Expert: firstExpert}}
			together, log := run(prune.Options{Experts: prune.Experts{MinTokens: 5}})
			if got := together.Layers[0].Starved; !slices.Equal(got, want) || together.Layers[1].Starved != nil {
				t.Errorf("starved are %v and %v, want %v and none", got, together.Layers[1].Starved, want)
			}
			if !strings.Contains(log, "few calibration tokens") || !strings.Contains(log, firstExpert+" ") {
				t.Errorf("the log says %s", log)
			}
			each, _ := run(prune.Options{Experts: prune.Experts{MinTokens: 5}, Batch: 1})
			if got := each.Layers[0].Starved; !slices.Equal(got, want) {
				t.Errorf("with batches of one window, starved are %v, want %v", got, want)
			}
			// Sums over tokens are grouped otherwise, which may tip a choice.
			a, b := errorsOf(together), errorsOf(each)
			for i := range a {
				if name == "sparsegpt" && !(math.Abs(a[i]-b[i]) <= 0.02*a[i]+1e-6) {
					t.Errorf("tensor %s: error %v, with batches of one window %v", together.Layers[0].Tensors[i].Name, a[i], b[i])
				}
			}
			all, log := run(prune.Options{Experts: prune.Experts{AllTokens: true}})
			if all.Layers[0].Starved != nil || strings.Contains(log, "few calibration tokens") || slices.Equal(errorsOf(all), a) {
				t.Errorf("by all tokens: starved %v, log %s", all.Layers[0].Starved, log)
			}
			if got := all.Hyperparameters["expert_tokens"]; got != "all" {
				t.Errorf("the report says that experts see %v", got)
			}
			if many, _ := run(prune.Options{Experts: prune.Experts{MinTokens: 1000}}); len(many.Layers[0].Starved) != 5 {
				t.Errorf("starved are %v, want all five", many.Layers[0].Starved)
			}
		})
	}
}

// TestShowAll: what an expert is shown in calibration does not change what comes out of its layer.
func TestShowAll(t *testing.T) {
	m := mixture(t)
	if err := m.LoadAll(); err != nil {
		t.Fatal(err)
	}
	l := m.Layers()[0].(models.Mixture)
	h := m.Embed(&nn.Context{}, mixtureWindows()).Value
	rows := map[string]int{}
	pass := func() *tensor.Tensor {
		clear(rows)
		o := nn.ObserverFunc(func(lin *nn.Linear, x, _ *tensor.Tensor) { rows[lin.Name()] = x.Dim(0) })
		return l.Forward(&nn.Context{SeqLen: 9, Observer: o, Calibration: true}, autograd.Const(h)).Value
	}
	want := pass()
	if n := rows[firstExpert+".up_proj"]; n != 0 {
		t.Errorf("the first expert sees %d tokens, want none", n)
	}
	for e := range l.Experts() {
		l.ShowAll(e, true)
	}
	if d := tensor.MaxAbs(tensor.Sub(pass(), want)); d > 1e-6 { // products of more rows may group sums otherwise
		t.Errorf("with all tokens shown the output differs by %g", d)
	}
	for _, map_ := range []string{".gate_proj", ".up_proj", ".down_proj"} {
		if n := rows[firstExpert+map_]; n != 90 {
			t.Errorf("%s sees %d tokens, want 90", map_, n)
		}
	}
}
