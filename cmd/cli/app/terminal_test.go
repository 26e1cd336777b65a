package app

import (
	"path/filepath"
	"strings"
	"testing"
	"unicode"
)

// TestNamesFromFilesOnTheTerminal: whatever a file calls its tensors, no control sequence reaches a terminal.
func TestNamesFromFilesOnTheTerminal(t *testing.T) {
	model := copyModel(t, "stories260k")
	weights := filepath.Join(model, "model.safetensors")
	f := readST(t, weights)
	const evil = "model.\x1b]0;owned\a\x1b[2J\u009b31m\u202e\n.rotary_emb.inv_freq"
	f.add(evil, 4)
	f.edit(evil, func(e *stEntry) { e.Shape = []int{2, 2} }) // pack lists matrices
	f.write(t, weights)
	out := filepath.Join(t.TempDir(), "out\x1b[31m")
	wantClean := func(r result, stream string) {
		t.Helper()
		if i := strings.IndexFunc(stream, func(c rune) bool { return c != '\n' && !unicode.IsPrint(c) }); i >= 0 {
			t.Errorf("status %d, %q reaches the terminal", r.code, stream[max(0, i-20):min(len(stream), i+20)])
		}
	}
	for i, args := range [][]string{
		{"inspect", "--model", model},
		{"pack", "--model", model, "--out", out + "packed"},
		quickPrune(model, out, "--report", out+".html"),
		{"inspect", "--model", filepath.Join(model, "no\x1b[31m")},
	} {
		r := call(t, args...)
		if want := statusDone; (i == 3) != (r.code != want) {
			t.Errorf("%v: status %d; stderr %s", args, r.code, r.stderr)
		}
		wantClean(r, r.stdout)
		wantClean(r, r.stderr)
		if args[0] != "prune" && r.code == statusDone && !strings.Contains(r.stdout, `model.\x1b]0;owned\x07\x1b[2J\x9b31m\x202e\x0a.rotary_emb.inv_freq`) {
			t.Errorf("%s shows %q, want the name with its control characters spelt out", args[0], r.stdout)
		}
	}
}
