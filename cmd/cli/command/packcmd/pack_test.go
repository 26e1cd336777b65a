package packcmd_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/cmd/cli/command/inspectcmd"
	"github.com/adagp/adagp/cmd/cli/command/packcmd"
	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/internal/golden"
)

// A pruned model packs, measures the same, packs once more from there, and comes back to the bit.
func TestPackAfterPruning(t *testing.T) {
	text := clitest.EvalText(t)
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
		clitest.OK(t, append([]string{"prune", "--model", c.model, "--out", pruned, "--samples", "4", "--seqlen", "64"}, c.prune...)...)
		var res packcmd.Result
		clitest.OKJSON(t, &res, "pack", "--model", pruned, "--out", packed)
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
			r := clitest.OK(t, "eval", "--model", model, "--text", text, "--seqlen", "64", "--max-windows", "8", "--json")
			var v struct{ Perplexity float64 }
			if err := json.Unmarshal([]byte(r.Stdout), &v); err != nil || v.Perplexity < 1 {
				t.Fatalf("%v in %s", err, r.Stdout)
			}
			return v.Perplexity
		}
		if p, q := perplexity(pruned), perplexity(packed); math.Abs(p-q) > 1e-4*p {
			t.Errorf("%s: perplexity %v, packed %v", c.model, p, q)
		}
		var zeros inspectcmd.Result
		clitest.OKJSON(t, &zeros, "inspect", "--model", packed)
		if zeros.Decoder.Sparsity < 0.49 || zeros.StoredBytes >= zeros.Bytes {
			t.Errorf("%s: inspect finds %+v of zeros in %d bytes, stored in %d", c.model, zeros.Decoder, zeros.Bytes, zeros.StoredBytes)
		}
		clitest.OKJSON(t, &res, "pack", "--model", packed, "--out", back, "--unpack")
		if res.Layout != "dense" || res.Packed.Matrices != 0 {
			t.Errorf("%s: unpacking gave %+v", c.model, res.Packed)
		}
		clitest.SameModel(t, back, pruned)
		// A packed folder can be pruned on, and its output is dense.
		again := filepath.Join(dir, "again")
		clitest.OK(t, "prune", "--model", packed, "--out", again, "--method", "magnitude", "--sparsity", "0.9", "--samples", "2", "--seqlen", "32")
		if r := clitest.OK(t, "inspect", "--model", again); strings.Contains(r.Stdout, "bitmask") {
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
		clitest.OK(t, append([]string{"prune", "--model", model, "--out", pruned, "--calib", windows}, method...)...)
		clitest.OK(t, "pack", "--model", pruned, "--out", packed)
		clitest.OK(t, "pack", "--model", packed, "--out", back, "--unpack")
		clitest.SameModel(t, back, pruned)
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
		{[]string{"--out", out}, exit.Usage, "needs --model"},
		{[]string{"--model", "demo:opt"}, exit.Usage, "needs --out"},
		{[]string{"--model", "demo:opt", "--out", out, "--layout", "csr"}, exit.Usage, `--layout "csr": want auto, bitmask, 2:4 or dense`},
		{[]string{"--model", "demo:opt", "--out", out, "--layout", "2:4", "--unpack"}, exit.Usage, "--unpack and --layout 2:4 exclude each other"},
		{[]string{"--model", "demo:opt", "--out", out, "--dtype", "int8"}, exit.Usage, `--dtype "int8"`},
		{[]string{"--model", filepath.Join(dir, "none"), "--out", out}, exit.Failed, "does not exist"},
		{[]string{"--model", "demo:opt", "--out", "."}, exit.Usage, "is or holds the current folder"},
	} {
		r := clitest.Call(t, append([]string{"pack"}, c.args...)...)
		if r.Code != c.code || !strings.Contains(r.Last(), c.want) || r.Stdout != "" {
			t.Errorf("%v: status %d, %q, want %d with %q", c.args, r.Code, r.Last(), c.code, c.want)
		}
		clitest.WantEmpty(t, dir)
	}
	// A dense model has nothing to pack; an output that is there is not overwritten by itself.
	r := clitest.OK(t, "pack", "--model", "demo:opt", "--out", out)
	if !strings.Contains(r.Stdout, "matrices are dense") {
		t.Errorf("got %s", r.Stdout)
	}
	if r := clitest.Call(t, "pack", "--model", "demo:opt", "--out", out); r.Code != exit.Failed || !strings.Contains(r.Last(), "--force") {
		t.Errorf("status %d, %q, want 1 and --force", r.Code, r.Last())
	}
	clitest.OK(t, "pack", "--model", "demo:opt", "--out", out, "--force", "--layout", "bitmask", "--dtype", "float32")
}
