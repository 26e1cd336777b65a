package models_test

import (
	"math"
	"os"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/models"
	_ "github.com/adagp/adagp/models/all"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

// goldenTolerance is the accepted difference as a share of the largest logit. Both sides compute in
// float32 with different orders of summation; their own two programs differ by up to 1e-6 of it.
const goldenTolerance = 2e-4

// goldenLogits is the content of a logits/NAME.json.
type goldenLogits struct {
	IDs         []int       `json:"ids"`
	Last        [][]float32 `json:"logits_last4"`
	LastStored  [][]float32 `json:"logits_last4_stored_float32"`
	HiddenLast  [][]float32 `json:"hidden_last"` // [layer][hidden], last position
	MaxAbsLogit float64     `json:"max_abs_logit"`
}

// models whose expected values are part of the repository, with the path to open.
var goldenModels = []struct {
	name, path string // path "" means the folder models/NAME
}{
	{"rand-llama-bias", ""},
	{"rand-llama-tied", ""},
	{"rand-llama3", ""},
	{"rand-llama-legacy-bin", ""},
	{"rand-opt350", ""},
	{"rand-opt-noprefix-bin", ""},
	{"rand-opt-nobias", ""},
	{"stories260k", ""},
	{"stories260k-bin", ""},
	{"demo-llama", "demo:llama"},
	{"demo-opt", "demo:opt"},
}

// open opens a model and closes it when the test ends.
func open(t testing.TB, path string) *models.Model {
	t.Helper()
	m, err := models.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// openLoaded opens a model and loads all of it.
func openLoaded(t testing.TB, path string) *models.Model {
	t.Helper()
	m := open(t, path)
	if err := m.LoadAll(); err != nil {
		t.Fatal(err)
	}
	return m
}

// checkRows compares the last rows of x with want and returns the largest difference.
func checkRows(t testing.TB, what string, x *tensor.Tensor, want [][]float32, bound float64) float64 {
	t.Helper()
	var worst float64
	for i, w := range want {
		got := x.Row(x.Dim(0) - len(want) + i)
		if len(got) != len(w) {
			t.Fatalf("%s: row of %d values, want %d", what, len(got), len(w))
		}
		for j := range w {
			d := math.Abs(float64(got[j]) - float64(w[j]))
			if worst = max(worst, d); !(d <= bound) {
				t.Fatalf("%s: row %d of the last %d, element %d: got %v, want %v, difference %g exceeds %g",
					what, i, len(want), j, got[j], w[j], d, bound)
			}
		}
	}
	return worst
}

// checkGolden compares logits, and where recorded the hidden states, with the golden file.
func checkGolden(t *testing.T, m *models.Model, g *goldenLogits, want [][]float32) {
	t.Helper()
	c := &nn.Context{}
	h := m.Embed(c, [][]int{g.IDs})
	for i, l := range m.Layers() {
		h = l.Forward(c, h)
		if g.HiddenLast != nil {
			row := g.HiddenLast[i]
			bound := goldenTolerance * float64(tensor.MaxAbs(tensor.FromSlice(row, len(row))))
			checkRows(t, "hidden state behind "+l.Name(), h.Value, [][]float32{row}, bound)
		}
	}
	logits := m.Head(c, h).Value
	worst := checkRows(t, "logits", logits, want, goldenTolerance*g.MaxAbsLogit)
	t.Logf("largest difference %.2g of the largest logit %.4g (allowed %.0e)", worst/g.MaxAbsLogit, g.MaxAbsLogit, goldenTolerance)
}

// roundToF16 rounds all weights to float16, as the golden programs did for the trained models.
func roundToF16(t testing.TB, m *models.Model) {
	t.Helper()
	for _, p := range nn.Params(m.Walk) {
		b := make([]byte, 2*p.Len())
		if err := tensor.Encode(b, p.Value().Data(), tensor.F16); err != nil {
			t.Fatal(err)
		}
		if err := tensor.Decode(p.Value().Data(), b, tensor.F16); err != nil {
			t.Fatal(err)
		}
	}
}

func TestGoldenLogits(t *testing.T) {
	for _, tt := range goldenModels {
		t.Run(tt.name, func(t *testing.T) {
			path := tt.path
			if path == "" {
				path = golden.Path("models/" + tt.name)
			}
			file := golden.Path("logits/" + tt.name + ".json")
			if _, err := os.Stat(file); err != nil {
				file = golden.Path("logits/stories260k.json") // the .bin twin
			}
			var g goldenLogits
			golden.JSON(t, file, &g)
			m := openLoaded(t, path)
			if g.LastStored != nil {
				checkGolden(t, m, &g, g.LastStored)
				roundToF16(t, m)
			}
			checkGolden(t, m, &g, g.Last)
		})
	}
}

// The larger trained models, where the larger data set is at hand.
func TestGoldenLogitsShared(t *testing.T) {
	for _, tt := range []struct{ model, logits string }{
		{"llama-mini", "llama-mini"},
		{"opt-mini", "opt-mini"},
		{"opt-mini-bin", "opt-mini"},
	} {
		t.Run(tt.model, func(t *testing.T) {
			var g goldenLogits
			golden.JSON(t, golden.Shared(t, "golden/"+tt.logits+".json"), &g)
			checkGolden(t, openLoaded(t, golden.Shared(t, "models/"+tt.model)), &g, g.Last)
		})
	}
}

// forEachModel runs a test on every model of the repository, loaded.
func forEachModel(t *testing.T, f func(t *testing.T, m *models.Model, ids []int)) {
	for _, tt := range goldenModels {
		t.Run(tt.name, func(t *testing.T) {
			path := tt.path
			if path == "" {
				path = golden.Path("models/" + tt.name)
			}
			m := openLoaded(t, path)
			rng := newRNG(4)
			ids := make([]int, 24)
			for i := range ids {
				ids[i] = rng.IntN(m.Config().VocabSize)
			}
			f(t, m, ids)
		})
	}
}

// logitsOf runs a model on windows without a tape.
func logitsOf(m models.CausalLM, ids ...[]int) *tensor.Tensor {
	return models.Forward(&nn.Context{}, m, ids).Value
}

// A batch gives what its windows give alone, and a tape changes nothing.
func TestForwardBatchAndTape(t *testing.T) {
	forEachModel(t, func(t *testing.T, m *models.Model, ids []int) {
		n := len(ids) / 2
		batch := logitsOf(m, ids[:n], ids[n:])
		for b, w := range [][]int{ids[:n], ids[n:]} {
			// The kernels may group sums differently for other row counts.
			checkClose(t, "window of a batch", batch.Rows(b*n, (b+1)*n), logitsOf(m, w), 1e-5)
		}
		nn.ZeroGrad(m.Walk)
		taped := models.Forward(&nn.Context{Tape: autograd.NewTape()}, m.CausalLM, [][]int{ids[:n], ids[n:]})
		if !taped.NeedsGrad() {
			t.Error("logits of a taped pass need no gradient")
		}
		checkClose(t, "taped pass", taped.Value, batch, 0)
	})
}

// Decoding token by token with a cache gives the logits of one pass over the whole text.
func TestIncrementalDecoding(t *testing.T) {
	forEachModel(t, func(t *testing.T, m *models.Model, ids []int) {
		n := len(ids) / 2
		windows := [][]int{ids[:n], ids[n:]}
		want := logitsOf(m, windows...)
		caches := []*nn.KVCache{nn.NewKVCache(), nn.NewKVCache()}
		for lo, hi := 0, 5; lo < n; lo, hi = hi, hi+1 { // a prompt of 5 tokens, then one by one
			got := models.Forward(&nn.Context{Caches: caches}, m.CausalLM, [][]int{windows[0][lo:hi], windows[1][lo:hi]}).Value
			for b := range windows {
				// Only the grouping of sums differs.
				checkClose(t, "decoded logits", got.Rows(b*(hi-lo), (b+1)*(hi-lo)), want.Rows(b*n+lo, b*n+hi), 2e-5)
			}
		}
		for _, cache := range caches {
			if cache.Len() != n {
				t.Errorf("a cache holds %d positions, want %d", cache.Len(), n)
			}
		}
	})
}

// A model can be run layer by layer, each loaded only while it is needed.
func TestStreamedLayers(t *testing.T) {
	forEachModel(t, func(t *testing.T, m *models.Model, ids []int) {
		want := logitsOf(m, ids)
		m.Unload(m.Walk)
		c := &nn.Context{}
		load := func(walk func(func(*nn.Param))) {
			t.Helper()
			if err := m.Load(walk); err != nil {
				t.Fatal(err)
			}
		}
		load(m.EmbedWalk)
		h := m.Embed(c, [][]int{ids})
		m.Unload(m.EmbedWalk)
		for _, l := range m.Layers() {
			load(l.Walk)
			h = l.Forward(c, h)
			m.Unload(l.Walk)
		}
		load(m.HeadWalk)
		checkClose(t, "streamed logits", m.Head(c, h).Value, want, 0)
	})
}

// The declared chain is the layer's feed-forward block.
func TestChains(t *testing.T) {
	forEachModel(t, func(t *testing.T, m *models.Model, ids []int) {
		var x, y *tensor.Tensor
		c := &nn.Context{}
		h := m.Embed(c, [][]int{ids})
		for _, l := range m.Layers() {
			chain := l.Chain()
			if err := chain.Check(); err != nil {
				t.Fatal(err)
			}
			linears := l.Linears()
			first, last := linears[4], linears[len(linears)-1] // behind q, k, v, o
			c.Observer = nn.ObserverFunc(func(l *nn.Linear, in, out *tensor.Tensor) {
				switch l {
				case first:
					x = in
				case last:
					y = out
				}
			})
			h = l.Forward(c, h)
			c.Observer = nil
			checkClose(t, chain.Name, chain.Forward(c, autograd.Const(x)).Value, y, 0)
			if got, want := len(chain.Links), len(linears)-4; got != want {
				t.Errorf("%s: chain of %d maps, want %d", l.Name(), got, want)
			}
		}
	})
}
