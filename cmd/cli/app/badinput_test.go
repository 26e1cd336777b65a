package app_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/internal/golden"
)

// TestBadModels spoils a model folder in many ways. Every command that reads it must say what is
// wrong.
func TestBadModels(t *testing.T) {
	const unknown = "unknown architecture"
	const q = "model.layers.0.self_attn.q_proj.weight"
	weights := func(change func(f *clitest.STFile)) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			path := filepath.Join(dir, clitest.STFileName)
			f := clitest.ReadST(t, path)
			change(f)
			f.Write(t, path)
		}
	}
	config := func(old, new string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			path := filepath.Join(dir, "config.json")
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(b), old) {
				t.Fatalf("config.json has no %q to replace", old)
			}
			clitest.WriteFile(t, dir, "config.json", strings.Replace(string(b), old, new, 1))
		}
	}
	file := func(name, content string) func(*testing.T, string) {
		return func(t *testing.T, dir string) { clitest.WriteFile(t, dir, name, content) }
	}
	remove := func(name string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	headerLength := func(n uint64, size int64) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			path := filepath.Join(dir, clitest.STFileName)
			clitest.WriteFile(t, dir, clitest.STFileName, string(binary.LittleEndian.AppendUint64(nil, n)))
			if err := os.Truncate(path, size); err != nil {
				t.Fatal(err)
			}
		}
	}
	pickle := func(text string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			remove(clitest.STFileName)(t, dir)
			clitest.TorchFile(t, filepath.Join(dir, "pytorch_model.bin"), text)
		}
	}
	index := func(shard string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			path := filepath.Join(dir, clitest.STFileName)
			// What the index points at exists, so that only the pointing is wrong.
			if err := os.Rename(path, filepath.Join(filepath.Dir(dir), "outside.safetensors")); err != nil {
				t.Fatal(err)
			}
			clitest.WriteFile(t, dir, "model.safetensors.index.json", `{"metadata":{},"weight_map":{"`+q+`":"`+shard+`"}}`)
		}
	}
	for _, c := range []struct {
		name  string
		spoil func(*testing.T, string)
		says  []string
	}{
		{"missing folder", func(t *testing.T, dir string) {
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
		}, []string{"does not exist"}},
		{"config.json missing", remove("config.json"), []string{"config.json"}},
		{"config.json empty", file("config.json", ""), []string{"config.json"}},
		{"config.json not JSON", file("config.json", "architectures: [x]"), []string{"config.json"}},
		{"config.json of another type", file("config.json", "[1]"), []string{"config.json"}},
		{unknown, config("LlamaForCausalLM", "MambaForCausalLM"), []string{"config.json", "MambaForCausalLM", "LlamaForCausalLM"}},
		{"no weights", remove(clitest.STFileName), []string{"no weights"}},
		{"tensor missing", weights(func(f *clitest.STFile) { f.Remove(q) }), []string{q}},
		{"tensor extra", weights(func(f *clitest.STFile) { f.Add("model.layers.0.extra.weight", 4) }), []string{"model.layers.0.extra.weight"}},
		{"wrong shape", weights(func(f *clitest.STFile) { f.Edit(q, func(e *clitest.STEntry) { e.Shape = []int{32, 128} }) }), []string{q, "[32 128]", "[64 64]"}},
		{"unknown dtype", weights(func(f *clitest.STFile) { f.Edit(q, func(e *clitest.STEntry) { e.DType = "F4" }) }), []string{q, "F4"}},
		{"truncated", func(t *testing.T, dir string) {
			if err := os.Truncate(filepath.Join(dir, clitest.STFileName), 500_000); err != nil {
				t.Fatal(err)
			}
		}, []string{clitest.STFileName}},
		{"shorter than a header", func(t *testing.T, dir string) {
			if err := os.Truncate(filepath.Join(dir, clitest.STFileName), 5); err != nil {
				t.Fatal(err)
			}
		}, []string{clitest.STFileName}},
		{"header beyond the file", headerLength(5000, 4000), []string{clitest.STFileName, "5000"}},
		{"header beyond 100 MB", headerLength(101<<20, 102<<20), []string{clitest.STFileName}},
		{"header length absurd", headerLength(1<<63, 4000), []string{clitest.STFileName}},
		{"header not JSON", func(t *testing.T, dir string) {
			clitest.WriteFile(t, dir, clitest.STFileName, "\x10\x00\x00\x00\x00\x00\x00\x00"+strings.Repeat("x", 64))
		}, []string{clitest.STFileName}},
		{"overlapping offsets", weights(func(f *clitest.STFile) {
			f.Edit(q, func(e *clitest.STEntry) { e.Offsets[0] -= 64; e.Offsets[1] -= 64 })
		}), []string{clitest.STFileName}},
		{"offsets out of range", weights(func(f *clitest.STFile) {
			f.Edit(q, func(e *clitest.STEntry) { e.Offsets[0] += 1 << 40; e.Offsets[1] += 1 << 40 })
		}), []string{clitest.STFileName}},
		{"index points outside", index("../outside.safetensors"), []string{"model.safetensors.index.json", "../outside.safetensors"}},
		{"index points nowhere", index("gone.safetensors"), []string{"gone.safetensors"}},
		{"forbidden class", pickle("cos\nsystem\n(S'true'\ntR."), []string{"pytorch_model.bin", "os", "system"}},
		{"pickle of nonsense", pickle("not a pickle"), []string{"pytorch_model.bin"}},
		{"pickle not a zip", func(t *testing.T, dir string) {
			remove(clitest.STFileName)(t, dir)
			clitest.WriteFile(t, dir, "pytorch_model.bin", "hello")
		}, []string{"pytorch_model.bin"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := clitest.CopyModel(t, "stories260k")
			text := clitest.WriteFile(t, t.TempDir(), "text.txt", "Once upon a time")
			c.spoil(t, dir)
			clitest.PruneFails(t, dir, exit.Failed, c.says)
			if c.name != unknown { // which inspect lists, and says what it resembles
				clitest.WantFailure(t, clitest.Call(t, "inspect", "--model", dir), exit.Failed, c.says...)
			}
			clitest.WantFailure(t, clitest.Call(t, "eval", "--model", dir, "--text", text), exit.Failed, c.says...)
		})
	}
}

