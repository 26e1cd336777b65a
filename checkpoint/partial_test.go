package checkpoint

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// contents lists all paths below root: folders, links with their targets, files with their content.
func contents(t *testing.T, root string) []string {
	t.Helper()
	var list []string
	for _, path := range tree(t, root) {
		info, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		line := path
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			to, err := os.Readlink(path)
			line += " -> " + to
			if err != nil {
				t.Fatal(err)
			}
		case info.Mode().IsRegular():
			b, err := os.ReadFile(path)
			line += ": " + string(b)
			if err != nil {
				t.Fatal(err)
			}
		}
		list = append(list, line)
	}
	return list
}

// TestForeign puts things in the place of DIR.partial, or into one, that no run leaves there. Whatever
// the flags, they are refused by name, and every file, link and folder stays as it is.
func TestForeign(t *testing.T) {
	for _, c := range []struct {
		name  string
		begun bool              // there is the folder of an interrupted run
		make  []string          // files, and folders with a slash behind
		links map[string]string // in place of what is there
		want  string            // what is in the way
	}{
		{"link to a folder", false, []string{"thesis/chapter"}, map[string]string{"out.partial": "thesis"}, "out.partial"},
		{"link to an empty folder", false, []string{"thesis/"}, map[string]string{"out.partial": "thesis"}, "out.partial"},
		{"link to another run's folder", false, []string{"theirs/lock"}, map[string]string{"out.partial": "theirs"}, "out.partial"},
		{"link to nowhere", false, nil, map[string]string{"out.partial": "nowhere"}, "out.partial"},
		{"file", false, []string{"out.partial"}, nil, "out.partial"},
		{"folder of somebody else", false, []string{"out.partial/chapter"}, nil, "out.partial/chapter"},
		{"lock is a link", false, []string{"thesis/chapter", "out.partial/"}, map[string]string{"out.partial/lock": "../thesis/chapter"}, "out.partial/lock"},
		{"lock is a folder", false, []string{"out.partial/lock/chapter"}, nil, "out.partial/lock"},
		{"a file besides", true, []string{"out.partial/chapter"}, nil, "out.partial/chapter"},
		{"a folder besides", true, []string{"out.partial/thesis/chapter"}, nil, "out.partial/thesis"},
		{"a folder with a name of ours", true, []string{"out.partial/new-1/chapter"}, nil, "out.partial/new-1"},
		{"journal is a link", true, []string{"thesis/chapter"}, map[string]string{"out.partial/journal": "../thesis/chapter"}, "out.partial/journal"},
		{"model is a link", true, []string{"thesis/chapter"}, map[string]string{"out.partial/model": "../thesis"}, "out.partial/model"},
		{"state is a link", true, []string{"thesis/notes"}, map[string]string{"out.partial/state": "../thesis"}, "out.partial/state"},
		{"weights are a link", true, []string{"thesis/chapter"}, map[string]string{"out.partial/model/model.safetensors": "../../thesis/chapter"}, "out.partial/model/model.safetensors"},
		{"a folder in the model", true, []string{"out.partial/model/thesis/chapter"}, nil, "out.partial/model/thesis"},
		{"a folder in the state", true, []string{"out.partial/state/thesis/chapter"}, nil, "out.partial/state/thesis"},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := layOutTarget(t, c.make...)
			if c.begun {
				rest := filepath.Join(root, "out.partial.new")
				if err := os.Rename(root+"/out.partial", rest); err != nil && !errors.Is(err, fs.ErrNotExist) {
					t.Fatal(err)
				}
				begun(t, root, "one")
				if err := os.CopyFS(root+"/out.partial", os.DirFS(rest)); err != nil && !errors.Is(err, fs.ErrNotExist) {
					t.Fatal(err)
				}
				if err := os.RemoveAll(rest); err != nil {
					t.Fatal(err)
				}
			}
			for from, to := range c.links {
				if err := errors.Join(os.RemoveAll(filepath.Join(root, from)), os.Symlink(to, filepath.Join(root, from))); err != nil {
					t.Fatal(err)
				}
			}
			before := contents(t, root)
			in := filepath.Join(root, "in")
			for _, o := range []WriterOptions{{Force: true}, {Resume: true}, {Force: true, Resume: true}} {
				w, err := NewWriter(filepath.Join(root, "out"), openFolder(t, in), os.DirFS(in), o)
				var foreign *ForeignError
				if want := filepath.Join(root, c.want); !errors.As(err, &foreign) || foreign.Path != want || !errors.Is(err, fs.ErrExist) {
					t.Errorf("force %v, resume %v: error %v, want a ForeignError for %s", o.Force, o.Resume, err, want)
				}
				if w != nil {
					_ = w.Abort()
				}
				if after := contents(t, root); !slices.Equal(after, before) {
					t.Fatalf("force %v, resume %v: there is now\n%s\nwas\n%s", o.Force, o.Resume, strings.Join(after, "\n"), strings.Join(before, "\n"))
				}
			}
		})
	}
}

