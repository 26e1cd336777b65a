package app

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adagp/adagp/internal/bigmodel"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/tensor"
)

// loudModel makes a model whose logits are larger by a factor than random ones, and windows for it.
func loudModel(t *testing.T, factor float32) (dir, model, windows string) {
	t.Helper()
	s := bigmodel.Named["tiny"]
	s.DType, s.Layers = tensor.F32, 1
	dir, model, windows = bigFolder(t, s, 4)
	path := filepath.Join(model, "model.safetensors")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var tensors map[string]struct {
		Offsets [2]int `json:"data_offsets"`
	}
	begin := 8 + int(binary.LittleEndian.Uint64(text))
	if err := json.Unmarshal(text[8:begin], &tensors); err != nil {
		t.Fatal(err)
	}
	head := tensors["lm_head.weight"].Offsets
	for b := text[begin+head[0] : begin+head[1]]; len(b) > 0; b = b[4:] {
		binary.LittleEndian.PutUint32(b, math.Float32bits(factor*math.Float32frombits(binary.LittleEndian.Uint32(b))))
	}
	if err := os.WriteFile(path, text, 0o666); err != nil {
		t.Fatal(err)
	}
	return dir, model, windows
}

// TestPrunedModelOverflows: logits that are infinite after pruning cost the model its perplexity, not its folder.
func TestPrunedModelOverflows(t *testing.T) {
	dir, model, windows := loudModel(t, 1.1e38) // near the largest float32: the dense model stays below, by a tenth
	out, text := filepath.Join(dir, "out"), filepath.Join(dir, "eval.jsonl")
	if err := os.WriteFile(text, []byte(`{"input_ids":[7,7]}`), 0o666); err != nil {
		t.Fatal(err)
	}
	var r prune.Report
	okJSON(t, &r, "prune", "--model", model, "--calib", windows, "--eval", text, "--method", "magnitude", "--sparsity", "0.9", "--out", out)
	if p := r.Perplexity; p == nil || math.IsInf(float64(p.BeforeNLL), 0) || !math.IsInf(float64(p.AfterNLL), 1) {
		t.Errorf("perplexity %+v", p)
	}
	if _, err := os.Stat(filepath.Join(out, "pruning.json")); err != nil {
		t.Error(err)
	}
}

// TestPerplexityBeyondAllNumbers: a perplexity above the largest float64 is infinite, which JSON cannot say. No
// command loses what it has done to that.
func TestPerplexityBeyondAllNumbers(t *testing.T) {
	dir, model, windows := loudModel(t, 1e5)
	out, page := filepath.Join(dir, "out"), filepath.Join(dir, "page.html")
	args := []string{"prune", "--model", model, "--calib", windows, "--eval", windows, "--method", "magnitude", "--out", out, "--report", page, "--no-speed", "--no-progress"}
	var r prune.Report
	for _, again := range []bool{false, true} {
		if again {
			args = append(args, "--resume")
		}
		okJSON(t, &r, args...)
		if p := r.Perplexity; p == nil || !math.IsInf(float64(p.After), 1) || !(p.AfterNLL > 710) || !(p.BeforeNLL > 710) || math.IsInf(float64(p.AfterNLL), 0) {
			t.Fatalf("resumed: %v; perplexity %+v, want infinity, and losses above 710", again, p)
		}
		html, err := os.ReadFile(page)
		if err != nil || !strings.Contains(string(html), "∞") || strings.Contains(string(html), "NaN") {
			t.Errorf("the page does not tell the perplexity, or draws what is no number (error %v)", err)
		}
	}
	var one evalResult
	okJSON(t, &one, "eval", "--model", out, "--text", windows)
	if !math.IsInf(float64(one.Perplexity), 1) || prune.Number(one.NLL) != r.Perplexity.AfterNLL {
		t.Errorf("eval says %+v, the run %+v", one, r.Perplexity)
	}
	var two evalReport
	okJSON(t, &two, "eval", "--model", model, "--model", out, "--text", windows)
	if len(two.Comparison) != 1 {
		t.Errorf("comparison %+v", two.Comparison)
	}
	folder := filepath.Join(dir, "sweep")
	sweep := []string{"sweep", "--model", model, "--out", folder, "--methods", "magnitude,wanda", "--sparsities", "0.5,0.6", "--patterns", "2:4", "--calib", windows, "--eval", windows}
	for range 2 { // the second reads what the first has written
		if r := ok(t, sweep...); !strings.Contains(r.stdout, "∞") {
			t.Errorf("the table of the sweep is %s", r.stdout)
		}
	}
	for _, name := range []string{"sweep.svg", "sweep.html"} {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil || strings.Contains(string(text), "NaN") {
			t.Errorf("%s: error %v, or it draws what is no number", name, err)
		}
	}
}