// TestNonFiniteWeights: headers cannot show these, so they surface when the layer is read, and what
// was written by then goes away.
func TestNonFiniteWeights(t *testing.T) {
	for _, c := range []struct {
		name, tensor string
		bits         uint32
		says         string
	}{
		{"NaN in the first layer", "model.layers.0.self_attn.v_proj.weight", 0x7fc00000, "NaN"},
		{"Inf in the last layer", "model.layers.4.mlp.up_proj.weight", 0x7f800000, "Inf"},
		{"NaN in a norm", "model.layers.2.input_layernorm.weight", 0xffc00001, "NaN"},
		{"-Inf in the embedding", "model.embed_tokens.weight", 0xff800000, "-Inf"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := clitest.CopyModel(t, "stories260k")
			f := clitest.ReadST(t, filepath.Join(dir, clitest.STFileName))
			f.Set32(c.tensor, 7, c.bits)
			f.Write(t, filepath.Join(dir, clitest.STFileName))
			for _, method := range []string{"magnitude", "sparsegpt"} {
				clitest.PruneFails(t, dir, exit.Failed, []string{c.tensor, c.says}, "--method", method, "--seqlen", "32")
			}
			text := clitest.WriteFile(t, t.TempDir(), "text.txt", strings.Repeat("Once upon a time ", 40))
			clitest.WantFailure(t, clitest.Call(t, "eval", "--model", dir, "--text", text, "--seqlen", "16"), exit.Failed, c.tensor, c.says)
		})
	}
}

