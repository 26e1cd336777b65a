package checkpoint

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/adagp/adagp/tensor"
)

// begun starts an output, puts a tensor, records so many things and leaves everything for later.
func begun(t *testing.T, root string, records ...string) (sum string) {
	t.Helper()
	in := filepath.Join(root, "in")
	w, err := NewWriter(filepath.Join(root, "out"), openFolder(t, in), os.DirFS(in), WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Put("a", tensor.FromSlice([]float32{1, 2, 3, 4}, 2, 2)); err != nil {
		t.Fatal(err)
	}
	if sum, err = w.Sum("a"); err != nil {
		t.Fatal(err)
	}
	if err := w.PutState("notes", []byte("abc")); err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if err := w.Append([]byte(r)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.PutFile("config.json", []byte("half")); err != nil {
		t.Fatal(err)
	}
	if err := w.Keep(); err != nil {
		t.Fatal(err)
	}
	if err := w.Append([]byte("late")); err == nil {
		t.Error("a record was taken after the end")
	}
	return sum
}

func resume(t *testing.T, root string) (*Writer, error) {
	t.Helper()
	in := filepath.Join(root, "in")
	return NewWriter(filepath.Join(root, "out"), openFolder(t, in), os.DirFS(in), WriterOptions{Resume: true})
}

// TestResumeWriter: what was put comes back under its checksum only, records and states come back in
// order, and the output is that of a writer nothing interrupted.
func TestResumeWriter(t *testing.T) {
	root := layOutTarget(t)
	sum := begun(t, root, "one", "two")
	w, err := resume(t, root)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	if got := w.Records(); len(got) != 2 || string(got[0]) != "one" || string(got[1]) != "two" {
		t.Errorf("records %q", got)
	}
	if b, err := w.State("notes"); err != nil || string(b) != "abc" {
		t.Errorf("state %q, error %v", b, err)
	}
	if _, err := w.State("../journal"); err == nil {
		t.Error("a state outside the folder of states")
	}
	if _, err := w.Stored("a", strings.Repeat("0", 64)); err == nil || !strings.Contains(err.Error(), "is not what the run has written there") {
		t.Errorf("another checksum: error %v", err)
	}
	if _, err := w.Stored("none", sum); err == nil {
		t.Error("a tensor that the model does not have")
	}
	a, err := w.Stored("a", sum)
	if err != nil || !slices.Equal(a.Data(), []float32{1, 2, 3, 4}) {
		t.Errorf("tensor %v, error %v", a, err)
	}
	if err := w.Put("a", tensor.New(2, 2)); err == nil {
		t.Error("a tensor was put that was there already")
	}
	commit(t, w)
	got := folder(t, filepath.Join(root, "out"))
	if got["config.json"] != "{}" { // the half-done copy of the first process does not count
		t.Errorf("config.json is %q", got["config.json"])
	}
	if list := names(t, root); slices.Contains(list, "out.partial") {
		t.Errorf("left behind: %v", list)
	}
}

// TestResumeNothing: without records there is nothing to trust, and the writer begins anew.
func TestResumeNothing(t *testing.T) {
	root := layOutTarget(t)
	begun(t, root)
	w, err := resume(t, root)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	if len(w.Records()) != 0 {
		t.Errorf("records %q", w.Records())
	}
	if _, err := w.State("notes"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a state of the run before: %v", err)
	}
	commit(t, w)
}

// TestResumeForeign: a folder that no run has left is refused, and stays as it is.
func TestResumeForeign(t *testing.T) {
	root := layOutTarget(t)
	foreign := filepath.Join(root, "out.partial", "precious")
	if err := os.Mkdir(filepath.Dir(foreign), 0o777); err != nil {
		t.Fatal(err)
	}
	if w, err := resume(t, root); err != nil { // an empty one has nothing to lose
		t.Fatal(err)
	} else if err := w.Abort(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Mkdir(filepath.Dir(foreign), 0o777), os.WriteFile(foreign, nil, 0o666)); err != nil {
		t.Fatal(err)
	}
	var in *ForeignError
	if _, err := resume(t, root); !errors.As(err, &in) || in.Path != foreign {
		t.Errorf("error %v, want a ForeignError for the file", err)
	}
	if _, err := os.Stat(foreign); err != nil {
		t.Error(err)
	}
}

// TestLocked: a folder in use is refused to everybody else, until it is free.
func TestLocked(t *testing.T) {
	root := layOutTarget(t)
	begun(t, root, "one")
	w, err := resume(t, root)
	if err != nil {
		t.Fatal(err)
	}
	in := filepath.Join(root, "in")
	for _, o := range []WriterOptions{{}, {Resume: true}, {Force: true}} {
		var locked *LockedError
		if _, err := NewWriter(filepath.Join(root, "out"), openFolder(t, in), os.DirFS(in), o); !errors.As(err, &locked) {
			t.Errorf("%+v: error %v, want a LockedError", o, err)
		}
	}
	if err := w.Keep(); err != nil {
		t.Fatal(err)
	}
	if w, err = resume(t, root); err != nil {
		t.Fatal(err)
	}
	if err := w.Abort(); err != nil {
		t.Error(err)
	}
}

// TestResumeAfterCommit: a process that died between giving the output its name and cleaning up had
// come to its end; one that died just before had not.
func TestResumeAfterCommit(t *testing.T) {
	root := layOutTarget(t)
	begun(t, root, "one")
	w, err := resume(t, root)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.base.markCommit(); err != nil {
		t.Fatal(err)
	}
	if err := w.Keep(); err != nil {
		t.Fatal(err)
	}
	if w, err = resume(t, root); err != nil || len(w.Records()) != 1 {
		t.Fatalf("before the name was given: error %v", err)
	}
	if err := w.base.markCommit(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(w.partial, w.dir); err != nil {
		t.Fatal(err)
	}
	if err := w.Keep(); err != nil {
		t.Fatal(err)
	}
	var complete *CompleteError
	if _, err = resume(t, root); !errors.As(err, &complete) || !strings.Contains(err.Error(), "is complete") {
		t.Errorf("after it: error %v, want a CompleteError", err)
	}
	if list := names(t, root); slices.Contains(list, "out.partial") {
		t.Errorf("left behind: %v", list)
	}
}

// TestResumeOtherModel: weight files of another shape are not written to.
func TestResumeOtherModel(t *testing.T) {
	root := layOutTarget(t)
	sum := begun(t, root, "one")
	stored := filepath.Join(root, "out.partial", modelFolder, "model.safetensors")
	if err := os.Truncate(stored, 20); err != nil {
		t.Fatal(err)
	}
	w, err := resume(t, root)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Keep()
	const want = "does not belong to this model and these settings"
	if _, err := w.Stored("a", sum); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("stored: error %v", err)
	}
	if err := w.Put("a", tensor.New(2, 2)); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("put: error %v", err)
	}
	if err := w.Commit(); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("commit: error %v", err)
	}
}

