package checkpoint

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/adagp/adagp/tensor"
)

// layOutTarget makes a folder with an input model and, as asked, what is in the way of the output.
func layOutTarget(t *testing.T, make ...string) (root string) {
	t.Helper()
	root = t.TempDir()
	in := filepath.Join(root, "in")
	if err := os.CopyFS(in, os.DirFS(model(t))); err != nil {
		t.Fatal(err)
	}
	for _, path := range make {
		full := filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o777); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(path, "/") {
			if err := os.MkdirAll(full, 0o777); err != nil {
				t.Fatal(err)
			}
		} else if err := os.WriteFile(full, []byte("mine"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// TestTargets starts outputs in all sorts of places. Whatever is refused must leave no trace, and so
// must what is accepted and then given up.
func TestTargets(t *testing.T) {
	for _, c := range []struct {
		name  string
		make  []string
		out   string
		force bool
		want  string // error with the root folder cut out; empty: accepted
	}{
		{"new", nil, "out", false, ""},
		{"new, with parents", nil, "x/y/out", false, ""},
		{"trailing slash", nil, "out/", false, ""},
		{"empty folder", []string{"out/"}, "out", false, ""},
		{"full folder", []string{"out/f"}, "out", false, "output folder /out exists and is not empty"},
		{"full folder, forced", []string{"out/f"}, "out", true, ""},
		{"file", []string{"out"}, "out", false, "output /out is a file, want a folder"},
		{"file, forced", []string{"out"}, "out", true, "output /out is a file, want a folder"},
		{"below a file", []string{"f"}, "f/out", false, "stat /f/out: not a directory"},
		{"partial", []string{"out.partial/lock", "out.partial/journal"}, "out", false, "/out.partial is left over from an interrupted run"},
		{"partial, empty", []string{"out.partial/"}, "out", false, "/out.partial is left over from an interrupted run"},
		{"the input", nil, "in", false, "output /in lies in the input folder /in"},
		{"the input, forced", nil, "in", true, "output /in lies in the input folder /in"},
		{"in the input", nil, "in/a/b", true, "output /in/a/b lies in the input folder /in"},
		{"in the input, by a detour", nil, "in/sub/../../in/out", true, "output /in/out lies in the input folder /in"},
		{"around the input", nil, ".", true, "output  contains the input folder /in"},
		{"in the input, by a link", []string{"link->in"}, "link/out", true, "output /link/out lies in the input folder /in"},
		{"link to the input", []string{"link->in"}, "link", true, "output /in lies in the input folder /in"},
		{"link to a full folder", []string{"real/f", "link->real"}, "link", false, "output folder /real exists and is not empty"},
		{"link to an empty folder", []string{"real/", "link->real"}, "link", false, ""},
		{"link to nowhere", []string{"link->nowhere"}, "link", false, "output /link is a link to nowhere"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var plain []string
			links := make(map[string]string)
			for _, m := range c.make {
				if from, to, ok := strings.Cut(m, "->"); ok {
					links[from] = to
				} else {
					plain = append(plain, m)
				}
			}
			root := layOutTarget(t, plain...)
			for from, to := range links {
				if err := os.Symlink(to, filepath.Join(root, from)); err != nil {
					t.Fatal(err)
				}
			}
			in := filepath.Join(root, "in")
			before := tree(t, root)
			src := openFolder(t, in)
			w, err := NewWriter(root+"/"+c.out, src, os.DirFS(in), WriterOptions{Force: c.force})
			if c.want != "" {
				if err == nil || strings.ReplaceAll(err.Error(), root, "") != c.want {
					t.Errorf("got error %v\nwant      %s", err, c.want)
				}
				var exists *ExistsError
				if want := strings.Contains(c.want, "is not empty") || strings.Contains(c.want, "left over"); errors.As(err, &exists) != want || errors.Is(err, fs.ErrExist) != want {
					t.Errorf("error is a %T", err)
				}
			} else {
				if err != nil {
					t.Fatal(err)
				}
				if err := w.Put("a", tensor.New(2, 2)); err != nil {
					t.Error(err)
				}
				if err := w.Abort(); err != nil {
					t.Error(err)
				}
			}
			if after := tree(t, root); !slices.Equal(after, before) {
				t.Errorf("left behind: %v\nwas:         %v", after, before)
			}
		})
	}
}

// tree lists all paths below root.
func tree(t *testing.T, root string) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		list = append(list, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestCurrentFolder(t *testing.T) {
	root := layOutTarget(t, "out/inner/")
	t.Chdir(filepath.Join(root, "out", "inner"))
	in := filepath.Join(root, "in")
	for _, out := range []string{".", ".."} {
		_, err := NewWriter(out, openFolder(t, in), os.DirFS(in), WriterOptions{Force: true})
		if err == nil || !strings.HasSuffix(err.Error(), "contains the current folder, which cannot be replaced") {
			t.Errorf("%s: got error %v", out, err)
		}
	}
}

func TestMountPoint(t *testing.T) {
	if dir := t.TempDir(); isMountPoint(dir) {
		t.Errorf("%s is taken for a mount point", dir)
	}
	if runtime.GOOS != "linux" {
		return
	}
	in := layOutTarget(t) + "/in"
	const want = "output folder /proc is the root of a mounted file system and cannot be replaced: choose a folder in it"
	if _, err := NewWriter("/proc", openFolder(t, in), os.DirFS(in), WriterOptions{Force: true}); err == nil || err.Error() != want {
		t.Errorf("got error %v, want %s", err, want)
	}
}

// TestReplace follows a forced output: the old folder stays whole until the new one is complete.
func TestReplace(t *testing.T) {
	root := layOutTarget(t, "out/old", "out.partial/lock", "out.partial/new-3", "out.partial/.scratch-4", "out.partial/model/rest", "out.partial/state/rest")
	in, out := filepath.Join(root, "in"), filepath.Join(root, "out")
	old := func(when string) {
		t.Helper()
		if got := folder(t, out); len(got) != 1 || got["old"] != "mine" {
			t.Errorf("%s the output folder holds %v", when, got)
		}
	}
	w, err := NewWriter(out, openFolder(t, in), os.DirFS(in), WriterOptions{Force: true})
	if err != nil {
		t.Fatal(err)
	}
	old("while writing")
	if err := w.Abort(); err != nil {
		t.Fatal(err)
	}
	old("after giving up")
	if w, err = NewWriter(out, openFolder(t, in), os.DirFS(in), WriterOptions{Force: true}); err != nil {
		t.Fatal(err)
	}
	commit(t, w)
	if err := w.Abort(); err != nil {
		t.Errorf("abort after commit: %v", err)
	}
	if got := names(t, root); !slices.Equal(got, []string{"in", "out"}) {
		t.Errorf("left behind: %v", got)
	}
	if got := folder(t, out); got["old"] != "" || got["config.json"] != "{}" {
		t.Errorf("the output folder holds %v", got)
	}
}

// TestAppearsMeanwhile has somebody else make the output folder during the run.
func TestAppearsMeanwhile(t *testing.T) {
	root := layOutTarget(t)
	in, out := filepath.Join(root, "in"), filepath.Join(root, "out")
	w, err := NewWriter(out, openFolder(t, in), os.DirFS(in), WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(out, "theirs"), 0o777); err != nil {
		t.Fatal(err)
	}
	var exists *ExistsError
	if err := w.Commit(); !errors.As(err, &exists) {
		t.Errorf("got error %v, want an ExistsError", err)
	}
	if err := w.Abort(); err != nil {
		t.Error(err)
	}
	if got := tree(t, out); len(got) != 2 {
		t.Errorf("their folder holds %v", got)
	}
	if _, err := os.Stat(out + ".partial"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("partial folder: %v", err)
	}
}

// TestReplaceFallback moves folders where the system cannot swap them, and puts the old one back
// when the new one is gone.
func TestReplaceFallback(t *testing.T) {
	root := layOutTarget(t, "new/n", "old/o")
	from, to := filepath.Join(root, "new"), filepath.Join(root, "old")
	if old, err := replaceFolder(filepath.Join(root, "absent"), to, true); old != "" || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %q, %v", old, err)
	}
	if got := folder(t, to); got["o"] != "mine" {
		t.Errorf("after a failure the folder holds %v", got)
	}
	old, err := moveAside(from, to)
	if err != nil {
		t.Fatal(err)
	}
	if got := folder(t, old); got["old/o"] != "mine" {
		t.Errorf("the folder that was moved aside holds %v", got)
	}
	if err := os.RemoveAll(old); err != nil {
		t.Fatal(err)
	}
	if got := folder(t, to); got["n"] != "mine" || got["o"] != "" {
		t.Errorf("the folder holds %v", got)
	}
	if got := names(t, root); !slices.Equal(got, []string{"in", "old"}) {
		t.Errorf("left behind: %v", got)
	}
}

// TestFailingCommit lets copying fail at the end: the target is untouched, and nothing remains.
func TestFailingCommit(t *testing.T) {
	for _, c := range []struct {
		name, want string
		spoil      func(t *testing.T, in string, w *Writer, src *Reader)
	}{
		{"source closed", `copy tensor "ids" from model.safetensors: read model.safetensors: file already closed`,
			func(t *testing.T, in string, w *Writer, src *Reader) {
				if err := src.Close(); err != nil {
					t.Fatal(err)
				}
			}},
		{"source truncated", `copy tensor "ids" from model.safetensors: model.safetensors: the file became shorter while it was in use`,
			func(t *testing.T, in string, w *Writer, src *Reader) {
				if err := os.Truncate(filepath.Join(in, "model.safetensors"), 0); err != nil {
					t.Fatal(err)
				}
			}},
		{"source folder gone", "open .: no such file or directory", func(t *testing.T, in string, w *Writer, src *Reader) {
			if err := os.RemoveAll(in); err != nil {
				t.Fatal(err)
			}
		}},
		{"output full", `copy config.json: rename /out.partial/new-1 /out.partial/model/config.json: file exists`, func(t *testing.T, in string, w *Writer, src *Reader) {
			if err := os.Mkdir(filepath.Join(w.partial, "config.json"), 0o777); err != nil {
				t.Fatal(err)
			}
		}},
		{"stopped", `copy tensor "ids" from model.safetensors: writing was stopped`, func(t *testing.T, in string, w *Writer, src *Reader) { w.halt() }},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := layOutTarget(t, "out/old")
			in, out := filepath.Join(root, "in"), filepath.Join(root, "out")
			src := openFolder(t, in)
			w, err := NewWriter(out, src, os.DirFS(in), WriterOptions{Force: true})
			if err != nil {
				t.Fatal(err)
			}
			c.spoil(t, in, w, src)
			err = w.Commit()
			if err == nil || strings.ReplaceAll(err.Error(), root, "") != c.want {
				t.Errorf("got error %v\nwant      %s", err, c.want)
			}
			if err2 := w.Commit(); err2 == nil || !errors.Is(err2, err) {
				t.Errorf("second commit: got error %v", err2)
			}
			if err := w.Abort(); err != nil {
				t.Error(err)
			}
			if got := folder(t, out); got["old"] != "mine" {
				t.Errorf("the output folder holds %v", got)
			}
			if list := names(t, root); slices.Contains(list, "out.partial") {
				t.Errorf("left behind: %v", list)
			}
		})
	}
}

// TestUnwritable needs a user whom permissions concern.
func TestUnwritable(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write anywhere")
	}
	root := layOutTarget(t, "locked/")
	locked := filepath.Join(root, "locked")
	if err := os.Chmod(locked, 0o555); err != nil {
		t.Fatal(err)
	}
	in := filepath.Join(root, "in")
	_, err := NewWriter(filepath.Join(locked, "out"), openFolder(t, in), os.DirFS(in), WriterOptions{})
	if want := "create output: mkdir " + locked + "/out.partial: permission denied"; err == nil || err.Error() != want {
		t.Errorf("got error %v, want %s", err, want)
	}
}

// TestEmbeddedSource writes a copy of a model that is not a folder of the operating system.
func TestEmbeddedSource(t *testing.T) {
	fsys := fstest.MapFS{"model.safetensors": st("x", "y"), "config.json": {Data: []byte("{}")}, "s/f": {}}
	src, err := Open(fsys)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	out := filepath.Join(t.TempDir(), "out")
	w, err := NewWriter(out, src, fsys, WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	commit(t, w)
	compareFolders(t, folder(t, out), map[string]string{"model.safetensors": string(fsys["model.safetensors"].Data), "config.json": "{}"})
}
