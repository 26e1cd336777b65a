package prune_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/adagp/adagp/checkpoint"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
)

// stacked is a network whose files hold gate and up as the rows of one tensor, and down transposed.
type stacked struct{ models.CausalLM }

// StoredViews implements models.TensorViewer.
func (s stacked) StoredViews(p *nn.Param) []models.View {
	v := models.View{Tensor: p.Name, Transposed: strings.Contains(p.Name, "down_proj")}
	for i, part := range []string{"gate_proj", "up_proj"} {
		if strings.Contains(p.Name, part) {
			v.Tensor = strings.Replace(p.Name, part, "gate_up", 1)
			v.From, v.To = i*p.Shape[0], (i+1)*p.Shape[0]
		}
	}
	return []models.View{v}
}

func init() {
	models.Register("StackedForTest", func(config []byte) (models.CausalLM, error) {
		net, err := models.Build([]byte(strings.Replace(string(config), "StackedForTest", "LlamaForCausalLM", 1)))
		return stacked{net}, err
	})
}

// stackedModel writes the embedded LLaMA model with the tensors of a stacked one.
func stackedModel(t *testing.T, d tensor.DType) string {
	t.Helper()
	llama, err := models.Open("demo:llama")
	if err != nil {
		t.Fatal(err)
	}
	defer llama.Close()
	if err := llama.LoadAll(); err != nil {
		t.Fatal(err)
	}
	file, err := llama.FS.Open("config.json")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var config map[string]any
	if err := json.NewDecoder(file).Decode(&config); err != nil {
		t.Fatal(err)
	}
	config["architectures"] = []string{"StackedForTest"}
	text, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	net, err := models.Build(text)
	if err != nil {
		t.Fatal(err)
	}
	have := nn.Params(llama.Walk)
	for i, p := range nn.Params(net.Walk) {
		p.Set(have[i].Value())
	}
	dir := filepath.Join(t.TempDir(), "model")
	if err := models.Save(dir, net, text, d); err != nil {
		t.Fatal(err)
	}
	return dir
}

// headers are the shapes and types of the tensors of a model.
func headers(r *checkpoint.Reader) (list []string) {
	for _, name := range r.Names() {
		info, _ := r.Info(name)
		b, err := json.Marshal([]any{name, info.Shape, info.Type()})
		if err != nil {
			panic(err)
		}
		list = append(list, string(b))
	}
	return list
}

// logits of a short prompt.
func logits(m models.CausalLM) []float32 {
	return models.Forward(&nn.Context{}, m, [][]int{{1, 5, 2, 7}}).Value.Data()
}

// A model whose files hold parts of tensors, or matrices as [in, out], is pruned to files of the same layout, and
// these give the logits that the pruned model has in memory.
func TestStoredViews(t *testing.T) {
	for name, model := range map[string]string{
		"transposed": transposed(t, tensor.F16), "rows": stackedModel(t, tensor.F16),
	} {
		for _, o := range []prune.Options{
			{Method: prunetest.Method("sparsegpt"), Pattern: sparsity.Unstructured(0.5)},
			{Method: prunetest.Method("adagp", "preset", "fast"), Pattern: sparsity.Unstructured(0.6)},
			{Method: prunetest.Method("wanda"), Pattern: sparsity.Unstructured(0.5), Include: regexp.MustCompile("up_proj|gate_up|c_fc")},
		} {
			t.Run(name+" "+methodName(o.Method), func(t *testing.T) {
				m, err := models.Open(model)
				if err != nil {
					t.Fatal(err)
				}
				defer m.Close()
				if err := m.LoadStored(m.Walk); err != nil {
					t.Fatal(err)
				}
				out := filepath.Join(t.TempDir(), "out")
				w, err := checkpoint.NewWriter(out, m.Reader, os.DirFS(model), checkpoint.WriterOptions{})
				if err != nil {
					t.Fatal(err)
				}
				defer w.Abort()
				windows := randomWindows(m.Config().VocabSize, 8, 16)
				if _, err := prune.Run(context.Background(), m, windows, o, w); err != nil {
					t.Fatal(err)
				}
				if err := w.Commit(); err != nil {
					t.Fatal(err)
				}
				if err := m.LoadAll(); err != nil {
					t.Fatal(err)
				}
				checkReopened(t, m, out)
				checkReopened(t, m, packedCopy(t, out))
			})
		}
	}
}

// checkReopened opens a folder and compares it with the loaded model it was written from.
func checkReopened(t *testing.T, m *models.Model, dir string) {
	t.Helper()
	again, err := models.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if got, want := headers(again.Reader), headers(m.Reader); !slices.Equal(got, want) {
		t.Errorf("tensors %v, want %v", got, want)
	}
	if err := again.LoadAll(); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(logits(again), logits(m)) {
		t.Error("the reopened model has other logits than the pruned one in memory")
	}
	again.Unload(again.Walk)
	if err := again.LoadStored(again.Walk); err != nil {
		t.Fatal(err)
	}
	want := tensor.FromSlice(logits(m), len(logits(m)))
	if d := tensor.MaxAbs(tensor.Sub(tensor.FromSlice(logits(again), want.Len()), want)); d > 1e-4*(1+tensor.MaxAbs(want)) {
		t.Errorf("as it is stored the model has logits that differ by %g", d)
	}
	for _, lin := range again.Layers()[0].Linears() {
		if lin.Weight.Held() == nil {
			t.Errorf("%s was loaded as values", lin.Name())
		}
	}
}

// packedCopy packs a folder.
func packedCopy(t *testing.T, dir string) string {
	t.Helper()
	r, err := checkpoint.Open(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	out := dir + "-packed"
	p, err := checkpoint.NewPacker(t.Context(), out, r, os.DirFS(dir), checkpoint.PackOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Abort()
	if err := p.Write(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := p.Commit(); err != nil {
		t.Fatal(err)
	}
	return out
}

// A run over such a model goes on where it was interrupted.
func TestStoredViewsResume(t *testing.T) {
	model, dir := stackedModel(t, tensor.F16), t.TempDir()
	o := prune.Options{Method: prunetest.Method("sparsegpt"), Pattern: sparsity.Unstructured(0.5)}
	_, want, err := runKept(t, model, filepath.Join(dir, "whole"), false, 1<<30, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, writes := range []int{4, 11} {
		out := filepath.Join(dir, string(rune('a'+writes)))
		if _, _, err := runKept(t, model, out, false, writes, o); !errors.Is(err, errFull) {
			t.Fatalf("%d writes: %v", writes, err)
		}
		if _, got, err := runKept(t, model, out, true, 1<<30, o); err != nil || !maps.Equal(got, want) {
			t.Errorf("after %d writes: error %v, same tensors %v", writes, err, maps.Equal(got, want))
		}
	}
}