// TestTakenTwice: the output's name is taken when a run ends, twice. Nothing of the work is lost: the
// records are those that were appended, a resumed writer says at once that the name is still taken, and
// once it is free the output is completed.
func TestTakenTwice(t *testing.T) {
	root := layOutTarget(t)
	sum := begun(t, root, "one")
	out := filepath.Join(root, "out")
	for range 2 {
		w, err := resume(t, root)
		if err != nil {
			t.Fatal(err)
		}
		if got := w.Records(); len(got) != 1 || string(got[0]) != "one" {
			t.Errorf("records %q, want the one that was appended", got)
		}
		// The name is taken in the moment between the last look at it and the renaming.
		if err := w.base.markCommit(); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(out, "theirs"), 0o777); err != nil {
			t.Fatal(err)
		}
		var exists *ExistsError
		if err := w.Commit(); !errors.As(err, &exists) || exists.Path != out {
			t.Errorf("commit: error %v, want an ExistsError for %s", err, out)
		}
		if err := w.Keep(); err != nil {
			t.Fatal(err)
		}
		if _, err := resume(t, root); !errors.As(err, &exists) || exists.Kept != out+".partial" {
			t.Errorf("resumed while the name is taken: error %v, want an ExistsError that names the folder with the work", err)
		}
		if err := os.RemoveAll(out); err != nil {
			t.Fatal(err)
		}
	}
	w, err := resume(t, root)
	if err != nil {
		t.Fatal(err)
	}
	if got := w.Records(); len(got) != 1 || string(got[0]) != "one" {
		t.Errorf("records %q, want the one that was appended", got)
	}
	if _, err := w.Stored("a", sum); err != nil {
		t.Error(err)
	}
	commit(t, w)
}

// TestStoredWhileWritesFail: tensors are read back while another goroutine finds that a write failed. The
// race detector looks at it.
func TestStoredWhileWritesFail(t *testing.T) {
	root := layOutTarget(t)
	sum := begun(t, root, "one")
	w, err := resume(t, root)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = w.fail(errors.New("disk full"))
	}()
	_, _ = w.Stored("a", sum) // either comes first
	<-done
	if _, err := w.Stored("a", sum); err == nil || err.Error() != "disk full" {
		t.Errorf("after the failure: error %v", err)
	}
}
