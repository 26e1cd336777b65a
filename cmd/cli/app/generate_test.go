package app

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adagp/adagp/internal/golden"
)

// callWith runs a command line with the given text on stdin.
func callWith(t testing.TB, stdin string, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	r := &run{stdout: &out, stderr: &errs, stdin: strings.NewReader(stdin)}
	code := r.execute(t.Context(), append([]string{programName}, args...))
	return result{code, out.String(), errs.String()}
}

const story = ", there was a little girl named Lily. She loved to play outside in the park."

func TestGenerateText(t *testing.T) {
	model := golden.Path("models/stories260k")
	args := []string{"generate", "--model", model, "--temperature", "0", "--max-tokens", "40"}
	r := ok(t, append(args, "--prompt", "Once upon a time")...)
	if !strings.HasPrefix(r.stdout, story) || !strings.HasSuffix(r.stdout, "\n") {
		t.Errorf("got %q, want %q", r.stdout, story)
	}
	if !strings.Contains(r.stderr, "tokens/s") || !strings.Contains(r.stderr, "(length)") {
		t.Errorf("stderr %q, want tokens per second and the reason", r.stderr)
	}
	if r := ok(t, append(args, "--prompt", "Once upon a time", "--no-progress")...); r.stderr != "" {
		t.Errorf("stderr %q, want nothing", r.stderr)
	}
	if got := callWith(t, "Once upon a time\n", args...); got.code != statusDone || got.stdout != r.stdout {
		t.Errorf("the prompt on stdin: status %d, %q, want %q", got.code, got.stdout, r.stdout)
	}
	// No prompt is a prompt of the BOS alone.
	if r := ok(t, append(args, "--prompt", "")...); !strings.HasPrefix(r.stdout, "Once upon a time") {
		t.Errorf("got %q", r.stdout)
	}
	for stop, want := range map[string]string{"girl": ", there was a little ", ", there": "", "a, b": story} {
		r := ok(t, append(args, "--prompt", "Once upon a time", "--stop", stop)...)
		if !strings.HasPrefix(r.stdout, want) || stop == "girl" && r.stdout != want+"\n" {
			t.Errorf("stop %q: got %q, want %q", stop, r.stdout, want)
		}
	}
}

func TestGenerateJSON(t *testing.T) {
	model := golden.Path("models/stories260k")
	args := []string{"generate", "--model", model, "--temperature", "0", "--max-tokens", "20", "--prompt", "Once upon a time"}
	var got, wide generateResult
	okJSON(t, &got, args...)
	if got.Prompt != "Once upon a time" || !strings.HasPrefix(story, got.Text) || got.Tokens != 20 || got.PromptTokens < 2 || got.Reason != "length" ||
		got.DecodeRate <= 0 || got.PromptRate <= 0 || got.Weights != "stored" || got.Threads < 1 {
		t.Errorf("got %+v", got)
	}
	for _, form := range []string{"float32", "mapped"} {
		okJSON(t, &wide, append(args, "--weights", form)...)
		if wide.Text != got.Text || wide.Weights != form {
			t.Errorf("%s: got %+v, want the text %q", form, wide, got.Text)
		}
	}
}

