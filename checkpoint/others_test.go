package checkpoint

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// linkAll makes links, by path below root.
func linkAll(t *testing.T, root string, links map[string]string) {
	t.Helper()
	for from, to := range links {
		if err := os.Symlink(to, filepath.Join(root, from)); err != nil {
			t.Fatal(err)
		}
	}
}

// copied writes a copy of the model folder in, and returns its files and the log.
func copied(t *testing.T, in string) (files map[string]string, log string) {
	t.Helper()
	var text bytes.Buffer
	out := filepath.Join(t.TempDir(), "out")
	w, _ := newWriter(t, in, out, WriterOptions{Log: slog.New(slog.NewTextHandler(&text, nil))})
	early := text.String()
	commit(t, w)
	if text.String() != early {
		t.Errorf("the log grew at the end:\n%s", text.String()[len(early):])
	}
	return folder(t, out), early
}

// TestLinks: the content of a link that leads out of the model folder is not copied into the output.
// The log names link and target, once; where the output would be of no use it is not begun.
func TestLinks(t *testing.T) {
	root := layOutTarget(t, "secrets/id_rsa", "secrets/deep/key", "in/sub/notes")
	in := filepath.Join(root, "in")
	linkAll(t, in, map[string]string{
		"inside.txt":   "sub/notes",
		"twice.txt":    "inside.txt",
		"absolute.txt": filepath.Join(in, "sub", "notes"),
		"notes.txt":    "../secrets/id_rsa",
		"away":         "../secrets/deep",
		"broken.txt":   "nowhere",
	})
	linkAll(t, root, map[string]string{"in/by-folder.txt": "away/key"})
	got, log := copied(t, in)
	for _, name := range []string{"inside.txt", "twice.txt", "absolute.txt"} {
		if got[name] != "mine" {
			t.Errorf("%s holds %q, want what the link leads to", name, got[name])
		}
	}
	for name, target := range map[string]string{"notes.txt": "secrets/id_rsa", "by-folder.txt": "secrets/deep/key", "broken.txt": "nowhere"} {
		if content, ok := got[name]; ok {
			t.Errorf("the output has %s: %q", name, content)
		}
		if n := strings.Count(log, name); n != 1 || !strings.Contains(log, filepath.FromSlash(target)) {
			t.Errorf("the log names %s %d times, want once, with %s:\n%s", name, n, target, log)
		}
	}

	linkAll(t, in, map[string]string{"tokenizer.model": "../secrets/id_rsa"})
	_, err := NewWriter(filepath.Join(root, "out"), openFolder(t, in), os.DirFS(in), WriterOptions{})
	if err == nil || !strings.Contains(err.Error(), "tokenizer.model is a link to ") || !strings.Contains(err.Error(), "id_rsa") {
		t.Errorf("a tokenizer from elsewhere: error %v", err)
	}
}

// TestCacheLinks: in the Hugging Face cache the files of a model are links to blobs beside it.
func TestCacheLinks(t *testing.T) {
	root := layOutTarget(t, "models--org--name/blobs/1234", "models--org--other/blobs/5678", "models--org--name/snapshots/rev/")
	rev := filepath.Join(root, "models--org--name", "snapshots", "rev")
	if err := os.CopyFS(rev, os.DirFS(filepath.Join(root, "in"))); err != nil {
		t.Fatal(err)
	}
	linkAll(t, root, map[string]string{"models--org--name/blobs/9": filepath.Join(root, "models--org--other", "blobs", "5678"), "model": rev})
	linkAll(t, rev, map[string]string{
		"vocab.json": "../../blobs/1234",
		"other.txt":  "../../../models--org--other/blobs/5678",
		"relay.txt":  "../../blobs/9",
	})
	for _, in := range []string{rev, filepath.Join(root, "model")} {
		got, log := copied(t, in)
		if got["vocab.json"] != "mine" {
			t.Errorf("%s: vocab.json holds %q, want what the link leads to", in, got["vocab.json"])
		}
		for _, name := range []string{"other.txt", "relay.txt"} {
			if _, ok := got[name]; ok || !strings.Contains(log, name) {
				t.Errorf("%s: %s is in the output, or not in the log: %s", in, name, log)
			}
		}
	}
}

// TestNames: files with names that only some systems know are copied where the output's system does, and
// left out with a warning where it does not.
func TestNames(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no such names here")
	}
	root := layOutTarget(t)
	in := filepath.Join(root, "in")
	want := map[string]string{}
	for _, name := range []string{"a:b", `c\d`, `..\e`, "caf\xe9.txt"} {
		if err := os.WriteFile(filepath.Join(in, name), []byte(name), 0o666); err != nil {
			t.Logf("this file system takes no file %q: %v", name, err)
			continue
		}
		want[name] = name
	}
	got, log := copied(t, in)
	for name := range want {
		if got[name] != name {
			t.Errorf("%q holds %q", name, got[name])
		}
	}
	if log != "" {
		t.Errorf("the log says %s", log)
	}

	var text bytes.Buffer
	w, _ := newWriter(t, in, filepath.Join(root, "out"), WriterOptions{Log: slog.New(slog.NewTextHandler(&text, nil))})
	if err := os.Mkdir(filepath.Join(w.partial, "a:b"), 0o777); err != nil { // the name cannot be had
		t.Skip(err)
	}
	commit(t, w)
	if !strings.Contains(text.String(), "a:b") {
		t.Errorf("a name that cannot be had: the log says %q", text.String())
	}
}
