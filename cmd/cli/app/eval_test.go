package app

import (
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adagp/adagp/cmd/cli/format"
	"github.com/adagp/adagp/internal/golden"
)

// questionFiles are flags for two tasks with a few questions each.
func questionFiles(t *testing.T) []string {
	t.Helper()
	dir := t.TempDir()
	piqa := writeFileT(t, dir, "piqa.jsonl", `{"goal": "Open a jar.", "sol1": "Turn the lid.", "sol2": "Sing to the lid.", "label": 0}
{"goal": "Dry a shoe.", "sol1": "Put it into water.", "sol2": "Put it into the sun.", "label": 1}
{"goal": "Cut bread.", "sol1": "Use a knife.", "sol2": "Use a spoon made of soup.", "label": 0}
`)
	rte := writeFileT(t, dir, "rte.jsonl", `{"premise": "It rained.", "hypothesis": "It was wet.", "label": 0}
{"premise": "It rained.", "hypothesis": "It was dry.", "label": 1}
`)
	return []string{"--task", "piqa=" + piqa, "--task", "rte=" + rte}
}

// One model: texts and tasks in one object, each text as it is measured by itself.
func TestEvalTasksAndTexts(t *testing.T) {
	model := golden.Path("models/stories260k")
	a := idsFile(t, "a.jsonl", goldenIDs(t, "stories260k_eval.u16", 3))
	b := idsFile(t, "b.jsonl", goldenIDs(t, "stories260k_eval.u16", 2))
	args := append([]string{"eval", "--model", model, "--text", a, "--text", b}, questionFiles(t)...)
	var got evalReport
	okJSON(t, &got, args...)
	if len(got.Texts) != 2 || len(got.Tasks) != 2 || got.Models != nil || got.Comparison != nil {
		t.Fatalf("%+v, want two texts and two tasks", got)
	}
	var alone evalResult
	okJSON(t, &alone, "eval", "--model", model, "--text", b)
	if x := got.Texts[1]; x.Text != b || x.Perplexity != alone.Perplexity || x.Windows != 2 {
		t.Errorf("%+v, alone %+v", x, alone)
	}
	p, r := got.Tasks[0], got.Tasks[1]
	if p.Task != "piqa" || p.N != 3 || p.AccNorm == nil || r.Task != "rte" || r.N != 2 || r.AccNorm != nil {
		t.Errorf("tasks %+v and %+v", p, r)
	}
	if want := math.Sqrt(p.Acc * (1 - p.Acc) / 2); math.Abs(p.StdErr-want) > 1e-12 {
		t.Errorf("standard error %v, want %v", p.StdErr, want)
	}
	if got.MeanAcc == nil || math.Abs(*got.MeanAcc-(p.Acc+r.Acc)/2) > 1e-12 {
		t.Errorf("mean %v of %v and %v", got.MeanAcc, p.Acc, r.Acc)
	}
	var some evalReport
	okJSON(t, &some, append(args, "--max-questions", "2", "--no-bos")...)
	if some.Tasks[0].N != 2 {
		t.Errorf("--max-questions 2 asks %d", some.Tasks[0].N)
	}
	table := ok(t, args...).stdout
	for _, want := range []string{"perplexity", "piqa", "acc_norm", "mean", format.Perplexity(alone.Perplexity)} {
		if !strings.Contains(table, want) {
			t.Errorf("the table lacks %q:\n%s", want, table)
		}
	}
}

