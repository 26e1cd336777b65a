package inspectcmd_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/cmd/cli/command/inspectcmd"
	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/tensor"
)

func TestInspect(t *testing.T) {
	for _, c := range []struct {
		model        string
		architecture string
		parameters   int
		tensors      int
	}{
		{golden.Path("models/stories260k"), "LlamaForCausalLM", 260_032, 47},
		{golden.Path("models/stories260k-bin"), "LlamaForCausalLM", 260_032, 47},
		{"demo:llama", "LlamaForCausalLM", 1_000_576, 39},
		{"demo:opt", "OPTForCausalLM", 957_440, 68},
	} {
		var r inspectcmd.Result
		clitest.OKJSON(t, &r, "inspect", "--model", c.model)
		if r.Architecture != c.architecture || r.Parameters != c.parameters || len(r.Tensors) != c.tensors {
			t.Errorf("%s: %s, %d parameters, %d tensors; want %s, %d, %d", c.model, r.Architecture, r.Parameters, len(r.Tensors), c.architecture, c.parameters, c.tensors)
		}
		var bytes int64
		for _, p := range r.Tensors {
			n := 1
			for _, d := range p.Shape {
				n *= d
			}
			d, err := tensor.ParseDType(p.DType)
			if err != nil {
				t.Fatal(err)
			}
			bytes += int64(n * d.Size())
		}
		if r.Bytes != bytes {
			t.Errorf("%s: %d bytes, its tensors have %d", c.model, r.Bytes, bytes)
		}
		if text := clitest.OK(t, "inspect", "--model", c.model).Stdout; !strings.Contains(text, c.architecture) {
			t.Errorf("%s: no architecture in %s", c.model, text)
		}
	}
}

// TestInspectStrangers: folders of architectures that nobody knows, and single files, are listed all the same.
func TestInspectStrangers(t *testing.T) {
	dir := clitest.CopyModel(t, "stories260k")
	edit := func(old, by string) {
		t.Helper()
		path := filepath.Join(dir, "config.json")
		b, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(b), old) {
			t.Fatalf("%v: no %s in %s", err, old, b)
		}
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(b), old, by)), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	edit("LlamaForCausalLM", "TomorrowForCausalLM")
	var r inspectcmd.Result
	clitest.OKJSON(t, &r, "inspect", "--model", dir)
	if r.Architecture != "TomorrowForCausalLM" || len(r.Tensors) != 47 || r.Parameters != 260_032 || !strings.Contains(r.Problem, "unknown architecture") {
		t.Errorf("%s, %d tensors, %d parameters, problem %q", r.Architecture, len(r.Tensors), r.Parameters, r.Problem)
	}
	n := r.Nearest
	if n == nil || n.Matched != 47 || n.Parameters < 47 || len(n.Unexpected) != 0 {
		t.Fatalf("nearest is %+v", n)
	}
	st := clitest.ReadST(t, filepath.Join(dir, "model.safetensors"))
	st.Remove("model.layers.1.mlp.up_proj.weight")
	st.Add("model.layers.1.gizmo", 3)
	st.Write(t, filepath.Join(dir, "model.safetensors"))
	text := clitest.OK(t, "inspect", "--model", dir).Stdout
	for _, want := range []string{"nearest: ", "missing (1): model.layers.1.mlp.up_proj.weight", "without a use (1): model.layers.1.gizmo"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %.600s", want, text)
		}
	}
	var file inspectcmd.Result
	clitest.OKJSON(t, &file, "inspect", "--model", filepath.Join(dir, "model.safetensors"))
	if len(file.Tensors) != 47 || !strings.Contains(file.Problem, "no model folder") || file.Architecture != "" {
		t.Errorf("a file: %d tensors, %q", len(file.Tensors), file.Problem)
	}
	clitest.WantFailure(t, clitest.Call(t, "inspect", "--model", t.TempDir()), 1, "config.json")
	clitest.WantFailure(t, clitest.Call(t, "inspect", "--model", clitest.WriteFile(t, t.TempDir(), "x.txt", "text")), 1, "is not a folder")
}
