package evalcmd_test

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/cmd/cli/command/evalcmd"
	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/cmd/cli/format"
	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/prune"
)

// TestEvalMeetsRecordedPerplexity checks the convention end to end: text to tokens to windows to
// perplexity.
func TestEvalMeetsRecordedPerplexity(t *testing.T) {
	if testing.Short() {
		t.Skip("a minute of forward passes under the race detector")
	}
	text := clitest.IDsFile(t, "eval.jsonl", clitest.GoldenIDs(t, "stories260k_eval.u16", 128))
	var got evalcmd.Result
	clitest.OKJSON(t, &got, "eval", "--model", golden.Path("models/stories260k"), "--text", text)
	// Recorded as 3.642: half a unit of its last digit.
	if math.Abs(float64(got.Perplexity)-3.642) > 0.0006 || got.Windows != 128 || got.SeqLen != 256 {
		t.Errorf("%+v, want perplexity 3.642 on 128 windows of 256", got)
	}
	if math.Abs(math.Exp(got.NLL)-float64(got.Perplexity)) > 1e-9*float64(got.Perplexity) {
		t.Errorf("exp(%v) is not %v", got.NLL, got.Perplexity)
	}
}

func TestEvalWindows(t *testing.T) {
	text := clitest.WriteFile(t, t.TempDir(), "text.txt", strings.Repeat("Once upon a time there was a little girl. ", 200))
	model := golden.Path("models/stories260k")
	var all, some evalcmd.Result
	clitest.OKJSON(t, &all, "eval", "--model", model, "--text", text, "--seqlen", "64")
	clitest.OKJSON(t, &some, "eval", "--model", model, "--text", text, "--seqlen", "64", "--max-windows", "3")
	if some.Windows != 3 || some.SeqLen != 64 || some.Tokens != 3*64 || all.Windows <= 3 {
		t.Errorf("--max-windows 3: %+v; without: %+v", some, all)
	}
	r := clitest.OK(t, "eval", "--model", model, "--text", text, "--seqlen", "64", "--max-windows", "3")
	if !strings.HasPrefix(r.Stdout, "perplexity ") {
		t.Errorf("stdout %q", r.Stdout)
	}
}

// questionFiles are flags for two tasks with a few questions each.
func questionFiles(t *testing.T) []string {
	t.Helper()
	dir := t.TempDir()
	piqa := clitest.WriteFile(t, dir, "piqa.jsonl", `{"goal": "Open a jar.", "sol1": "Turn the lid.", "sol2": "Sing to the lid.", "label": 0}
{"goal": "Dry a shoe.", "sol1": "Put it into water.", "sol2": "Put it into the sun.", "label": 1}
{"goal": "Cut bread.", "sol1": "Use a knife.", "sol2": "Use a spoon made of soup.", "label": 0}
`)
	rte := clitest.WriteFile(t, dir, "rte.jsonl", `{"premise": "It rained.", "hypothesis": "It was wet.", "label": 0}
{"premise": "It rained.", "hypothesis": "It was dry.", "label": 1}
`)
	return []string{"--task", "piqa=" + piqa, "--task", "rte=" + rte}
}

