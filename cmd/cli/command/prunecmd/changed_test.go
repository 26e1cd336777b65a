package prunecmd_test

import (
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/internal/bigmodel"
	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/tensor"
)

// tensorAt returns where the elements of a tensor begin in a safetensors file, counted from its end.
func tensorAt(t *testing.T, path, name string) (beforeEnd int64) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var tensors map[string]struct {
		Offsets [2]int64 `json:"data_offsets"`
	}
	begin := 8 + int64(binary.LittleEndian.Uint64(text))
	if err := json.Unmarshal(text[8:begin], &tensors); err != nil {
		t.Fatal(err)
	}
	if tensors[name].Offsets[1] == 0 {
		t.Fatalf("%s has no tensor %s", path, name)
	}
	return int64(len(text)) - begin - tensors[name].Offsets[0]
}

// wideModel makes a model with large embeddings, so that its layers are far from both ends of the file, and
// windows for it.
func wideModel(t *testing.T) (dir, model, windows string) {
	s := bigmodel.Named["tiny"]
	s.Vocab, s.DType = 10240, tensor.F32
	return clitest.BigFolder(t, s, 4)
}

// TestResumeOtherMiddle: the size, the times and both ends of the weights are what they were when the run was
// interrupted, and a weight in the middle is not. The run is not continued on it; with the weights as they
// were, it is, whatever their times.
func TestResumeOtherMiddle(t *testing.T) {
	dir, model, windows := wideModel(t)
	out := filepath.Join(dir, "out")
	weights := filepath.Join(model, "model.safetensors")
	args := interrupted(t, model, out, "--calib", windows)
	t.Setenv(clitest.DontWait, "1")
	for _, name := range []string{"model.layers.0.self_attn.q_proj.weight", "model.layers.2.mlp.up_proj.weight"} {
		at := tensorAt(t, weights, name)
		clitest.Flip(t, weights, at)
		r := clitest.Call(t, append(args, "--resume")...)
		if want := "input file model.safetensors has changed: tensor " + name + " is another"; r.Code != exit.Failed || !strings.Contains(r.Last(), want) {
			t.Errorf("status %d, last line %q; want 1 and %q", r.Code, r.Last(), want)
		}
		if _, err := os.Stat(out); err == nil {
			t.Fatal("there is an output")
		}
		clitest.Flip(t, weights, at)
	}
	if err := os.Chtimes(weights, time.Now(), time.Now()); err != nil {
		t.Fatal(err)
	}
	clitest.OK(t, append(args, "--resume")...)
	whole := filepath.Join(dir, "whole")
	clitest.OK(t, append(args, "--out", whole)...)
	if clitest.WeightsOf(t, out) != clitest.WeightsOf(t, whole) {
		t.Error("resumed: other weights than those of a run in peace")
	}
	clitest.Flip(t, weights, tensorAt(t, weights, "model.layers.1.mlp.up_proj.weight"))
	if r := clitest.Call(t, append(args, "--resume")...); r.Code != exit.Failed || !strings.Contains(r.Last(), "is complete, with other settings or another input than now") {
		t.Errorf("when it is complete: status %d, last line %q; want 1 and that the input is another", r.Code, r.Last())
	}
}

