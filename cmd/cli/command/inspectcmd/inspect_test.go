package inspectcmd_test

import (
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
