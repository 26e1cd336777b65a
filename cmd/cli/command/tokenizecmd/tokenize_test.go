package tokenizecmd_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/cmd/cli/command/tokenizecmd"
	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/data"
	"github.com/adagp/adagp/data/tokenizer"
	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/models"
)

// tokenizeJSON is the result of tokenize with a text on stdin.
func tokenizeJSON(t *testing.T, stdin string, args ...string) tokenizecmd.Result {
	t.Helper()
	r := clitest.CallWith(t, stdin, append([]string{"tokenize", "--json"}, args...)...)
	if r.Code != 0 {
		t.Fatalf("%v: status %d, %s", args, r.Code, r.Stderr)
	}
	var res tokenizecmd.Result
	if err := json.Unmarshal([]byte(r.Stdout), &res); err != nil {
		t.Fatal(err)
	}
	return res
}

// The ids are those of the windows that eval measures, from a file and from stdin.
func TestTokenizeSeesWhatEvalSees(t *testing.T) {
	text := data.DefaultEvaluation().Text[:3000]
	file := clitest.WriteFile(t, t.TempDir(), "text.txt", text)
	for _, model := range []string{"demo:llama", "demo:opt", golden.Path("models/stories260k")} {
		files, err := models.Folder(model)
		if err != nil {
			t.Fatal(err)
		}
		tok, err := tokenizer.Open(files)
		if err != nil {
			t.Fatal(err)
		}
		corpus, err := data.ReadCorpus([]string{file})
		if err != nil {
			t.Fatal(err)
		}
		windows, n, err := data.EvalWindows(tok, corpus, 16, 0)
		if err != nil {
			t.Fatal(err)
		}
		got := tokenizeJSON(t, "", "--model", model, "--text", file)
		if want := slices.Concat(windows...); len(got.IDs) != n || !slices.Equal(got.IDs[:len(want)], want) {
			t.Errorf("%s: %d ids, want %d that begin as eval's windows", model, len(got.IDs), n)
		}
		if len(got.Tokens) != n || got.Tokens[n-1].ID != got.IDs[n-1] || got.Tokens[n-1].Piece != tok.Piece(got.IDs[n-1]) {
			t.Errorf("%s: %d tokens, the last %+v", model, len(got.Tokens), got.Tokens[len(got.Tokens)-1])
		}
		if piped := tokenizeJSON(t, text, "--model", model); !slices.Equal(piped.IDs, got.IDs) {
			t.Errorf("%s: stdin and a file give different ids", model)
		}
		back := clitest.CallWith(t, clitest.CallWith(t, text, "tokenize", "--json", "--model", model).Stdout, "tokenize", "--decode", "--model", model)
		if back.Code != 0 || back.Stdout != text {
			t.Errorf("%s: --decode gives %.60q, want %.60q", model, back.Stdout, text)
		}
	}
}

func TestTokenizeFlags(t *testing.T) {
	dir := t.TempDir()
	file := `{"added_tokens":[{"id":4,"content":"<s>","special":true},{"id":5,"content":"</s>","special":true},{"id":6,"content":"!!"}],
		"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false},"decoder":{"type":"ByteLevel"},
		"post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>"}},{"Sequence":{"id":"A"}},{"SpecialToken":{"id":"</s>"}}]},
		"model":{"type":"BPE","unk_token":"?","vocab":{"a":0,"b":1,"ab":2,"?":3},"merges":["a b"]}}`
	clitest.WriteFile(t, dir, "tokenizer.json", file) // no model beside it: none is needed
	for _, c := range []struct {
		stdin string
		args  []string
		want  []int
	}{
		{"ab!!a", nil, []int{4, 2, 6, 0, 5}},
		{"ab!!a", []string{"--no-bos"}, []int{2, 6, 0}},
		{"a<s>b", []string{"--no-bos"}, []int{0, 3, 3, 3, 1}},
		{"a<s>b", []string{"--no-bos", "--special"}, []int{0, 4, 1}},
		{"a</s>", []string{"--special"}, []int{4, 0, 5, 5}},
		{"", nil, []int{4, 5}},
		{"", []string{"--no-bos"}, []int{}},
	} {
		if got := tokenizeJSON(t, c.stdin, append(c.args, "--model", dir)...); !slices.Equal(got.IDs, c.want) {
			t.Errorf("%q with %v: %v, want %v", c.stdin, c.args, got.IDs, c.want)
		}
	}
	for _, c := range []struct {
		stdin string
		args  []string
		want  string
	}{
		{"4 2,6\n0\t5", nil, "ab!!a"},
		{"[4, 2, 5]", []string{"--special"}, "<s>ab</s>"},
		{`{"ids":[4,2]}`, nil, "ab"},
		{"", nil, ""},
	} {
		if got := tokenizeJSON(t, c.stdin, append(c.args, "--decode", "--model", dir)...); got.Text == nil || *got.Text != c.want {
			t.Errorf("%q with %v: %+v, want the text %q", c.stdin, c.args, got, c.want)
		}
	}
	if r := clitest.CallWith(t, "ab", "tokenize", "--model", dir); r.Stdout != "      4  \"<s>\"\n      2  \"ab\"\n      5  \"</s>\"\n" {
		t.Errorf("without --json: %q", r.Stdout)
	}
}

func TestTokenizeRefuses(t *testing.T) {
	dir := t.TempDir()
	ids := clitest.WriteFile(t, dir, "ids.jsonl", `{"input_ids":[1,2]}`+"\n")
	empty := filepath.Join(dir, "empty")
	if err := os.Mkdir(empty, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		stdin  string
		args   []string
		status int
		says   string
	}{
		{"a", nil, exit.Usage, "--model"},
		{"a", []string{"--model", "demo:llama", "--text", ""}, exit.Usage, "--text"},
		{"a", []string{"--model", "demo:llama", "--decode", "--no-bos"}, exit.Usage, "--no-bos"},
		{"a", []string{"--model", filepath.Join(dir, "nowhere")}, exit.Failed, "nowhere"},
		{"a", []string{"--model", empty}, exit.Failed, "no tokenizer files"},
		{"a\xff", []string{"--model", "demo:llama"}, exit.Failed, "stdin line 1: not UTF-8"},
		{"a", []string{"--model", "demo:llama", "--text", ids}, exit.Failed, "holds input_ids"},
		{"a", []string{"--model", "demo:llama", "--text", filepath.Join(dir, "no.txt")}, exit.Failed, "no.txt"},
		{"1 x", []string{"--model", "demo:llama", "--decode"}, exit.Failed, `"x" is no id`},
		{"1 99999", []string{"--model", "demo:llama", "--decode"}, exit.Failed, "id 99999 at place 2"},
		{"-1", []string{"--model", "demo:llama", "--decode"}, exit.Failed, "id -1"},
		{"{}", []string{"--model", "demo:llama", "--decode"}, exit.Failed, `no "ids"`},
		{"[1,", []string{"--model", "demo:llama", "--decode"}, exit.Failed, "malformed JSON"},
		{"", []string{"--model", "demo:llama", "--decode", "--text", filepath.Join(dir, "no.txt")}, exit.Failed, "no.txt"},
	} {
		r := clitest.CallWith(t, c.stdin, append([]string{"tokenize"}, c.args...)...)
		if r.Code != c.status || !strings.Contains(r.Last(), c.says) || r.Stdout != "" {
			t.Errorf("%v: status %d, %q, want %d and %q", c.args, r.Code, r.Last(), c.status, c.says)
		}
	}
}
