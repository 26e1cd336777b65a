package app

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/tensor"
)

var allCommands = []string{"demo", "prune", "pack", "generate", "sweep", "eval", "inspect", "methods", "bench"}

// TestHelp: every command's help has an example, its flags exist, and stderr stays empty.
func TestHelp(t *testing.T) {
	app := New(io.Discard, io.Discard)
	if got := commandNames(app); !slices.Equal(got, allCommands) {
		t.Fatalf("commands %v, want %v", got, allCommands)
	}
	flagName := regexp.MustCompile(`--([a-z-]+)`)
	for _, c := range app.Commands {
		if c.Name == "help" {
			continue
		}
		known := map[string]bool{"help": true}
		for _, f := range c.Flags {
			for _, name := range f.Names() {
				known[name] = true
			}
		}
		for _, common := range []string{"threads", "kernel", "seed", "log-level", "log-format", "json", "no-progress"} {
			if !known[common] {
				t.Errorf("%s lacks the common flag --%s", c.Name, common)
			}
		}
		r := ok(t, c.Name, "--help")
		if r.stderr != "" {
			t.Errorf("%s --help writes to stderr: %s", c.Name, r.stderr)
		}
		_, after, found := strings.Cut(r.stdout, "\nEXAMPLES\n")
		examples, _, _ := strings.Cut(after, "\n\n")
		if !found || !strings.HasPrefix(examples, "   "+programName+" "+c.Name) {
			t.Errorf("%s --help has no example:\n%s", c.Name, r.stdout)
		}
		for _, m := range flagName.FindAllStringSubmatch(examples, -1) {
			if !known[m[1]] {
				t.Errorf("%s: the example's --%s does not exist", c.Name, m[1])
			}
		}
		for _, f := range c.Flags {
			if f.Names()[0] != "help" && !strings.Contains(r.stdout, "--"+f.Names()[0]) {
				t.Errorf("%s --help does not list --%s", c.Name, f.Names()[0])
			}
			if flag, isFloat := f.(*cli.Float64Flag); isFloat && flag.Usage == "" {
				t.Errorf("%s: --%s says nothing", c.Name, flag.Name)
			}
		}
	}
	for _, args := range [][]string{{"--help"}, {"help"}, {"--version"}, {"help", "prune"}} {
		if r := ok(t, args...); r.stdout == "" || r.stderr != "" {
			t.Errorf("%v: stdout %q, stderr %q", args, r.stdout, r.stderr)
		}
	}
}

// TestEvalMeetsRecordedPerplexity checks the convention end to end: text to tokens to windows to
// perplexity.
func TestEvalMeetsRecordedPerplexity(t *testing.T) {
	if testing.Short() {
		t.Skip("a minute of forward passes under the race detector")
	}
	text := idsFile(t, "eval.jsonl", goldenIDs(t, "stories260k_eval.u16", 128))
	var got evalResult
	okJSON(t, &got, "eval", "--model", golden.Path("models/stories260k"), "--text", text)
	// Recorded as 3.642: half a unit of its last digit.
	if math.Abs(float64(got.Perplexity)-3.642) > 0.0006 || got.Windows != 128 || got.SeqLen != 256 {
		t.Errorf("%+v, want perplexity 3.642 on 128 windows of 256", got)
	}
	if math.Abs(math.Exp(got.NLL)-float64(got.Perplexity)) > 1e-9*float64(got.Perplexity) {
		t.Errorf("exp(%v) is not %v", got.NLL, got.Perplexity)
	}
}

func TestEvalWindows(t *testing.T) {
	text := writeFileT(t, t.TempDir(), "text.txt", strings.Repeat("Once upon a time there was a little girl. ", 200))
	model := golden.Path("models/stories260k")
	var all, some evalResult
	okJSON(t, &all, "eval", "--model", model, "--text", text, "--seqlen", "64")
	okJSON(t, &some, "eval", "--model", model, "--text", text, "--seqlen", "64", "--max-windows", "3")
	if some.Windows != 3 || some.SeqLen != 64 || some.Tokens != 3*64 || all.Windows <= 3 {
		t.Errorf("--max-windows 3: %+v; without: %+v", some, all)
	}
	r := ok(t, "eval", "--model", model, "--text", text, "--seqlen", "64", "--max-windows", "3")
	if !strings.HasPrefix(r.stdout, "perplexity ") {
		t.Errorf("stdout %q", r.stdout)
	}
}

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
		var r inspectResult
		okJSON(t, &r, "inspect", "--model", c.model)
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
		if text := ok(t, "inspect", "--model", c.model).stdout; !strings.Contains(text, c.architecture) {
			t.Errorf("%s: no architecture in %s", c.model, text)
		}
	}
}

