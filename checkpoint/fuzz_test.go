package checkpoint

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/adagp/adagp/internal/golden"
)

// FuzzIndex reads arbitrary bytes as an index. What is accepted must name files inside the folder
// only, and mean the same after it was written again.
func FuzzIndex(f *testing.F) {
	for _, name := range []string{"models/rand-llama3/model.safetensors.index.json", "models/rand-opt-noprefix-bin/pytorch_model.bin.index.json"} {
		b, err := os.ReadFile(golden.Path(name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	for _, s := range []string{
		"", "{}", `{"weight_map":{}}`, `{"weight_map":{"a":"b.safetensors","c":"d.safetensors"},"metadata":{"total_size":1}}`,
		`{"weight_map":{"a":"../b.safetensors"}}`, `{"metadata":[[[{}]]],"weight_map":{"a":"\u002e\u002e/b.safetensors"}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		x, err := parseIndex("i", text, ".safetensors")
		if err != nil {
			return
		}
		for _, s := range x.shards() {
			if filepath.Base(s) != s || !filepath.IsLocal(s) {
				t.Errorf("shard %q is not in the folder", s)
			}
		}
		var entries []placed
		for name, file := range x.weightMap {
			entries = append(entries, placed{name, file, x.order[name]})
		}
		b, err := encodeIndex(text, entries, 1)
		if err != nil {
			t.Fatal(err)
		}
		again, err := parseIndex("i", b, ".safetensors")
		if err != nil {
			t.Fatalf("%v\nafter writing %s", err, b)
		}
		if !maps.Equal(again.weightMap, x.weightMap) || !maps.Equal(again.order, x.order) {
			t.Errorf("got %v in the order %v, want %v in %v", again.weightMap, again.order, x.weightMap, x.order)
		}
	})
}
