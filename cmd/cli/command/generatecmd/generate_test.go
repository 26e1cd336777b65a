package generatecmd_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/cmd/cli/command/generatecmd"
	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/models"
)

const story = ", there was a little girl named Lily. She loved to play outside in the park."

func TestGenerateText(t *testing.T) {
	model := golden.Path("models/stories260k")
	args := []string{"generate", "--model", model, "--temperature", "0", "--max-tokens", "40"}
	r := clitest.OK(t, append(args, "--prompt", "Once upon a time")...)
	if !strings.HasPrefix(r.Stdout, story) || !strings.HasSuffix(r.Stdout, "\n") {
		t.Errorf("got %q, want %q", r.Stdout, story)
	}
	if !strings.Contains(r.Stderr, "tokens/s") || !strings.Contains(r.Stderr, "(length)") {
		t.Errorf("stderr %q, want tokens per second and the reason", r.Stderr)
	}
	if r := clitest.OK(t, append(args, "--prompt", "Once upon a time", "--no-progress")...); r.Stderr != "" {
		t.Errorf("stderr %q, want nothing", r.Stderr)
	}
	if got := clitest.CallWith(t, "Once upon a time\n", args...); got.Code != exit.Done || got.Stdout != r.Stdout {
		t.Errorf("the prompt on stdin: status %d, %q, want %q", got.Code, got.Stdout, r.Stdout)
	}
	// No prompt is a prompt of the BOS alone.
	if r := clitest.OK(t, append(args, "--prompt", "")...); !strings.HasPrefix(r.Stdout, "Once upon a time") {
		t.Errorf("got %q", r.Stdout)
	}
	for stop, want := range map[string]string{"girl": ", there was a little ", ", there": "", "a, b": story} {
		r := clitest.OK(t, append(args, "--prompt", "Once upon a time", "--stop", stop)...)
		if !strings.HasPrefix(r.Stdout, want) || stop == "girl" && r.Stdout != want+"\n" {
			t.Errorf("stop %q: got %q, want %q", stop, r.Stdout, want)
		}
	}
}

func TestGenerateJSON(t *testing.T) {
	model := golden.Path("models/stories260k")
	args := []string{"generate", "--model", model, "--temperature", "0", "--max-tokens", "20", "--prompt", "Once upon a time"}
	var got, wide generatecmd.Result
	clitest.OKJSON(t, &got, args...)
	if got.Prompt != "Once upon a time" || !strings.HasPrefix(story, got.Text) || got.Tokens != 20 || got.PromptTokens < 2 || got.Reason != "length" ||
		got.DecodeRate <= 0 || got.PromptRate <= 0 || got.Weights != "stored" || got.Threads < 1 {
		t.Errorf("got %+v", got)
	}
	for _, form := range []string{"float32", "mapped"} {
		clitest.OKJSON(t, &wide, append(args, "--weights", form)...)
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
		r := clitest.OK(t, args...)
		lines := strings.Split(strings.TrimSpace(r.Stdout), "\n")
		var all generatecmd.Results
		clitest.OKJSON(t, &all, args...)
		if len(lines) != len(prompts) || len(all.Results) != len(prompts) {
			t.Fatalf("%d lines, %d results, want %d", len(lines), len(all.Results), len(prompts))
		}
		for i, prompt := range prompts {
			var one generatecmd.Result
			clitest.OKJSON(t, &one, "generate", "--model", model, "--prompt", prompt, "--max-tokens", "12", "--temperature", "0")
			var line generatecmd.Generation
			if err := json.Unmarshal([]byte(lines[i]), &line); err != nil {
				t.Fatalf("%v in %s", err, lines[i])
			}
			if line != one.Generation || all.Results[i] != one.Generation {
				t.Errorf("prompt %d: line %+v, result %+v, by itself %+v", i, line, all.Results[i], one.Generation)
			}
		}
	}
}

func TestGenerateChat(t *testing.T) {
	args := []string{"generate", "--model", "demo:opt", "--chat", "--max-tokens", "8", "--temperature", "0"}
	r := clitest.CallWith(t, "Hello\nGood day\n", args...)
	if n := strings.Count(r.Stdout, "\n"); r.Code != exit.Done || n < 2 {
		t.Errorf("status %d, %q, want two turns; stderr %s", r.Code, r.Stdout, r.Stderr)
	}
	first := clitest.CallWith(t, "Hello\n", args...)
	if !strings.HasPrefix(r.Stdout, first.Stdout) || first.Stdout == "" {
		t.Errorf("the first turn is %q, alone it is %q", r.Stdout, first.Stdout)
	}
	// When the context is full the talk ends, in order.
	r = clitest.CallWith(t, strings.Repeat("What do you say to this, my dear old friend?\n", 40), append(args, "--max-tokens", "30")...)
	if r.Code != exit.Done || !strings.Contains(r.Stderr, "warning: the text has") {
		t.Errorf("status %d, stderr %q, want a warning about the context", r.Code, r.Stderr)
	}
}

// templated returns a folder with the model of demo:llama and a chat template.
func templated(t *testing.T, template string) string {
	t.Helper()
	dir := t.TempDir()
	demo, err := models.Folder("demo:llama")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, demo); err != nil {
		t.Fatal(err)
	}
	clitest.WriteFile(t, dir, "chat_template.jinja", template)
	return dir
}

