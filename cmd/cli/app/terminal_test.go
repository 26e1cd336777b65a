package app_test

import (
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/cmd/cli/exit"
)

// TestNamesFromFilesOnTheTerminal: whatever a file calls its tensors, no control sequence reaches a terminal.
func TestNamesFromFilesOnTheTerminal(t *testing.T) {
	model := clitest.CopyModel(t, "stories260k")
	weights := filepath.Join(model, "model.safetensors")
	f := clitest.ReadST(t, weights)
	const evil = "model.\x1b]0;owned\a\x1b[2J\u009b31m\u202e\n.rotary_emb.inv_freq"
	f.Add(evil, 4)
	f.Edit(evil, func(e *clitest.STEntry) { e.Shape = []int{2, 2} }) // pack lists matrices
	f.Write(t, weights)
	out := filepath.Join(t.TempDir(), "out\x1b[31m")
	wantClean := func(r clitest.Result, stream string) {
		t.Helper()
		if i := strings.IndexFunc(stream, func(c rune) bool { return c != '\n' && !unicode.IsPrint(c) }); i >= 0 {
			t.Errorf("status %d, %q reaches the terminal", r.Code, stream[max(0, i-20):min(len(stream), i+20)])
		}
	}
	for i, args := range [][]string{
		{"inspect", "--model", model},
		{"pack", "--model", model, "--out", out + "packed"},
		clitest.QuickPrune(model, out, "--report", out+".html"),
		{"inspect", "--model", filepath.Join(model, "no\x1b[31m")},
	} {
		r := clitest.Call(t, args...)
		if want := exit.Done; (i == 3) != (r.Code != want) {
			t.Errorf("%v: status %d; stderr %s", args, r.Code, r.Stderr)
		}
		wantClean(r, r.Stdout)
		wantClean(r, r.Stderr)
		if args[0] != "prune" && r.Code == exit.Done && !strings.Contains(r.Stdout, `model.\x1b]0;owned\x07\x1b[2J\x9b31m\x202e\x0a.rotary_emb.inv_freq`) {
			t.Errorf("%s shows %q, want the name with its control characters spelt out", args[0], r.Stdout)
		}
	}
}