// TestInputChangesWhileItRuns: a file of the model is overwritten when the second of five layers is pruned.
// There is no output, the message names what has changed and what is kept, and when the file is as it was
// the run goes on to the bytes of one in peace.
func TestInputChangesWhileItRuns(t *testing.T) {
	text := clitest.WriteFile(t, t.TempDir(), "text.txt", strings.Repeat("Once upon a time there was a little girl. ", 40))
	whole := filepath.Join(t.TempDir(), "whole")
	peace := func(model, out string, more ...string) []string {
		return append([]string{"prune", "--model", model, "--out", out, "--method", "test-take", "--samples", "4", "--seqlen", "64"}, more...)
	}
	clitest.OK(t, peace(golden.Path("models/stories260k"), whole)...)
	for _, c := range []struct {
		name, file, tensor string
		more               []string
	}{
		{"tensor not read yet", "model.safetensors", "model.layers.3.mlp.up_proj.weight", nil},
		{"tensor that was pruned already", "model.safetensors", "model.layers.0.mlp.up_proj.weight", nil},
		{"tensor that is only copied", "model.safetensors", "model.norm.weight", nil},
		{"tensor not read yet, all loaded before", "model.safetensors", "model.layers.3.mlp.up_proj.weight", []string{"--eval", text}},
		{"tensor that was pruned and rounded", "model.safetensors", "model.layers.0.mlp.up_proj.weight", []string{"--wbits", "4"}},
		{"configuration", "config.json", "", nil},
		{"configuration, written anew", "config.json", "", []string{"--dtype", "bfloat16"}},
		{"tokenizer", "tokenizer.model", "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			model, out := clitest.CopyModel(t, "stories260k"), filepath.Join(t.TempDir(), "out")
			path := filepath.Join(model, c.file)
			before, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			change := func() { clitest.Flip(t, path, tensorAt(t, path, c.tensor)) }
			if c.tensor == "" {
				change = func() {
					later := before.ModTime().Add(time.Second)
					if err := os.Chtimes(path, later, later); err != nil {
						t.Fatal(err)
					}
				}
			}
			clitest.WhileItRuns(t, change)
			args := peace(model, out, c.more...)
			r := clitest.Call(t, args...)
			if r.Code != exit.Failed || !strings.Contains(r.Last(), c.file) || !strings.Contains(r.Last(), c.tensor) ||
				!strings.Contains(r.Last(), "has changed since the work with it began; the finished part of the work is kept in "+out+".partial") {
				t.Errorf("status %d, last line %q; want 1, the file, the tensor and what is kept", r.Code, r.Last())
			}
			if _, err := os.Stat(out); err == nil {
				t.Fatal("there is an output")
			}
			if c.tensor != "" {
				change()
			}
			clitest.OK(t, append(args, "--resume")...)
			if len(c.more) == 0 && clitest.WeightsOf(t, out) != clitest.WeightsOf(t, whole) {
				t.Error("resumed: other weights than those of a run in peace")
			}
		})
	}
}

// TestResumeOtherFiles: a file that decides how the weights are used appeared between two processes.
func TestResumeOtherFiles(t *testing.T) {
	model, out := clitest.CopyModel(t, "stories260k"), filepath.Join(t.TempDir(), "out")
	args := interrupted(t, model, out)
	t.Setenv(clitest.DontWait, "1")
	if err := os.WriteFile(filepath.Join(model, "generation_config.json"), []byte(`{"eos_token_id":7}`), 0o666); err != nil {
		t.Fatal(err)
	}
	r := clitest.Call(t, append(args, "--resume")...)
	if want := "input file generation_config.json has changed"; r.Code != exit.Failed || !strings.Contains(r.Last(), want) {
		t.Errorf("status %d, last line %q; want 1 and %q", r.Code, r.Last(), want)
	}
}

// TestOutputDamagedWhileItRuns: a weight that was written into OUT.partial is overwritten there.
func TestOutputDamagedWhileItRuns(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	stored := filepath.Join(out+".partial", "model", "model.safetensors")
	const name = "model.layers.0.mlp.up_proj.weight"
	clitest.WhileItRuns(t, func() { clitest.Flip(t, stored, tensorAt(t, stored, name)) })
	args := []string{"prune", "--model", golden.Path("models/stories260k"), "--out", out, "--method", "test-take", "--samples", "4", "--seqlen", "64"}
	for _, more := range [][]string{nil, {"--resume"}} {
		r := clitest.Call(t, append(args, more...)...)
		if want := `model.safetensors: tensor "` + name + `" is not what the run has written there`; r.Code != exit.Failed || !strings.Contains(r.Last(), want) {
			t.Errorf("%v: status %d, last line %q; want 1 and %q", more, r.Code, r.Last(), want)
		}
		if _, err := os.Stat(out); err == nil {
			t.Fatal("there is an output")
		}
	}
	clitest.OK(t, append(args, "--force")...)
}
