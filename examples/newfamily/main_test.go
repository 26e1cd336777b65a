package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/cmd/cli/app"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/models/generate"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

const config = `{"architectures": ["ParallelForCausalLM"], "vocab_size": 61, "hidden_size": 32, "intermediate_size": 96,
	"num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 64}`

// newFolder makes a model folder with random values.
func newFolder(t *testing.T) string {
	t.Helper()
	m, err := models.Build([]byte(config))
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for _, p := range nn.Params(m.Walk) {
		p.Set(tensor.New(p.Shape...))
		for i := range p.Value().Data() {
			p.Value().Data()[i] = float32(rng.NormFloat64() / math.Sqrt(float64(p.Shape[len(p.Shape)-1])))
		}
		if strings.HasSuffix(p.Name, "norm.weight") {
			p.Value().Fill(1)
		}
	}
	dir := filepath.Join(t.TempDir(), "model")
	if err := models.Save(dir, m, []byte(config), tensor.F32); err != nil {
		t.Fatal(err)
	}
	return dir
}

// call runs the program that main starts, in this process, and returns the object that it prints.
func call(t *testing.T, args ...string) map[string]any {
	t.Helper()
	var out, errs bytes.Buffer
	if status := app.Run(context.Background(), append([]string{"cli"}, append(args, "--json")...), &out, &errs); status != 0 {
		t.Fatalf("%v: status %d: %s", args, status, errs.String())
	}
	var result map[string]any
	if err := json.Unmarshal(out.Bytes(), &result); err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	return result
}

// open opens a folder, with its weights as they are stored.
func open(t *testing.T, dir string) *models.Model {
	t.Helper()
	m, err := models.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	if err := m.LoadStored(m.Walk); err != nil {
		t.Fatal(err)
	}
	return m
}

// names turns ids into text.
type names struct{}

func (names) Decode(ids []int) string { return fmt.Sprint(ids) }

// The declared family is pruned, packed, measured and decoded like any other.
func TestFamily(t *testing.T) {
	dir := newFolder(t)
	windows := filepath.Join(t.TempDir(), "windows.jsonl")
	var lines strings.Builder
	for w := range 12 {
		ids := make([]int, 24)
		for i := range ids {
			ids[i] = (i*i*7 + w*13 + i) % 61
		}
		fmt.Fprintf(&lines, "{\"input_ids\": %s}\n", strings.ReplaceAll(fmt.Sprint(ids), " ", ", "))
	}
	if err := os.WriteFile(windows, []byte(lines.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, method := range [][]string{
		{"--method", "sparsegpt"}, {"--method", "adagp"}, {"--method", "adagp", "--preset", "fast"},
		{"--method", "adagp", "--paper", "--epochs", "2"}, {"--method", "wanda", "--pattern", "2:4"},
	} {
		t.Run(strings.Join(method, " "), func(t *testing.T) {
			out, packed := filepath.Join(t.TempDir(), "out"), filepath.Join(t.TempDir(), "packed")
			report := call(t, append([]string{"prune", "--model", dir, "--out", out, "--calib", windows}, method...)...)
			if s := report["totals"].(map[string]any)["sparsity"].(float64); math.Abs(s-0.5) > 0.01 {
				t.Errorf("sparsity %v, want 0.5", s)
			}
			call(t, "pack", "--model", out, "--out", packed)
			of := func(folder string) float64 {
				return call(t, "eval", "--model", folder, "--text", windows)["perplexity"].(float64)
			}
			// Products with packed weights group sums otherwise.
			if a, b := of(out), of(packed); math.Abs(a-b) > 1e-4*a {
				t.Errorf("perplexity %v, packed %v", a, b)
			}
			o := generate.Options{MaxTokens: 20}
			var texts []string
			for _, folder := range []string{out, packed} {
				r, _, err := generate.Run(context.Background(), open(t, folder), names{}, [][]int{{5, 8, 13}}, o)
				if err != nil {
					t.Fatal(err)
				}
				texts = append(texts, r[0].Text)
			}
			if texts[0] != texts[1] {
				t.Errorf("text %s, from packed weights %s", texts[0], texts[1])
			}
		})
	}
}

// Decoding with a cache gives what one pass over the text gives.
func TestDecoding(t *testing.T) {
	m := open(t, newFolder(t))
	ids := []int{3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8}
	want := models.Forward(&nn.Context{}, m, [][]int{ids}).Value
	c := &nn.Context{Caches: []*nn.KVCache{nn.NewKVCache()}, Arena: autograd.NewArena()}
	for lo, hi := 0, 5; lo < len(ids); lo, hi = hi, hi+1 {
		c.Arena.Reset()
		got := models.Forward(c, m, [][]int{ids[lo:hi]}).Value
		for i, v := range got.Data() {
			// Only the grouping of sums differs.
			if w := want.Data()[lo*61+i]; math.Abs(float64(v-w)) > 2e-5 {
				t.Fatalf("tokens %d to %d: logit %d is %v, want %v", lo, hi, i, v, w)
			}
		}
	}
}
