package app

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adagp/adagp/checkpoint"
	"github.com/adagp/adagp/internal/golden"
)

// evalText is a little text to measure perplexity on.
func evalText(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "text.txt")
	text := strings.Repeat("The old man went down to the sea, and there was nobody who had seen the ship. ", 60)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// sameModel checks that two folders hold the same tensors to the bit, and that their other files agree.
func sameModel(t testing.TB, got, want string) {
	t.Helper()
	readers := make([]*checkpoint.Reader, 2)
	for i, dir := range []string{got, want} {
		r, err := checkpoint.Open(os.DirFS(dir))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		readers[i] = r
	}
	if g, w := readers[0].Names(), readers[1].Names(); strings.Join(g, " ") != strings.Join(w, " ") {
		t.Fatalf("%s has tensors %v, want %v", got, g, w)
	}
	for _, name := range readers[1].Names() {
		g, err := readers[0].Raw(name)
		if err != nil {
			t.Fatal(err)
		}
		w, err := readers[1].Raw(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(g, w) {
			t.Errorf("%s: tensor %s has other bytes", got, name)
		}
	}
	list, err := os.ReadDir(want)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if strings.Contains(e.Name(), ".safetensors") || strings.HasSuffix(e.Name(), ".bin") || strings.HasSuffix(e.Name(), ".index.json") {
			continue
		}
		w, err := os.ReadFile(filepath.Join(want, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if g, err := os.ReadFile(filepath.Join(got, e.Name())); err != nil || !bytes.Equal(g, w) {
			t.Errorf("%s: file %s differs (%v)", got, e.Name(), err)
		}
	}
}

// A pruned model packs, measures the same, packs once more from there, and comes back to the bit.
func TestPackAfterPruning(t *testing.T) {
	text := evalText(t)
	for _, c := range []struct {
		model, layout string
		prune         []string
	}{
		{"demo:llama", "bitmask", []string{"--method", "sparsegpt", "--sparsity", "0.7"}},
		{"demo:opt", "2:4", []string{"--method", "wanda", "--pattern", "2:4"}},
		{golden.Path("models/stories260k-bin"), "bitmask", []string{"--method", "magnitude", "--sparsity", "0.8", "--dtype", "bfloat16"}},
	} {
		dir := t.TempDir()
		pruned, packed, back := filepath.Join(dir, "pruned"), filepath.Join(dir, "packed"), filepath.Join(dir, "back")
		ok(t, append([]string{"prune", "--model", c.model, "--out", pruned, "--samples", "4", "--seqlen", "64"}, c.prune...)...)
		var res packResult
		okJSON(t, &res, "pack", "--model", pruned, "--out", packed)
		if res.Model != pruned || res.Out != packed || res.Layout != "auto" || res.Packed.Matrices < 20 || res.BytesAfter >= res.BytesBefore {
			t.Errorf("%s: got %+v", c.model, res)
		}
		size := int64(0)
		for _, m := range res.Matrices {
			if m.Layout == "dense" {
				if m.StoredBytes != m.DenseBytes {
					t.Errorf("%s: dense in %d of %d bytes", m.Name, m.StoredBytes, m.DenseBytes)
				}
				continue
			}
			size += m.StoredBytes
			if m.Layout != c.layout || m.StoredBytes >= m.DenseBytes || m.Zeros == 0 {
				t.Errorf("%s: got %+v, want layout %s", c.model, m, c.layout)
			}
		}
		if size != res.Packed.StoredBytes || res.Packed.Ratio != float64(size)/float64(res.Packed.DenseBytes) {
			t.Errorf("%s: totals %+v, the matrices have %d bytes", c.model, res.Packed, size)
		}
		perplexity := func(model string) float64 {
			r := ok(t, "eval", "--model", model, "--text", text, "--seqlen", "64", "--max-windows", "8", "--json")
			var v struct{ Perplexity float64 }
			if err := json.Unmarshal([]byte(r.stdout), &v); err != nil || v.Perplexity < 1 {
				t.Fatalf("%v in %s", err, r.stdout)
			}
			return v.Perplexity
		}
		if p, q := perplexity(pruned), perplexity(packed); math.Abs(p-q) > 1e-4*p {
			t.Errorf("%s: perplexity %v, packed %v", c.model, p, q)
		}
		var zeros inspectResult
		okJSON(t, &zeros, "inspect", "--model", packed)
		if zeros.Decoder.Sparsity < 0.49 || zeros.StoredBytes >= zeros.Bytes {
			t.Errorf("%s: inspect finds %+v of zeros in %d bytes, stored in %d", c.model, zeros.Decoder, zeros.Bytes, zeros.StoredBytes)
		}
		okJSON(t, &res, "pack", "--model", packed, "--out", back, "--unpack")
		if res.Layout != "dense" || res.Packed.Matrices != 0 {
			t.Errorf("%s: unpacking gave %+v", c.model, res.Packed)
		}
		sameModel(t, back, pruned)
		// A packed folder can be pruned on, and its output is dense.
		again := filepath.Join(dir, "again")
		ok(t, "prune", "--model", packed, "--out", again, "--method", "magnitude", "--sparsity", "0.9", "--samples", "2", "--seqlen", "32")
		if r := ok(t, "inspect", "--model", again); strings.Contains(r.stdout, "bitmask") {
			t.Error("a pruned model is packed without being asked to")
		}
	}
}

// Every model of the larger data set survives a round trip after every kind of method.
func TestPackSharedModels(t *testing.T) {
	models, err := filepath.Glob(filepath.Join(golden.Shared(t, "models"), "*"))
	if err != nil || len(models) < 5 {
		t.Fatalf("found %d models (%v)", len(models), err)
	}
	for i, model := range models {
		method := [][]string{{"--method", "magnitude", "--sparsity", "0.7"}, {"--method", "magnitude", "--pattern", "2:4"}}[i%2]
		dir := t.TempDir()
		pruned, packed, back := filepath.Join(dir, "pruned"), filepath.Join(dir, "packed"), filepath.Join(dir, "back")
		windows := filepath.Join(dir, "ids.jsonl")
		if err := os.WriteFile(windows, []byte(`{"input_ids":[1,2,3,4,5,6,7,8]}`+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		ok(t, append([]string{"prune", "--model", model, "--out", pruned, "--calib", windows}, method...)...)
		ok(t, "pack", "--model", pruned, "--out", packed)
		ok(t, "pack", "--model", packed, "--out", back, "--unpack")
		sameModel(t, back, pruned)
	}
}

func TestPackFlags(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--out", out}, statusUsage, "needs --model"},
		{[]string{"--model", "demo:opt"}, statusUsage, "needs --out"},
		{[]string{"--model", "demo:opt", "--out", out, "--layout", "csr"}, statusUsage, `--layout "csr": want auto, bitmask, 2:4 or dense`},
		{[]string{"--model", "demo:opt", "--out", out, "--layout", "2:4", "--unpack"}, statusUsage, "--unpack and --layout 2:4 exclude each other"},
		{[]string{"--model", "demo:opt", "--out", out, "--dtype", "int8"}, statusUsage, `--dtype "int8"`},
		{[]string{"--model", filepath.Join(dir, "none"), "--out", out}, statusFailed, "does not exist"},
		{[]string{"--model", "demo:opt", "--out", "."}, statusUsage, "is or holds the current folder"},
	} {
		r := call(t, append([]string{"pack"}, c.args...)...)
		if r.code != c.code || !strings.Contains(r.last(), c.want) || r.stdout != "" {
			t.Errorf("%v: status %d, %q, want %d with %q", c.args, r.code, r.last(), c.code, c.want)
		}
		wantEmpty(t, dir)
	}
	// A dense model has nothing to pack; an output that is there is not overwritten by itself.
	r := ok(t, "pack", "--model", "demo:opt", "--out", out)
	if !strings.Contains(r.stdout, "matrices are dense") {
		t.Errorf("got %s", r.stdout)
	}
	if r := call(t, "pack", "--model", "demo:opt", "--out", out); r.code != statusFailed || !strings.Contains(r.last(), "--force") {
		t.Errorf("status %d, %q, want 1 and --force", r.code, r.last())
	}
	ok(t, "pack", "--model", "demo:opt", "--out", out, "--force", "--layout", "bitmask", "--dtype", "float32")
}