func TestBadTexts(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "gone.txt")
	empty := clitest.WriteFile(t, dir, "empty.txt", "")
	short := clitest.WriteFile(t, dir, "short.txt", "Once upon a time")
	latin := clitest.WriteFile(t, dir, "latin.txt", strings.Repeat("Es war einmal ein M\xe4dchen. ", 400))
	binary := clitest.WriteFile(t, dir, "weights.bin", "x")
	broken := clitest.WriteFile(t, dir, "broken.jsonl", "{\"text\": \"fine\"}\n{\"text\": \n")
	nothing := clitest.WriteFile(t, dir, "nothing.jsonl", "{\"txt\": \"x\"}\n")
	ids := clitest.WriteFile(t, dir, "ids.jsonl", "{\"input_ids\": [1, 2, 3, 511]}\n{\"input_ids\": [1, 2, 3, 512]}\n")
	negative := clitest.WriteFile(t, dir, "negative.jsonl", "{\"input_ids\": [1, -2, 3]}\n")
	long := clitest.WriteFile(t, dir, "long.jsonl", "{\"input_ids\": ["+strings.Repeat("1,", 600)+"1]}\n")
	one := clitest.WriteFile(t, dir, "one.jsonl", "{\"input_ids\": [1]}\n")
	good := clitest.WriteFile(t, dir, "good.txt", strings.Repeat("Once upon a time there was a girl. ", 300))
	for _, c := range []struct {
		name, file string
		says       []string
	}{
		{"missing", missing, []string{"gone.txt"}},
		{"empty", empty, []string{"empty.txt", "empty"}},
		{"shorter than a window", short, []string{"short.txt", "tokens", "512"}},
		{"not UTF-8", latin, []string{"latin.txt", "UTF-8"}},
		{"a folder", dir, []string{dir}},
		{"unknown kind", binary, []string{"weights.bin", ".jsonl"}},
		{"broken line", broken, []string{"broken.jsonl", "line 2"}},
		{"no known field", nothing, []string{"nothing.jsonl", "line 1"}},
		{"id outside the vocabulary", ids, []string{"ids.jsonl", "512"}},
		{"negative id", negative, []string{"negative.jsonl", "-2"}},
		{"longer than the context", long, []string{"long.jsonl", "601", "512"}},
		{"window of one token", one, []string{"one.jsonl", "1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			model := golden.Path("models/stories260k")
			clitest.PruneFails(t, model, exit.Failed, c.says, "--calib", c.file)
			clitest.PruneFails(t, model, exit.Failed, c.says, "--calib", good, "--eval", c.file)
			clitest.WantFailure(t, clitest.Call(t, "eval", "--model", model, "--text", c.file), exit.Failed, c.says...)
		})
	}
	t.Run("text without a tokenizer", func(t *testing.T) {
		clitest.PruneFails(t, golden.Path("models/rand-llama3"), exit.Failed, []string{"tokenizer"})
		clitest.WantFailure(t, clitest.Call(t, "eval", "--model", golden.Path("models/rand-llama3"), "--text", good), exit.Failed, "tokenizer")
	})
}