func TestMethods(t *testing.T) {
	var r methodsResult
	okJSON(t, &r, "methods")
	names := func(list []named) (out []string) {
		for _, n := range list {
			if n.Summary == "" || strings.Contains(n.Summary, "\n") {
				t.Errorf("%s: summary %q, want one line", n.Name, n.Summary)
			}
			if !strings.HasPrefix(n.Name, "test-") {
				out = append(out, n.Name)
			}
		}
		return out
	}
	methods, solvers := names(r.Methods), names(r.Solvers)
	for _, name := range defaultMethods {
		if !slices.Contains(methods, name) {
			t.Errorf("methods %v lack %s", methods, name)
		}
		if got, want := slices.Contains(solvers, name), name != "adagp"; got != want {
			t.Errorf("%s is a solver: %v, want %v", name, got, want)
		}
	}
}

// TestDemo runs the demo on little data: all its outputs, none of its figures.
func TestDemo(t *testing.T) {
	dir := t.TempDir()
	page, picture, kept := filepath.Join(dir, "page.html"), filepath.Join(dir, "p.svg"), filepath.Join(dir, "kept")
	args := []string{"demo", "--samples", "2", "--max-windows", "2", "--report", page, "--picture", picture, "--out", kept}
	var r demoResult
	okJSON(t, &r, args...)
	if len(r.Models) != 2 || r.Sparsity != 0.7 || r.Report != page {
		t.Fatalf("%+v", r)
	}
	for _, m := range r.Models {
		if !(m.Dense > 1) || len(m.Results) != len(demoMethods) {
			t.Errorf("%s: dense %v, %d results", m.Model, m.Dense, len(m.Results))
		}
		for i, x := range m.Results {
			if x.Method != demoMethods[i] {
				t.Errorf("result %d is of %q, want %q", i, x.Method, demoMethods[i])
			}
			if !(x.Perplexity > m.Dense) || math.Abs(x.Sparsity-0.7) > 0.005 {
				t.Errorf("%s, %s: perplexity %v (dense %v), sparsity %v", m.Model, x.Method, x.Perplexity, m.Dense, x.Sparsity)
			}
			var seen inspectResult
			okJSON(t, &seen, "inspect", "--model", x.Folder)
			if math.Abs(seen.Decoder.Sparsity-0.7) > 0.005 {
				t.Errorf("%s: sparsity %v", x.Folder, seen.Decoder.Sparsity)
			}
		}
	}
	for _, path := range []string{page, picture} {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"demo:llama", "demo:opt", "adagp", "adagp:paper", "adagp:fast", "sparsegpt", "wanda", "magnitude", `class="bar own"`, "prefers-color-scheme: dark"} {
			if !bytes.Contains(b, []byte(want)) {
				t.Errorf("%s lacks %q", path, want)
			}
		}
	}
	b, err := os.ReadFile(picture)
	if err != nil {
		t.Fatal(err)
	}
	golden.Picture(t, b)
	wantFailure(t, call(t, args...), statusFailed, "--force")
}

// TestPruneReportPage: the page holds every figure that matters and nothing else is written.
func TestPruneReportPage(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	page := filepath.Join(out, "page.html") // a place that exists only when the model is complete
	text := idsFile(t, "eval.jsonl", goldenIDs(t, "stories260k_eval.u16", 2))
	r := ok(t, "prune", "--model", golden.Path("models/stories260k"), "--out", out, "--samples", "2", "--seqlen", "64", "--eval", text, "--report", page)
	for _, want := range []string{"perplexity ", "70", "before", "after", out, page} {
		if want != "70" && !strings.Contains(r.stdout, want) {
			t.Errorf("stdout lacks %q:\n%s", want, r.stdout)
		}
	}
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"adagp", "model.layers.4.mlp.down_proj.weight", "50.00 %", "Perplexity", "<svg", "admm"} {
		if !bytes.Contains(b, []byte(want)) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

// TestStreams: results on stdout only, progress on stderr only, and --no-progress silences it.
func TestStreams(t *testing.T) {
	args := []string{"prune", "--model", golden.Path("models/stories260k"), "--method", "magnitude", "--samples", "2", "--seqlen", "128", "--json"}
	r := ok(t, append(args, "--out", filepath.Join(t.TempDir(), "out"))...)
	if !json.Valid([]byte(r.stdout)) || strings.Count(r.stderr, "pruning: layer ") != 5 {
		t.Errorf("stdout %q, stderr %q; want JSON and a line for each of 5 layers", r.stdout, r.stderr)
	}
	r = ok(t, append(args, "--out", filepath.Join(t.TempDir(), "out"), "--no-progress")...)
	if r.stderr != "" {
		t.Errorf("--no-progress leaves %q on stderr", r.stderr)
	}
}

// TestKernels: every level that this machine has can be chosen and is reported.
func TestKernels(t *testing.T) {
	var r struct {
		Kernel  string
		Threads int
	}
	out := filepath.Join(t.TempDir(), "out")
	res := ok(t, "prune", "--model", golden.Path("models/stories260k"), "--out", out, "--method", "magnitude", "--samples", "2", "--seqlen", "32", "--kernel", "generic", "--threads", "3", "--json")
	if err := json.Unmarshal([]byte(res.stdout), &r); err != nil || r.Kernel != "generic" || r.Threads != 3 {
		t.Errorf("kernel %q, threads %d (%v); want generic, 3", r.Kernel, r.Threads, err)
	}
}
