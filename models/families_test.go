package models_test

import (
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

var update = flag.Bool("update", false, "write the logits of the small models of all families anew")

// smallConfigs returns the config.json of a small model of each family, and of each kind that families have, by name.
func smallConfigs(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob(golden.Path("families/*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no configurations: %v", err)
	}
	configs := map[string][]byte{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		configs[strings.TrimSuffix(filepath.Base(f), ".json")] = b
	}
	return configs
}

// smallModel builds a model with random values.
func smallModel(t *testing.T, config []byte) models.CausalLM {
	t.Helper()
	m, err := models.Build(config)
	if err != nil {
		t.Fatal(err)
	}
	rng := newRNG(7)
	for _, p := range nn.Params(m.Walk) {
		p.Set(tensor.New(p.Shape...))
		for i := range p.Value().Data() {
			p.Value().Data()[i] = float32(rng.NormFloat64() / math.Sqrt(float64(p.Shape[len(p.Shape)-1])))
		}
		if len(p.Shape) == 1 && strings.HasSuffix(p.Name, "weight") { // of norms
			for i := range p.Value().Data() {
				p.Value().Data()[i]++
			}
		}
	}
	return m
}

// smallText is longer than the windows and the original contexts of the small models.
func smallText() []int {
	ids := make([]int, 30)
	for i := range ids {
		ids[i] = (i*i*7 + 3*i + 5) % 61
	}
	return ids
}

// Every architecture has a small model.
func TestSmallModelOfEveryArchitecture(t *testing.T) {
	var have []string
	for _, c := range smallConfigs(t) {
		var file struct{ Architectures []string }
		if err := json.Unmarshal(c, &file); err != nil {
			t.Fatal(err)
		}
		have = append(have, file.Architectures...)
	}
	for _, a := range models.Architectures() {
		if !slices.Contains(have, a) && a != "MPTForCausalLM" { // another name of MptForCausalLM
			t.Errorf("%s: no configuration of it in %s", a, golden.Path("families"))
		}
	}
}

// The small models compute what they computed when all recorded checkpoints of their families gave the logits of the
// reference, see TestFamilies, which needs the larger test data.
func TestSmallModels(t *testing.T) {
	file := golden.Path("logits/families.json")
	recorded := map[string][]float32{}
	if !*update {
		golden.JSON(t, file, &recorded)
	}
	for name, config := range smallConfigs(t) {
		t.Run(name, func(t *testing.T) {
			m, ids := smallModel(t, config), smallText()
			y := logitsOf(m, ids)
			last := y.Row(len(ids) - 1)[:6]
			if *update {
				recorded[name] = last
			}
			checkClose(t, "last logits", tensor.FromSlice(last, 6), tensor.FromSlice(recorded[name], 6), 1e-4)

			cache := nn.NewKVCache()
			cache.Expect(len(ids))
			c := &nn.Context{Caches: []*nn.KVCache{cache}, Arena: autograd.NewArena()}
			for lo, hi := 0, 5; lo < len(ids); lo, hi = hi, min(len(ids), hi+1+lo%3) {
				c.Arena.Reset()
				// Only the grouping of sums differs.
				checkClose(t, "decoded logits", models.Forward(c, m, [][]int{ids[lo:hi]}).Value, y.Rows(lo, hi), 5e-5)
			}
			checkChains(t, m, ids)
		})
	}
	if *update {
		b, err := json.Marshal(recorded)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, append(b, '\n'), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// checkChains compares each layer's chain with what its feed-forward block computes inside the layer.
func checkChains(t *testing.T, m models.CausalLM, ids []int) {
	t.Helper()
	c := &nn.Context{}
	h := m.Embed(c, [][]int{ids})
	for _, l := range m.Layers() {
		chain := l.Chain()
		if chain == nil { // of experts
			h = l.Forward(c, h)
			continue
		}
		if err := chain.Check(); err != nil {
			t.Fatal(err)
		}
		var x, y *tensor.Tensor
		c.Observer = nn.ObserverFunc(func(lin *nn.Linear, in, out *tensor.Tensor) {
			for _, link := range chain.Links {
				if link.Linear == lin && link.In == nn.Input {
					x = in
				}
				if link.Linear == lin && link.Out == nn.Output {
					y = out
				}
			}
		})
		h = l.Forward(c, h)
		c.Observer = nil
		checkClose(t, chain.Name, chain.Forward(c, autograd.Const(x)).Value, y, 0)
	}
}