// TestGenerateTemplate: with a chat template a prompt is what the template makes of it, special tokens included, and each
// turn of a talk goes on from the whole conversation.
func TestGenerateTemplate(t *testing.T) {
	dir := templated(t, "{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m.content }}{{ sep }}{% endfor %}{% if add_generation_prompt %}He said{% endif %}")
	flags := []string{"--max-tokens", "8", "--temperature", "0"}
	var got, want generatecmd.Result
	clitest.OKJSON(t, &got, append([]string{"generate", "--model", dir, "--prompt", "Hello", "--apply-chat-template", "--system", "Be kind.", "--template-variables", `{"sep":" | "}`}, flags...)...)
	clitest.OKJSON(t, &want, append([]string{"generate", "--model", "demo:llama", "--prompt", "system: Be kind. | user: Hello | He said"}, flags...)...)
	if got.Text != want.Text || got.PromptTokens != want.PromptTokens || got.Prompt != "Hello" {
		t.Errorf("got %+v, want the text and the tokens of %+v", got.Generation, want.Generation)
	}
	talk := append([]string{"generate", "--model", dir, "--chat", "--template-variables", `{"sep":" | "}`}, flags...)
	first := strings.TrimSuffix(clitest.CallWith(t, "Hello\n", talk...).Stdout, "\n")
	both := clitest.CallWith(t, "Hello\nWhy?\n", talk...)
	clitest.OKJSON(t, &want, append([]string{"generate", "--model", "demo:llama", "--prompt", "user: Hello | assistant: " + first + " | user: Why? | He said"}, flags...)...)
	if both.Stdout != first+"\n"+want.Text+"\n" {
		t.Errorf("the talk is %q, want the turns %q and %q; %s", both.Stdout, first, want.Text, both.Stderr)
	}
	refusing := templated(t, "\n{{ raise_exception('no systems') }}")
	clitest.WantFailure(t, clitest.Call(t, "generate", "--model", refusing, "--prompt", "x", "--apply-chat-template"), exit.Failed, "chat_template.jinja", "line 2", "no systems")
	clitest.WantFailure(t, clitest.Call(t, "generate", "--model", "demo:llama", "--prompt", "x", "--apply-chat-template"), exit.Failed, "demo:llama", "no chat template")
	clitest.WantFailure(t, clitest.Call(t, "generate", "--model", dir, "--prompt", "x", "--system", "y"), exit.Usage, "--system")
}

// TestGenerateChatLongLine: a line that cannot be taken ends the talk with an error, not as the end of it.
func TestGenerateChatLongLine(t *testing.T) {
	r := clitest.CallWith(t, "Hello\n"+strings.Repeat("x", generatecmd.MaxPrompt+1)+"\n", "generate", "--model", "demo:opt", "--chat", "--max-tokens", "8", "--temperature", "0")
	if r.Code != exit.Failed || !strings.Contains(r.Last(), "stdin, line 2: ") || !strings.Contains(r.Last(), "MiB") || r.Stdout == "" {
		t.Errorf("status %d, last line %q, stdout %q; want the first turn, then an error about line 2", r.Code, r.Last(), r.Stdout)
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
		{[]string{"--prompt", "x"}, exit.Usage, "needs --model"},
		{append(model, "--max-tokens", "0"), exit.Usage, "--max-tokens 0: want at least 1"},
		{append(model, "--top-k", "-3"), exit.Usage, "--top-k -3: want at least 1"},
		{append(model, "--batch", "0"), exit.Usage, "--batch 0: want at least 1"},
		{append(model, "--temperature", "-1"), exit.Usage, "--temperature -1: want 0 to 3.4e+38"},
		{append(model, "--temperature", "NaN"), exit.Usage, "--temperature NaN: want 0 to"},
		{append(model, "--top-p", "1.5"), exit.Usage, "--top-p 1.5: want 0 to 1"},
		{append(model, "--min-p", "2"), exit.Usage, "--min-p 2: want 0 to 1"},
		{append(model, "--repetition-penalty", "0"), exit.Usage, "--repetition-penalty 0: want a number above 0"},
		{append(model, "--stop", ""), exit.Usage, `--stop "": want a string`},
		{append(model, "--weights", "int4"), exit.Usage, `--weights "int4": want stored, mapped or float32`},
		{append(model, "--prompts", empty), exit.Usage, "--prompts excludes --prompt and --chat"},
		{append(model, "--chat", "--json"), exit.Usage, "--chat and --json exclude each other"},
		{[]string{"--model", "demo:llama", "--prompts", empty}, exit.Failed, "the file is empty"},
		{[]string{"--model", "demo:llama", "--prompts", filepath.Join(dir, "none")}, exit.Failed, "--prompts: open"},
		{[]string{"--model", golden.Path("models/rand-llama3"), "--prompt", "x"}, exit.Failed, "no tokenizer files"},
		{[]string{"--model", "demo:llama", "--prompt", strings.Repeat("word ", 300)}, exit.Failed, "the model takes at most 256"},
	} {
		r := clitest.Call(t, append([]string{"generate"}, c.args...)...)
		if r.Code != c.code || !strings.Contains(r.Last(), c.want) || r.Stdout != "" {
			t.Errorf("%q: status %d, %q, want %d with %q", c.args, r.Code, r.Last(), c.code, c.want)
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
	r := clitest.InterruptWhen(t, "generating: ", 1, "generate", "--model", golden.Path("models/stories260k"), "--prompts", many, "--batch", "1", "--max-tokens", "400", "--json")
	var got generatecmd.Results
	if err := json.Unmarshal([]byte(r.Stdout), &got); r.Code != exit.Interrupted || r.Last() != "cli: interrupted" || err != nil {
		t.Fatalf("status %d, last line %q, JSON %v", r.Code, r.Last(), err)
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