// TestForeignMeanwhile: what somebody puts into the folder of a run under way outlives the run.
func TestForeignMeanwhile(t *testing.T) {
	for _, path := range []string{"chapter", "thesis/chapter", "model/thesis/chapter", "state/thesis/chapter"} {
		root := layOutTarget(t)
		in := filepath.Join(root, "in")
		w, err := NewWriter(filepath.Join(root, "out"), openFolder(t, in), os.DirFS(in), WriterOptions{})
		if err != nil {
			t.Fatal(err)
		}
		theirs := filepath.Join(root, "out.partial", path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(theirs), 0o777), os.WriteFile(theirs, []byte("mine"), 0o666)); err != nil {
			t.Fatal(err)
		}
		var foreign *ForeignError
		if err := w.Abort(); !errors.As(err, &foreign) {
			t.Errorf("%s: error %v, want a ForeignError", path, err)
		}
		if b, err := os.ReadFile(theirs); err != nil || string(b) != "mine" {
			t.Errorf("%s: %q, error %v", path, b, err)
		}
	}
}

// TestCurrentFolderInPartial: the folder that the program runs in is not removed.
func TestCurrentFolderInPartial(t *testing.T) {
	root := layOutTarget(t)
	begun(t, root, "one")
	in := filepath.Join(root, "in")
	for _, cwd := range []string{"out.partial", "out.partial/model"} {
		t.Chdir(filepath.Join(root, cwd))
		for _, o := range []WriterOptions{{Force: true}, {Resume: true}} {
			_, err := NewWriter(filepath.Join(root, "out"), openFolder(t, in), os.DirFS(in), o)
			if err == nil || !strings.Contains(err.Error(), "contains the current folder") {
				t.Errorf("in %s: error %v", cwd, err)
			}
		}
	}
}

// TestReplacedOutputStays: a process that died while it removed the output which --force had replaced
// leaves it, or a part of it, in the partial folder. That was asked for, and is removed whatever it holds.
func TestReplacedOutputStays(t *testing.T) {
	root := layOutTarget(t, "out/theirs/deep/file", "out/f")
	in, out := filepath.Join(root, "in"), filepath.Join(root, "out")
	w, err := NewWriter(out, openFolder(t, in), os.DirFS(in), WriterOptions{Force: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.base.markCommit(); err != nil {
		t.Fatal(err)
	}
	if err := exchange(w.partial, out); errors.Is(err, errors.ErrUnsupported) {
		t.Skip("folders cannot change places here")
	} else if err != nil {
		t.Fatal(err)
	}
	if err := w.Keep(); err != nil {
		t.Fatal(err)
	}
	var complete *CompleteError
	if _, err := resume(t, root); !errors.As(err, &complete) {
		t.Errorf("error %v, want a CompleteError", err)
	}
	if list := names(t, root); slices.Contains(list, "out.partial") {
		t.Errorf("left behind: %v", list)
	}
}

// TestRemovalOrder: files are closed before they are removed where the system does not remove open ones.
// Elsewhere the lock is held until its name is gone, so that no other process can take a lock on a file
// that is about to lose its name.
func TestRemovalOrder(t *testing.T) {
	for _, openFilesGo := range []bool{true, false} {
		root := layOutTarget(t)
		begun(t, root, "one")
		w, err := resume(t, root)
		if err != nil {
			t.Fatal(err)
		}
		var order []string
		w.base.removing = func(path string) {
			order = append(order, filepath.Base(path))
			switch name := filepath.Base(path); {
			case w.base.journal.f != nil:
				t.Errorf("open files go: %v: the journal is open while %s is removed", openFilesGo, name)
			case name == lockFile && (w.base.lock != nil) != openFilesGo:
				t.Errorf("open files go: %v: when the lock file is removed it is open: %v", openFilesGo, w.base.lock != nil)
			case name != lockFile && name != "out.partial" && w.base.lock == nil:
				t.Errorf("open files go: %v: the lock is given up before %s is removed", openFilesGo, name)
			case name == "out.partial" && w.base.lock != nil:
				t.Errorf("open files go: %v: the lock file is open while its folder is removed", openFilesGo)
			}
		}
		if err := errors.Join(w.closeFiles(), w.base.removeAs(openFilesGo)); err != nil {
			t.Fatal(err)
		}
		if n := len(order); n < 3 || !slices.Equal(order[n-3:], []string{journalFile, lockFile, "out.partial"}) {
			t.Errorf("open files go: %v: removed in the order %v", openFilesGo, order)
		}
		if list := names(t, root); slices.Contains(list, "out.partial") {
			t.Errorf("open files go: %v: left behind: %v", openFilesGo, list)
		}
	}
}