// One model: texts and tasks in one object, each text as it is measured by itself.
func TestEvalTasksAndTexts(t *testing.T) {
	model := golden.Path("models/stories260k")
	a := clitest.IDsFile(t, "a.jsonl", clitest.GoldenIDs(t, "stories260k_eval.u16", 3))
	b := clitest.IDsFile(t, "b.jsonl", clitest.GoldenIDs(t, "stories260k_eval.u16", 2))
	args := append([]string{"eval", "--model", model, "--text", a, "--text", b}, questionFiles(t)...)
	var got evalcmd.Report
	clitest.OKJSON(t, &got, args...)
	if len(got.Texts) != 2 || len(got.Tasks) != 2 || got.Models != nil || got.Comparison != nil {
		t.Fatalf("%+v, want two texts and two tasks", got)
	}
	var alone evalcmd.Result
	clitest.OKJSON(t, &alone, "eval", "--model", model, "--text", b)
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
	var some evalcmd.Report
	clitest.OKJSON(t, &some, append(args, "--max-questions", "2", "--no-bos")...)
	if some.Tasks[0].N != 2 {
		t.Errorf("--max-questions 2 asks %d", some.Tasks[0].N)
	}
	table := clitest.OK(t, args...).Stdout
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
	clitest.OK(t, "prune", "--model", dense, "--out", pruned, "--method", "magnitude", "--sparsity", "0.6", "--samples", "1", "--seqlen", "32")
	text := clitest.IDsFile(t, "text.jsonl", clitest.GoldenIDs(t, "stories260k_eval.u16", 4))
	args := append([]string{"eval", "--model", dense, "--model", pruned, "--text", text, "--resamples", "200"}, questionFiles(t)...)
	var got evalcmd.Report
	clitest.OKJSON(t, &got, args...)
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
	if again := clitest.OK(t, append(args, "--json")...); !strings.Contains(again.Stdout, `"comparison"`) {
		t.Error("no comparison")
	}
	if table := clitest.OK(t, args...).Stdout; !strings.Contains(table, "×") || !strings.Contains(table, "[") {
		t.Errorf("the table shows no interval:\n%s", table)
	}
	// Another tokenizer: accuracies compare, perplexities do not.
	story := clitest.WriteFile(t, t.TempDir(), "story.txt", strings.Repeat("Once upon a time there was a little girl. ", 60))
	var other evalcmd.Report
	clitest.OKJSON(t, &other, append([]string{"eval", "--model", dense, "--model", "demo:llama", "--text", story, "--seqlen", "32", "--resamples", "50"}, questionFiles(t)[:2]...)...)
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
		{exit.Usage, "--model", q},
		{exit.Usage, "--text or --task", []string{"--model", "demo:llama"}},
		{exit.Usage, "named twice", append(q, "--model", "demo:llama", "--model", "demo:llama")},
		{exit.Usage, "named twice", append(q[:2:2], append(q[:2:2], "--model", "demo:llama")...)},
		{exit.Usage, "NAME=FILE", []string{"--model", "demo:llama", "--task", "piqa"}},
		{exit.Usage, "one of boolq", []string{"--model", "demo:llama", "--task", "chess=a.jsonl"}},
		{exit.Usage, "--no-bos", []string{"--model", "demo:llama", "--text", "a.txt", "--no-bos"}},
		{exit.Usage, "--resamples", append(q, "--model", "demo:llama", "--resamples", "0")},
		{exit.Usage, "--max-questions", append(q, "--model", "demo:llama", "--max-questions", "1")},
		{exit.Failed, "want at least 2 to compare", []string{"--model", "demo:llama", "--model", "demo:opt", "--text", clitest.IDsFile(t, "one.jsonl", [][]int{{1, 2, 3}})}},
		{exit.Failed, "missing.jsonl", []string{"--model", "demo:llama", "--task", "piqa=missing.jsonl"}},
		{exit.Failed, "line 1: field choices", []string{"--model", "demo:llama", "--task", strings.Replace(q[3], "rte=", "piqa=", 1)}},
	} {
		clitest.WantFailure(t, clitest.Call(t, append([]string{"eval"}, c.args...)...), c.code, c.says)
	}
}

func TestInterruptDuringEval(t *testing.T) {
	text := clitest.WriteFile(t, t.TempDir(), "text.txt", strings.Repeat("Once upon a time there was a little girl. ", 20000))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r := clitest.CallContext(t, ctx, "eval", "--model", golden.Path("models/stories260k"), "--text", text)
	clitest.WantInterrupted(t, r)
}

// TestPerplexityBeyondAllNumbers: a perplexity above the largest float64 is infinite, which JSON cannot say. No
// command loses what it has done to that.
func TestPerplexityBeyondAllNumbers(t *testing.T) {
	dir, model, windows := clitest.LoudModel(t, 1e5)
	out, page := filepath.Join(dir, "out"), filepath.Join(dir, "page.html")
	args := []string{"prune", "--model", model, "--calib", windows, "--eval", windows, "--method", "magnitude", "--out", out, "--report", page, "--no-speed", "--no-progress"}
	var r prune.Report
	for _, again := range []bool{false, true} {
		if again {
			args = append(args, "--resume")
		}
		clitest.OKJSON(t, &r, args...)
		if p := r.Perplexity; p == nil || !math.IsInf(float64(p.After), 1) || !(p.AfterNLL > 710) || !(p.BeforeNLL > 710) || math.IsInf(float64(p.AfterNLL), 0) {
			t.Fatalf("resumed: %v; perplexity %+v, want infinity, and losses above 710", again, p)
		}
		html, err := os.ReadFile(page)
		if err != nil || !strings.Contains(string(html), "∞") || strings.Contains(string(html), "NaN") {
			t.Errorf("the page does not tell the perplexity, or draws what is no number (error %v)", err)
		}
	}
	var one evalcmd.Result
	clitest.OKJSON(t, &one, "eval", "--model", out, "--text", windows)
	if !math.IsInf(float64(one.Perplexity), 1) || prune.Number(one.NLL) != r.Perplexity.AfterNLL {
		t.Errorf("eval says %+v, the run %+v", one, r.Perplexity)
	}
	var two evalcmd.Report
	clitest.OKJSON(t, &two, "eval", "--model", model, "--model", out, "--text", windows)
	if len(two.Comparison) != 1 {
		t.Errorf("comparison %+v", two.Comparison)
	}
	folder := filepath.Join(dir, "sweep")
	sweep := []string{"sweep", "--model", model, "--out", folder, "--methods", "magnitude,wanda", "--sparsities", "0.5,0.6", "--patterns", "2:4", "--calib", windows, "--eval", windows}
	for range 2 { // the second reads what the first has written
		if r := clitest.OK(t, sweep...); !strings.Contains(r.Stdout, "∞") {
			t.Errorf("the table of the sweep is %s", r.Stdout)
		}
	}
	for _, name := range []string{"sweep.svg", "sweep.html"} {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil || strings.Contains(string(text), "NaN") {
			t.Errorf("%s: error %v, or it draws what is no number", name, err)
		}
	}
}
