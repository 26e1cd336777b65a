package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/adagp/adagp/checkpoint"
	"github.com/adagp/adagp/checkpoint/safetensors"
	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/models/decoder"
	"github.com/adagp/adagp/models/generate"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

// familyFolders writes a folder with random weights for each of the small configurations of all families.
func familyFolders(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(golden.Path("families/*.json"))
	if err != nil || len(files) < 20 {
		t.Fatalf("%d configurations (error %v)", len(files), err)
	}
	folders := map[string]string{}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".json")
		folders[name] = filepath.Join(t.TempDir(), name)
		m, config := writeFamily(t, f, folders[name])
		if s := m.(*decoder.Model).Spec(); s.MLP.Experts.Count > 0 {
			name += "-merged"
			folders[name] = filepath.Join(t.TempDir(), name)
			writeMerged(t, m, config, s.MLP.Experts.Count, folders[name])
		}
	}
	return folders
}

// writeMerged writes a mixture of experts with one tensor for all experts of a layer.
func writeMerged(t *testing.T, m models.CausalLM, config []byte, experts int, dir string) {
	t.Helper()
	var parts []checkpoint.Part
	for _, p := range nn.Params(m.Walk) {
		views := m.(models.TensorViewer).StoredViews(p)
		parts = append(parts, checkpoint.Part{View: views[len(views)-1], Value: p.Value()})
	}
	var entries []safetensors.Entry
	err := checkpoint.Assemble(nil, parts, func(name string, x *tensor.Tensor) error {
		if strings.HasSuffix(name, "_proj") {
			x = x.View(experts, x.Dim(0)/experts, x.Dim(1))
		}
		entries = append(entries, safetensors.Entry{Name: name, DType: tensor.BF16, Value: x})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := checkpoint.Save(dir, config, entries); err != nil {
		t.Fatal(err)
	}
}

func writeFamily(t *testing.T, file, dir string) (models.CausalLM, []byte) {
	t.Helper()
	config, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	m, err := models.Build(config)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(3, 4))
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
	if err := models.Save(dir, m, config, tensor.BF16); err != nil {
		t.Fatal(err)
	}
	return m, config
}

// familyWindows writes windows that are longer than what the small models see at a time.
func familyWindows(t *testing.T) string {
	t.Helper()
	var lines strings.Builder
	for w := range 6 {
		ids := make([]int, 20)
		for i := range ids {
			ids[i] = (i*i*7 + w*13 + i) % 61
		}
		fmt.Fprintf(&lines, "{\"input_ids\": %s}\n", strings.ReplaceAll(fmt.Sprint(ids), " ", ", "))
	}
	path := filepath.Join(t.TempDir(), "windows.jsonl")
	if err := os.WriteFile(path, []byte(lines.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// Every family is pruned by every kind of method, and what comes out opens again, with all bytes outside of the
// pruned matrices as they were. One of the results is packed, measured and decoded.
func TestFamilies(t *testing.T) {
	windows := familyWindows(t)
	for name, dir := range familyFolders(t) {
		t.Run(name, func(t *testing.T) {
			for i, method := range [][]string{{"sparsegpt"}, {"wanda"}, {"adagp", "--preset", "fast"}, {"adagp", "--preset", "balanced"}} {
				for j, pattern := range [][]string{{"--pattern", "2:4"}, {"--sparsity", "0.7"}} {
					out := filepath.Join(t.TempDir(), fmt.Sprint("out", i, j))
					args := []string{"prune", "--model", dir, "--out", out, "--calib", windows, "--method"}
					familyCall(t, slices.Concat(args, method, pattern)...)
					checkFamilyOutput(t, dir, out)
					if i == 3 && j == 1 {
						checkFamilyUse(t, out, windows)
					}
				}
			}
		})
	}
}

// familyCall runs a command and returns the object that it prints.
func familyCall(t *testing.T, args ...string) map[string]any {
	t.Helper()
	r := clitest.Call(t, append(args, "--json")...)
	var object map[string]any
	if err := json.Unmarshal([]byte(r.Stdout), &object); r.Code != 0 || err != nil {
		t.Fatalf("%v: status %d, %v: %s", args, r.Code, err, r.Stderr)
	}
	return object
}

// checkFamilyOutput compares all tensors of two folders: only the weights of linear maps in layers may differ.
func checkFamilyOutput(t *testing.T, dir, out string) {
	t.Helper()
	m, err := models.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	pruned := map[string]bool{}
	for _, l := range m.Layers() {
		for _, lin := range l.Linears() {
			pruned[m.TensorName(lin.Weight)] = true
		}
	}
	a, b := familyTensors(t, dir), familyTensors(t, out)
	if len(a) != len(b) {
		t.Errorf("%d tensors, want %d", len(b), len(a))
	}
	for name, x := range a {
		if same := bytes.Equal(x, b[name]); same == pruned[name] {
			t.Errorf("%s: same %v, to be pruned %v", name, same, pruned[name])
		}
	}
}

// familyTensors returns the bytes of all tensors of a folder.
func familyTensors(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	r, err := checkpoint.Open(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	all := map[string][]byte{}
	for _, n := range r.Names() {
		if all[n], err = r.Raw(n); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// idNames turns ids into text.
type idNames struct{}

func (idNames) Decode(ids []int) string { return fmt.Sprint(ids) }

// checkFamilyUse packs a pruned folder, and compares perplexity and text of both.
func checkFamilyUse(t *testing.T, out, windows string) {
	t.Helper()
	packed := out + "-packed"
	familyCall(t, "pack", "--model", out, "--out", packed)
	var perplexities []float64
	var texts []string
	for _, folder := range []string{out, packed} {
		perplexities = append(perplexities, familyCall(t, "eval", "--model", folder, "--text", windows)["perplexity"].(float64))
		m, err := models.Open(folder)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.LoadStored(m.Walk); err != nil {
			t.Fatal(err)
		}
		r, _, err := generate.Run(context.Background(), m, idNames{}, [][]int{{5, 8, 13}}, generate.Options{MaxTokens: 25})
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, r[0].Text)
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
	// Products with packed weights group sums otherwise.
	if a, b := perplexities[0], perplexities[1]; !(math.Abs(a-b) <= 1e-4*a) || slices.Contains(texts, "") {
		t.Errorf("perplexities %v, texts %q", perplexities, texts)
	}
	if texts[0] != texts[1] {
		t.Errorf("text %s, from packed weights %s", texts[0], texts[1])
	}
}
