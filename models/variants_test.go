package models_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

// variant loads a golden model with some fields of its configuration and some tensors changed.
func variant(t testing.TB, name string, fields map[string]any, change func(all map[string]stored)) *models.Model {
	t.Helper()
	b, err := os.ReadFile(golden.Path("models/" + name + "/config.json"))
	if err != nil {
		t.Fatal(err)
	}
	var config map[string]any
	if err := json.Unmarshal(b, &config); err != nil {
		t.Fatal(err)
	}
	for k, v := range fields {
		config[k] = v
	}
	if b, err = json.Marshal(config); err != nil {
		t.Fatal(err)
	}
	all := readStored(t, name)
	change(all)
	m, err := models.OpenFS(fstest.MapFS{
		"config.json":       {Data: b},
		"model.safetensors": {Data: safetensorsFile(t, all)},
	}, name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	if err := m.LoadAll(); err != nil {
		t.Fatal(err)
	}
	return m
}

// An untied head that equals the embedding gives what a tied one gives.
func TestUntiedHead(t *testing.T) {
	for name, table := range map[string]string{
		"rand-llama-tied":       "model.embed_tokens.weight",
		"rand-opt-noprefix-bin": "decoder.embed_tokens.weight",
	} {
		t.Run(name, func(t *testing.T) {
			ids := []int{3, 1, 4, 1, 5}
			want := logitsOf(openLoaded(t, golden.Path("models/"+name)), ids)
			m := variant(t, name, map[string]any{"tie_word_embeddings": false}, func(all map[string]stored) {
				all["lm_head.weight"] = all[table]
			})
			checkClose(t, "logits", logitsOf(m, ids), want, 0)
		})
	}
}

// Without the last norm OPT's head reads the residual stream itself.
func TestRemovedFinalNorm(t *testing.T) {
	m := variant(t, "rand-opt-noprefix-bin", map[string]any{"_remove_final_layer_norm": true}, func(all map[string]stored) {
		for n := range all {
			if strings.HasPrefix(n, "decoder.final_layer_norm.") {
				delete(all, n)
			}
		}
	})
	rng := newRNG(2)
	h := tensor.New(3, m.Config().HiddenSize)
	for i := range h.Data() {
		h.Data()[i] = float32(rng.NormFloat64())
	}
	var table *tensor.Tensor
	m.EmbedWalk(func(p *nn.Param) {
		if strings.HasSuffix(p.Name, "embed_tokens.weight") {
			table = p.Value()
		}
	})
	got := m.Head(&nn.Context{}, autograd.Const(h)).Value
	checkClose(t, "logits", got, tensor.MatMulNT(h, table), 1e-6)
}

// Logits, loss and gradients have the same bits with any number of threads.
func TestThreads(t *testing.T) {
	defer parallel.SetThreads(0)
	for _, path := range []string{"demo:llama", "demo:opt"} {
		t.Run(path, func(t *testing.T) {
			m := openLoaded(t, path)
			rng := newRNG(6)
			ids := make([][]int, 2)
			for i := range ids {
				for range 70 {
					ids[i] = append(ids[i], rng.IntN(m.Config().VocabSize))
				}
			}
			var wantLogits *tensor.Tensor
			wantGrads := map[*nn.Param]*tensor.Tensor{}
			for _, threads := range []int{1, 3} {
				parallel.SetThreads(threads)
				nn.ZeroGrad(m.Walk)
				c := &nn.Context{Tape: autograd.NewTape()}
				logits := models.Forward(c, m, ids)
				c.Tape.Backward(nn.CrossEntropy(logits, ids))
				if wantLogits == nil {
					wantLogits = logits.Value
					m.Walk(func(p *nn.Param) { wantGrads[p] = p.Grad.Clone() })
					continue
				}
				checkClose(t, "logits", logits.Value, wantLogits, 0)
				m.Walk(func(p *nn.Param) { checkClose(t, "gradient of "+p.Name, p.Grad, wantGrads[p], 0) })
			}
		})
	}
}