// Several models: each as it is measured by itself, and the others' differences from the first.
func TestEvalCompares(t *testing.T) {
	dense := golden.Path("models/stories260k")
	pruned := filepath.Join(t.TempDir(), "pruned")
	ok(t, "prune", "--model", dense, "--out", pruned, "--method", "magnitude", "--sparsity", "0.6", "--samples", "1", "--seqlen", "32")
	text := idsFile(t, "text.jsonl", goldenIDs(t, "stories260k_eval.u16", 4))
	args := append([]string{"eval", "--model", dense, "--model", pruned, "--text", text, "--resamples", "200"}, questionFiles(t)...)
	var got evalReport
	okJSON(t, &got, args...)
	if len(got.Models) != 2 || got.Texts != nil || got.Confidence != 0.95 || got.Resamples != 200 || len(got.Comparison) != 4 {
		t.Fatalf("%+v, want two models and four differences", got)
	}
	d := got.Comparison[0]
	ratio := got.Models[1].Texts[0].Perplexity / got.Models[0].Texts[0].Perplexity
	if d.Model != pruned || d.Against != dense || d.Measure != "perplexity" || d.On != text || d.Ratio == nil ||
		math.Abs(float64(*d.Ratio/ratio-1)) > 1e-12 || !(d.Low > 1 && d.Low <= *d.Ratio && *d.Ratio <= d.High) {
		t.Errorf("%+v, want the ratio %v within its interval, clearly above 1", d, ratio)
	}
	a := got.Comparison[1]
	if want := got.Models[1].Tasks[0].Acc - got.Models[0].Tasks[0].Acc; a.Measure != "acc" || a.On != "piqa" || a.Difference == nil || math.Abs(*a.Difference-want) > 1e-12 || float64(a.Low) > want || float64(a.High) < want {
		t.Errorf("%+v, want the difference %v within its interval", a, want)
	}
	if again := ok(t, append(args, "--json")...); !strings.Contains(again.stdout, `"comparison"`) {
		t.Error("no comparison")
	}
	if table := ok(t, args...).stdout; !strings.Contains(table, "×") || !strings.Contains(table, "[") {
		t.Errorf("the table shows no interval:\n%s", table)
	}
	// Another tokenizer: accuracies compare, perplexities do not.
	story := writeFileT(t, t.TempDir(), "story.txt", strings.Repeat("Once upon a time there was a little girl. ", 60))
	var other evalReport
	okJSON(t, &other, append([]string{"eval", "--model", dense, "--model", "demo:llama", "--text", story, "--seqlen", "32", "--resamples", "50"}, questionFiles(t)[:2]...)...)
	for _, d := range other.Comparison {
		if d.Measure == "perplexity" {
			t.Errorf("perplexities of two tokenizers are compared: %+v", d)
		}
	}
}

func TestEvalUsage(t *testing.T) {
	q := questionFiles(t)
	for _, c := range []struct {
		code int
		says string
		args []string
	}{
		{statusUsage, "--model", q},
		{statusUsage, "--text or --task", []string{"--model", "demo:llama"}},
		{statusUsage, "named twice", append(q, "--model", "demo:llama", "--model", "demo:llama")},
		{statusUsage, "named twice", append(q[:2:2], append(q[:2:2], "--model", "demo:llama")...)},
		{statusUsage, "NAME=FILE", []string{"--model", "demo:llama", "--task", "piqa"}},
		{statusUsage, "one of boolq", []string{"--model", "demo:llama", "--task", "chess=a.jsonl"}},
		{statusUsage, "--no-bos", []string{"--model", "demo:llama", "--text", "a.txt", "--no-bos"}},
		{statusUsage, "--resamples", append(q, "--model", "demo:llama", "--resamples", "0")},
		{statusUsage, "--max-questions", append(q, "--model", "demo:llama", "--max-questions", "1")},
		{statusFailed, "want at least 2 to compare", []string{"--model", "demo:llama", "--model", "demo:opt", "--text", idsFile(t, "one.jsonl", [][]int{{1, 2, 3}})}},
		{statusFailed, "missing.jsonl", []string{"--model", "demo:llama", "--task", "piqa=missing.jsonl"}},
		{statusFailed, "line 1: field choices", []string{"--model", "demo:llama", "--task", strings.Replace(q[3], "rte=", "piqa=", 1)}},
	} {
		wantFailure(t, call(t, append([]string{"eval"}, c.args...)...), c.code, c.says)
	}
}