// TestWrongUsage: mistakes in the command line itself have a status of their own.
func TestWrongUsage(t *testing.T) {
	model := golden.Path("models/stories260k")
	out := filepath.Join(t.TempDir(), "out")
	prune := func(flags ...string) []string {
		return append([]string{"prune", "--model", model, "--out", out}, flags...)
	}
	for _, c := range []struct {
		args []string
		says string
	}{
		{nil, "no command"},
		{[]string{"prun"}, "did you mean prune"},
		{[]string{"--bogus"}, "--bogus"},
		{[]string{"prune"}, "--model"},
		{[]string{"prune", "--model", model}, "--out"},
		{[]string{"prune", "--out", out}, "--model"},
		{[]string{"eval", "--model", model}, "--text"},
		{[]string{"inspect"}, "--model"},
		{[]string{"inspect", "--model", ""}, "--model"},
		{[]string{"inspect", model}, "unexpected argument"},
		{prune("--bogus"), "--bogus"},
		{prune("--memory", "4XiB"), "--memory"},
		{prune("--scratch-dtype", "float16"), "--scratch-dtype"},
		{prune("--sparsty", "0.5"), "did you mean --sparsity"},
		{prune("--sparsity"), "--sparsity"},
		{prune("--sparsity", "-0.1"), "--sparsity -0.1"},
		{prune("--sparsity", "1"), "--sparsity 1"},
		{prune("--sparsity", "NaN"), "--sparsity NaN"},
		{prune("--sparsity", "Inf"), "--sparsity"},
		{prune("--sparsity", "x"), "--sparsity"},
		{prune("--sparsity", ""), "--sparsity"},
		{prune("--pattern", "0:4"), "0:4"},
		{prune("--pattern", "4:4"), "4:4"},
		{prune("--pattern", "5:4"), "5:4"},
		{prune("--pattern", "2:0"), "2:0"},
		{prune("--pattern", "x"), "x"},
		{prune("--pattern", ""), "--pattern"},
		{prune("--pattern", "0.5"), "0.5"},
		{prune("--pattern", "-2:4"), "-2:4"},
		{prune("--pattern", "2:4:8"), "2:4:8"},
		{prune("--pattern", "2:4", "--sparsity", "0.5"), "exclude each other"},
		{prune("--allocation", "owls"), "want one of fisher, owl, uniform"},
		{prune("--allocation", ""), "want one of fisher, owl, uniform"},
		{prune("--allocation", "owl", "--pattern", "2:4"), "an N:M pattern has the same share"},
		{prune("--allocation", "shares.json", "--pattern", "2:4", "--method", "wanda"), "an N:M pattern has the same share"},
		{prune("--allocation", "uniform", "--method", "global-magnitude"), "spreads the zeros by itself"},
		{prune("--solver", "wanda", "--method", "global-magnitude"), "--solver: method global-magnitude has no such setting"},
		{prune("--epochs", "2", "--method", "global-taylor"), "--epochs: method global-taylor has no such setting"},
		{prune("--preset", "slow"), "want one of fast, balanced, best"},
		{prune("--method", "wanda", "--preset", "fast"), "--preset"},
		{prune("--method", "nope"), "sparsegpt"},
		{prune("--solver", "nope"), "sparsegpt"},
		{prune("--method", "wanda", "--solver", "sparsegpt"), "--solver"},
		{prune("--method", "wanda", "--paper"), "--paper"},
		{prune("--method", "wanda", "--epochs", "2"), "--epochs"},
		{prune("--epochs", "0"), "--epochs 0"},
		{prune("--alpha", "0"), "--alpha 0"},
		{prune("--beta", "-1"), "--beta -1"},
		{prune("--gamma", "NaN"), "--gamma NaN"},
		{prune("--gamma", "Inf"), "--gamma"},
		{prune("--block-size", "0"), "--block-size 0"},
		{prune("--block-size", "6"), "--block-size: solver admm has no such setting"},
		{prune("--block-size", "0", "--method", "sparsegpt"), "--block-size 0: want a whole number of at least 1"},
		{prune("--damp", "0"), "--damp 0"},
		{prune("--damp", "-1"), "--damp -1"},
		{prune("--samples", "0"), "--samples 0"},
		{prune("--samples", "2000000000"), "--samples 2000000000"},
		{prune("--seqlen", "1"), "--seqlen 1"},
		{prune("--seqlen", "513"), "--seqlen 513"},
		{prune("--layers", "2"), "--layers"},
		{prune("--layers", "2:2"), "--layers"},
		{prune("--layers", "-1:2"), "--layers"},
		{prune("--layers", "0:6"), "--layers 0:6"},
		{prune("--include", "("), "--include"},
		{prune("--exclude", "["), "--exclude"},
		{prune("--include", "nothing"), "no matrix"},
		{prune("--exclude", "."), "no matrix"},
		{prune("--dtype", "int8"), "--dtype"},
		{prune("--calib", ","), "--calib"},
		{prune("--eval", ""), "--eval"},
		{prune("--report", ""), "--report"},
		{prune("--scratch", ""), "--scratch"},
		{prune("--paper", "--preset", "fast"), "--paper and --preset fast exclude each other"},
		{prune("--wbits", "4", "--wround", "up"), "--wround \"up\": want one of gptq, nearest"},
		{prune("--wbits", "4", "--wgroup", "6", "--pattern", "2:4"), "--wgroup: grids for groups of 6 columns"},
		{prune("--threads", "0"), "--threads 0"},
		{prune("--threads", "-3"), "--threads -3"},
		{prune("--threads", "99999"), "--threads 99999"},
		{prune("--threads", "two"), "--threads"},
		{prune("--kernel", "sse"), "--kernel"},
		{prune("--seed", "-1"), "--seed"},
		{prune("--log-level", "loud"), "--log-level"},
		{prune("--json=maybe"), "--json"},
		{prune("stray"), "stray"},
		{[]string{"eval", "--model", model, "--text", "x.txt", "--task", "pica=x"}, "--task"},
		{[]string{"eval", "--model", model, "--text", "x.txt", "--max-windows", "0"}, "--max-windows 0"},
		{[]string{"eval", "--model", model, "--text", "x.txt", "--seqlen", "1"}, "--seqlen 1"},
		{[]string{"eval", "--model", model, "--text", "x.txt", "--seqlen", "1000"}, "--seqlen 1000"},
		{[]string{"demo", "--sparsity", "0.5"}, "--sparsity"},
		{[]string{"demo", "--picture", ""}, "--picture"},
	} {
		t.Run(strings.ReplaceAll(strings.Join(c.args, " "), model, "M"), func(t *testing.T) {
			clitest.WantFailure(t, clitest.Call(t, c.args...), exit.Usage, c.says)
		})
	}
	clitest.WantEmpty(t, filepath.Dir(out))
}
