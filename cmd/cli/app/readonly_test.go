package app_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/cmd/cli/exit"
)

// longAgo is when the files of a test's input were last changed: any change since then shows.
var longAgo = time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)

// metadata lists mode, size and times of everything below dir, dir included: whoever creates or removes a
// file, even for a moment, changes its folder's time.
func metadata(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil {
			fmt.Fprintf(&b, "%s %v %d bytes, changed %v\n", path, info.Mode(), info.Size(), info.ModTime().UTC())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestReadOnlyInput: a model folder that nobody may write to is enough for every command that reads one,
// and nothing in it changes. File modes do not stop the superuser; a read-only mount does, where the test may make one.
// Without either the unchanged contents and times remain as evidence.
func TestReadOnlyInput(t *testing.T) {
	model := clitest.CopyModel(t, "stories260k")
	var dirs []string
	err := filepath.WalkDir(model, func(path string, d fs.DirEntry, err error) error {
		if d.IsDir() {
			dirs = append(dirs, path)
			return err
		}
		return errors.Join(err, os.Chmod(path, 0o444), os.Chtimes(path, longAgo, longAgo))
	})
	for _, dir := range dirs {
		err = errors.Join(err, os.Chmod(dir, 0o555), os.Chtimes(dir, longAgo, longAgo))
		defer os.Chmod(dir, 0o755) //nolint:errcheck // so that it can be removed
	}
	if err != nil {
		t.Fatal(err)
	}
	mounted := mountReadOnly(t, model)
	if f, err := os.OpenFile(filepath.Join(model, "config.json"), os.O_RDWR, 0); err == nil {
		f.Close()
		if mounted {
			t.Fatal("a file of the read-only mount can be opened for writing")
		}
		t.Log("this user may write to the input, whatever its mode")
	}
	contents, times := clitest.TreeHash(t, model), metadata(t, model)
	if !strings.Contains(times, "changed 2001-02-03 04:05:06 +0000") {
		t.Fatalf("times were not set: %s", times)
	}

	out := t.TempDir()
	text := clitest.WriteFile(t, out, "text.txt", strings.Repeat("Once upon a time there was a little girl. ", 50))
	prune := []string{"prune", "--model", model, "--samples", "8", "--seqlen", "32", "--out", filepath.Join(out, "pruned")}
	for _, args := range [][]string{
		append(prune, "--preset", "balanced", "--report", filepath.Join(out, "page.html")),
		append(prune, "--method", "wanda", "--force", "--memory", "1GiB", "--eval", text),
		{"eval", "--model", model, "--text", text, "--seqlen", "32"},
		{"inspect", "--model", model},
		{"pack", "--model", model, "--out", filepath.Join(out, "packed")},
		{"generate", "--model", model, "--prompt", "Once", "--max-tokens", "2", "--weights", "mapped"},
	} {
		clitest.OK(t, args...)
		if now := clitest.TreeHash(t, model); now != contents {
			t.Errorf("%v changed the input: %s, was %s", args, now, contents)
		}
		if now := metadata(t, model); now != times {
			t.Errorf("%v touched the input: %s, was %s", args, now, times)
		}
	}
	r := clitest.Call(t, "prune", "--model", model, "--out", filepath.Join(model, "out"), "--method", "wanda", "--samples", "2")
	if r.Code != exit.Usage || !strings.Contains(r.Last(), "lies inside the input folder") {
		t.Errorf("output into the input: status %d, last line %q", r.Code, r.Last())
	}
}
