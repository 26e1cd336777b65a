package prunepage

import (
	"bytes"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/adagp/adagp/checkpoint"
	"github.com/adagp/adagp/cmd/cli/report"
	"github.com/adagp/adagp/models"
	_ "github.com/adagp/adagp/models/llama"
	"github.com/adagp/adagp/prune"
	_ "github.com/adagp/adagp/prune/magnitude"
	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
)

func renderPage(t *testing.T, p *report.Page) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// largeReport is that of a deep model with names that nobody vouches for.
func largeReport() *prune.Report {
	r := &prune.Report{
		Format: 1, Version: "v1.2.3", Method: "adagp", Solver: "sparsegpt", Pattern: sparsity.Unstructured(0.7),
		Hyperparameters: map[string]any{"preset": "balanced", "damp": 0.01}, Threads: 2, Kernel: "avx512", Seed: 7,
		Calibration: prune.CalibrationReport{Files: []string{"<b>text</b>.txt"}, Samples: 128, SeqLen: 2048, Tokens: 262144},
		Totals:      prune.Totals{Weights: 1000, Zeros: 700, Sparsity: 0.7},
		Perplexity:  &prune.PerplexityReport{Before: 5.68, After: 24.75},
		Seconds:     100, Stages: prune.Seconds{prune.StagePrepare: 10, prune.StageFinish: 20}, PeakRSSBytes: 3 << 30,
		Finish: []prune.Note{{Step: "model before tuning", Value: 0.5}, {Step: "model tuned", Value: 0.25}},
	}
	for i := range 40 {
		l := prune.LayerReport{Index: i, Seconds: 1.5, Error: 0.01 * prune.Number(i), Stages: prune.Seconds{prune.StageLoad: 0.25, prune.StageSolve: 1, prune.StagePropagate: 0.25}}
		for _, kind := range []string{"self_attn.q_proj", "mlp.down_proj", "<script>alert(1)</script>"} {
			l.Tensors = append(l.Tensors, prune.TensorReport{Name: fmt.Sprintf("model.layers.%d.%s.weight", i, kind), Shape: []int{11008, 4096}, Zeros: 7, Sparsity: 0.6 + 0.005*float64(i), Error: 1e-5 * prune.Number(i+1)})
		}
		l.Objective = []prune.Note{{Step: "q_proj pruned", Value: 0.125}, {Step: "q_proj dense", Value: 0.375}, {Step: "<i>block</i> tuned", Value: 0.0625}, {Step: "objective epoch 0", Value: 4e5 + prune.Number(i)}, {Step: "tiny loss", Value: 2.5e-11}}
		if i == 0 {
			l.Objective = l.Objective[:1]
		}
		r.Layers = append(r.Layers, l)
	}
	return r
}

var largeRun = Run{Model: "models/<img src=x onerror=alert(1)>", Out: "out & about", Eval: "wiki.txt", Speed: true}

