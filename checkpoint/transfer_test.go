package checkpoint

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"
)

// soon is within what an interrupt may take; what is slow here takes longer.
const soon, slow = time.Second, 5 * time.Second

// slowFS has a file beside the weights that takes its time to be read.
type slowFS struct {
	fs.FS
	reading chan struct{} // closed when it is being read
}

type slowFile struct {
	fs.File
	reading chan struct{}
	began   time.Time
}

func (s slowFS) Open(name string) (fs.File, error) {
	f, err := s.FS.Open(name)
	if err == nil && name == "neighbour" {
		f = &slowFile{File: f, reading: s.reading}
	}
	return f, err
}

func (s *slowFile) Read(p []byte) (int, error) {
	if s.began.IsZero() {
		s.began = time.Now()
		close(s.reading)
	}
	if time.Since(s.began) > slow {
		return 0, io.EOF
	}
	time.Sleep(time.Millisecond)
	return min(len(p), 100), nil
}

// endsSoon calls Commit, and Abort as soon as Commit is where it takes long.
func endsSoon(t *testing.T, w *Writer, there chan struct{}) {
	t.Helper()
	committed := make(chan error)
	go func() { committed <- w.Commit() }()
	<-there
	start := time.Now()
	if err := w.Abort(); err != nil {
		t.Error(err)
	}
	if d := time.Since(start); d > soon {
		t.Errorf("giving up took %v", d)
	}
	if err := <-committed; !errors.Is(err, errStopped) {
		t.Errorf("commit: error %v, want that it was stopped", err)
	}
}

// TestStopWhileCopying gives up while a large file beside the weights is copied.
func TestStopWhileCopying(t *testing.T) {
	fsys := slowFS{fstest.MapFS{"model.safetensors": st("x", "y"), "neighbour": {}}, make(chan struct{})}
	src, err := Open(fsys)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	root := t.TempDir()
	w, err := NewWriter(filepath.Join(root, "out"), src, fsys, WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	endsSoon(t, w, fsys.reading)
	if left := names(t, root); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestStopWhileSyncing gives up while the disk does not answer.
func TestStopWhileSyncing(t *testing.T) {
	root := layOutTarget(t)
	in := filepath.Join(root, "in")
	w, err := NewWriter(filepath.Join(root, "out"), openFolder(t, in), os.DirFS(in), WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	syncing := make(chan struct{})
	var calls atomic.Int64
	replaceSync(t, func(f *os.File) error {
		if calls.Add(1) == 1 {
			close(syncing)
		}
		time.Sleep(slow)
		return nil
	})
	endsSoon(t, w, syncing)
	if left := names(t, root); !slices.Equal(left, []string{"in"}) {
		t.Errorf("left behind: %v", left)
	}
}

// replaceSync makes f force files to disk for the rest of a test.
func replaceSync(t *testing.T, f func(*os.File) error) {
	old := syncFile
	syncFile = f
	t.Cleanup(func() { syncFile = old })
}

// TestSyncInPieces: nothing that is written waits for the end to be forced to disk.
func TestSyncInPieces(t *testing.T) {
	fsys := fstest.MapFS{"model.safetensors": st("x", "y"), "notes": {Data: make([]byte, syncEach+piece)}}
	src, err := Open(fsys)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	var sizes []int64
	replaceSync(t, func(f *os.File) error {
		info, err := f.Stat()
		sizes = append(sizes, info.Size())
		return err
	})
	w, err := NewWriter(filepath.Join(t.TempDir(), "out"), src, fsys, WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	commit(t, w)
	if !slices.Contains(sizes, syncEach) || !slices.Contains(sizes, syncEach+piece) {
		t.Errorf("forced to disk at sizes %v, want %d and %d", sizes, syncEach, syncEach+piece)
	}
}