// A file of prompts gives what each prompt gives by itself, in order, however many run side by side.
func TestGeneratePrompts(t *testing.T) {
	file := filepath.Join(t.TempDir(), "prompts.txt")
	prompts := []string{"Once upon a time", "The big dog", "", "Lily and <b>Tom</b>"}
	if err := os.WriteFile(file, []byte(strings.Join(prompts, "\r\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	model := golden.Path("models/stories260k")
	for _, batch := range []string{"1", "3"} {
		args := []string{"generate", "--model", model, "--prompts", file, "--max-tokens", "12", "--temperature", "0", "--batch", batch}
		r := ok(t, args...)
		lines := strings.Split(strings.TrimSpace(r.stdout), "\n")
		var all generateResults
		okJSON(t, &all, args...)
		if len(lines) != len(prompts) || len(all.Results) != len(prompts) {
			t.Fatalf("%d lines, %d results, want %d", len(lines), len(all.Results), len(prompts))
		}
		for i, prompt := range prompts {
			var one generateResult
			okJSON(t, &one, "generate", "--model", model, "--prompt", prompt, "--max-tokens", "12", "--temperature", "0")
			var line generation
			if err := json.Unmarshal([]byte(lines[i]), &line); err != nil {
				t.Fatalf("%v in %s", err, lines[i])
			}
			if line != one.generation || all.Results[i] != one.generation {
				t.Errorf("prompt %d: line %+v, result %+v, by itself %+v", i, line, all.Results[i], one.generation)
			}
		}
	}
}

func TestGenerateChat(t *testing.T) {
	args := []string{"generate", "--model", "demo:opt", "--chat", "--max-tokens", "8", "--temperature", "0"}
	r := callWith(t, "Hello\nGood day\n", args...)
	if n := strings.Count(r.stdout, "\n"); r.code != statusDone || n < 2 {
		t.Errorf("status %d, %q, want two turns; stderr %s", r.code, r.stdout, r.stderr)
	}
	first := callWith(t, "Hello\n", args...)
	if !strings.HasPrefix(r.stdout, first.stdout) || first.stdout == "" {
		t.Errorf("the first turn is %q, alone it is %q", r.stdout, first.stdout)
	}
	// When the context is full the talk ends, in order.
	r = callWith(t, strings.Repeat("What do you say to this, my dear old friend?\n", 40), append(args, "--max-tokens", "30")...)
	if r.code != statusDone || !strings.Contains(r.stderr, "warning: the text has") {
		t.Errorf("status %d, stderr %q, want a warning about the context", r.code, r.stderr)
	}
}

// TestGenerateChatLongLine: a line that cannot be taken ends the talk with an error, not as the end of it.
func TestGenerateChatLongLine(t *testing.T) {
	r := callWith(t, "Hello\n"+strings.Repeat("x", maxPrompt+1)+"\n", "generate", "--model", "demo:opt", "--chat", "--max-tokens", "8", "--temperature", "0")
	if r.code != statusFailed || !strings.Contains(r.last(), "stdin, line 2: ") || !strings.Contains(r.last(), "MiB") || r.stdout == "" {
		t.Errorf("status %d, last line %q, stdout %q; want the first turn, then an error about line 2", r.code, r.last(), r.stdout)
	}
}

func TestGenerateFlags(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	model := []string{"--model", "demo:llama", "--prompt", "x"}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--prompt", "x"}, statusUsage, "needs --model"},
		{append(model, "--max-tokens", "0"), statusUsage, "--max-tokens 0: want at least 1"},
		{append(model, "--top-k", "-3"), statusUsage, "--top-k -3: want at least 1"},
		{append(model, "--batch", "0"), statusUsage, "--batch 0: want at least 1"},
		{append(model, "--temperature", "-1"), statusUsage, "--temperature -1: want 0 to 3.4e+38"},
		{append(model, "--temperature", "NaN"), statusUsage, "--temperature NaN: want 0 to"},
		{append(model, "--top-p", "1.5"), statusUsage, "--top-p 1.5: want 0 to 1"},
		{append(model, "--min-p", "2"), statusUsage, "--min-p 2: want 0 to 1"},
		{append(model, "--repetition-penalty", "0"), statusUsage, "--repetition-penalty 0: want a number above 0"},
		{append(model, "--stop", ""), statusUsage, `--stop "": want a string`},
		{append(model, "--weights", "int4"), statusUsage, `--weights "int4": want stored, mapped or float32`},
		{append(model, "--prompts", empty), statusUsage, "--prompts excludes --prompt and --chat"},
		{append(model, "--chat", "--json"), statusUsage, "--chat and --json exclude each other"},
		{[]string{"--model", "demo:llama", "--prompts", empty}, statusFailed, "the file is empty"},
		{[]string{"--model", "demo:llama", "--prompts", filepath.Join(dir, "none")}, statusFailed, "--prompts: open"},
		{[]string{"--model", golden.Path("models/rand-llama3"), "--prompt", "x"}, statusFailed, "no tokenizer files"},
		{[]string{"--model", "demo:llama", "--prompt", strings.Repeat("word ", 300)}, statusFailed, "the model takes at most 256"},
	} {
		r := call(t, append([]string{"generate"}, c.args...)...)
		if r.code != c.code || !strings.Contains(r.last(), c.want) || r.stdout != "" {
			t.Errorf("%q: status %d, %q, want %d with %q", c.args, r.code, r.last(), c.code, c.want)
		}
	}
}

// An interrupt leaves what was generated so far, as text and as JSON.
func TestInterruptGenerate(t *testing.T) {
	const prompts = 2_000
	many := filepath.Join(t.TempDir(), "prompts.txt")
	if err := os.WriteFile(many, []byte(strings.Repeat("Once upon a time\n", prompts)), 0o600); err != nil {
		t.Fatal(err)
	}
	r := interruptWhen(t, "generating: ", 1, "generate", "--model", golden.Path("models/stories260k"), "--prompts", many, "--batch", "1", "--max-tokens", "400", "--json")
	var got generateResults
	if err := json.Unmarshal([]byte(r.stdout), &got); r.code != statusInterrupted || r.last() != "cli: interrupted" || err != nil {
		t.Fatalf("status %d, last line %q, JSON %v", r.code, r.last(), err)
	}
	n := 0
	for _, g := range got.Results {
		if (g.Text == "") != (g.Tokens == 0) || g.Reason != "length" && g.Reason != "interrupted" {
			t.Fatalf("got %+v", g)
		}
		if g.Reason == "length" {
			n++
		}
	}
	if n >= prompts {
		t.Errorf("%d of %d texts are complete, want that some are not", n, prompts)
	}
}