// TestPage: all that a run has to say is on its page, and nothing of it is markup.
func TestPage(t *testing.T) {
	d := &deployment{before: 4 << 30, after: 4 << 30, packed: 3 << 29, speed: &decodeSpeed{dense: 10.25, packed: 21.5, tokens: 64},
		matrices: []checkpoint.PackedMatrix{{Name: "<u>", Shape: []int{4, 4}, DType: tensor.BF16, Layout: checkpoint.Bitmask, Zeros: 8, Dense: 32, Stored: 20}}}
	text := string(renderPage(t, page(largeReport(), largeRun, d)))
	for _, want := range []string{
		"5.68 → 24.75", "4.0 GiB → 1.5 GiB", "10.2 → 21.5", "3.0 GiB", "Zeros of each matrix", "Error of each matrix", "share of zeros, linear scale",
		"relative squared error, logarithmic scale", "decoder layer", "Objective", "model before tuning", "0.2500", "Time of the run by stage", "whole model",
		"Time of each layer by stage", "layer 39: 79.5%", ">bitmask<", "0.625", "avx512", "preset", "70.00 % zeros", "128 windows of 2048 tokens", "tokens per second",
		"&lt;script&gt;", "&lt;img src=x", "&lt;i&gt;block&lt;/i&gt;", "out &amp; about", "&lt;u&gt;", "default-src &#39;none&#39;|default-src 'none'",
	} {
		if !regexp.MustCompile(`(?:` + strings.ReplaceAll(regexp.QuoteMeta(want), `\|`, `|`) + `)`).MatchString(text) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, bad := range []string{"<script", "<img", "<i>", "<u>", "<b>", "NaN", "Inf", "ZgotmplZ", "http-equiv=\"refresh\""} {
		if strings.Contains(text, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	if m := regexp.MustCompile(`(?i)(src=["']|href=|url\(|@import)`).FindString(text); m != "" {
		t.Errorf("the page holds %q: want nothing to fetch", m)
	}
}

// TestObjectiveCurves: one plot for each first word, one line for each step of it, with gaps where a layer
// says nothing.
func TestObjectiveCurves(t *testing.T) {
	s, ok := objectiveSection(&prune.Report{Layers: []prune.LayerReport{
		{Index: 3, Objective: []prune.Note{{Step: "objective epoch 0", Value: 3}}},
		{Index: 4, Objective: []prune.Note{{Step: "objective epoch 0", Value: 2}, {Step: "objective epoch 1", Value: 1}, {Step: "k pruned", Value: 5}}},
	}})
	if !ok || len(s.Charts) != 2 || len(s.Table.Rows) != 4 || !strings.Contains(s.Note, "every epoch") {
		t.Fatalf("%v, %d plots, %d rows; want 2, 4; %s", ok, len(s.Charts), len(s.Table.Rows), s.Note)
	}
	c := s.Charts[0].(report.Curve)
	if c.X[0] != 3 || c.YLabel != "sum of squares" || c.Series[0].Y[1] != 2 || c.Series[1].Name != "epoch 1" || c.Series[1].Y[1] != 1 || c.Series[1].Y[0] == c.Series[1].Y[0] {
		t.Errorf("plot %+v: want a line per epoch, the second with a gap", c)
	}
	if _, ok := objectiveSection(&prune.Report{Layers: []prune.LayerReport{{}}}); ok {
		t.Error("a section for a method that notes nothing")
	}
}

// TestDeployment: sizes are those that packing really gives, and the speed comes within its time.
func TestDeployment(t *testing.T) {
	dir := t.TempDir()
	run := Run{Model: "demo:llama", Out: filepath.Join(dir, "pruned"), Speed: true}
	pruneTo(t, run.Out)
	d, err := deploy(t.Context(), run)
	if err != nil {
		t.Fatal(err)
	}
	m, err := models.Open(run.Out)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	want, err := checkpoint.NewPacker(t.Context(), filepath.Join(dir, "packed"), m.Reader, m.FS, checkpoint.PackOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer want.Abort() //nolint:errcheck // a folder of the test
	if all := want.Bytes(); d.after != m.Reader.Bytes() || d.packed > all || float64(d.packed) < 0.98*float64(all) || d.packed > d.after*3/4 {
		t.Errorf("pruned %d, packed %d bytes; want %d and %d, of which some are headers", d.after, d.packed, m.Reader.Bytes(), all)
	}
	for i, w := range want.Matrices() {
		if m := d.matrices[i]; m.Name != w.Name || m.Stored != w.Stored || m.Layout != w.Layout {
			t.Errorf("matrix %+v, want %+v", m, w)
		}
	}
	if v := d.speed; v == nil || !(v.dense > 0) || !(v.packed > 0) {
		t.Errorf("speed %+v (%s), want figures above 0", v, d.noSpeed)
	}
	run.Speed = false
	p, err := New(t.Context(), largeReport(), run)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := p.Write(&text); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text.Bytes(), []byte("(--no-speed)")) {
		t.Error("the page does not say why there is no speed")
	}
}

// pruneTo prunes the demo model into a folder.
func pruneTo(t *testing.T, dir string) {
	t.Helper()
	m, err := models.Open("demo:llama")
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	w, err := checkpoint.NewWriter(dir, m.Reader, m.FS, checkpoint.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort() //nolint:errcheck // without effect after Commit
	if _, err := prune.Run(t.Context(), m, [][]int{{1, 2, 3, 4}}, prune.Options{Method: prunetest.Method("magnitude"), Pattern: sparsity.Unstructured(0.8)}, w); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
}
