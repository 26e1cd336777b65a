package prunecmd_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/models"
)

// TestCalibrationForms prunes with the same texts in several forms.
func TestCalibrationForms(t *testing.T) {
	dir := t.TempDir()
	text := strings.Repeat("The old man went to the sea, and his wife stayed at home. ", 200)
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o777); err != nil {
		t.Fatal(err)
	}
	clitest.WriteFile(t, dir, "folder/a.txt", text)
	clitest.WriteFile(t, dir, "rows.json", `[{"text":"`+text+`"}]`)
	prune := func(stdin, calib string, more ...string) string {
		t.Helper()
		out := filepath.Join(t.TempDir(), "out")
		args := append([]string{"prune", "--model", "demo:llama", "--out", out, "--method", "wanda", "--samples", "4", "--seqlen", "64"}, more...)
		if calib != "" {
			args = append(args, "--calib", calib)
		}
		if r := clitest.CallWith(t, stdin, args...); r.Code != exit.Done {
			t.Fatalf("%v: %s", args, r.Stderr)
		}
		return clitest.WeightsOf(t, out)
	}
	want := prune("", filepath.Join(dir, "folder", "a.txt"))
	for name, got := range map[string]string{"folder": prune("", filepath.Join(dir, "folder")), "pattern": prune("", filepath.Join(dir, "fo*", "*.txt")),
		"list": prune("", filepath.Join(dir, "rows.json")), "stdin": prune(text, "-")} {
		if got != want {
			t.Errorf("%s: other weights than from the file", name)
		}
	}
	if prune("", "embedded") != prune("", "") || prune("", "") == want {
		t.Error("embedded is not the default text")
	}
}

// TestCalibrationTemplate prunes on conversations, which are put into words by the model's chat template.
func TestCalibrationTemplate(t *testing.T) {
	dir := t.TempDir()
	model := filepath.Join(dir, "model")
	demo, err := models.Folder("demo:llama")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(model, demo); err != nil {
		t.Fatal(err)
	}
	rows := clitest.WriteFile(t, dir, "chat.jsonl", strings.Repeat(`{"messages":[{"role":"user","content":"Where is the old man?"},{"role":"assistant","content":"He is at the sea."}]}`+"\n", 60))
	out := filepath.Join(dir, "out")
	args := []string{"prune", "--model", model, "--out", out, "--method", "wanda", "--samples", "4", "--seqlen", "64", "--calib", rows}
	clitest.WantFailure(t, clitest.Call(t, args...), exit.Failed, "chat.jsonl line 1", "--apply-chat-template")
	args = append(args, "--apply-chat-template")
	clitest.WantFailure(t, clitest.Call(t, args...), exit.Failed, "--apply-chat-template", model, "no chat template")
	clitest.WriteFile(t, model, "chat_template.jinja", "{% for m in messages %}{{ m.role + ': ' + m.content + eos_token }}\n{% endfor %}")
	clitest.OK(t, args...)
	var got struct {
		Tokens []struct {
			ID    int
			Piece string
		}
		IDs []int
	}
	clitest.OKJSON(t, &got, "tokenize", "--model", model, "--text", rows, "--apply-chat-template")
	ends := 0
	for _, id := range got.IDs {
		if id == 2 { // </s>
			ends++
		}
	}
	if ends != 120 || got.IDs[0] == 1 {
		t.Errorf("%d ends of a turn, want 120; the first id is %d, want no BOS", ends, got.IDs[0])
	}
}
