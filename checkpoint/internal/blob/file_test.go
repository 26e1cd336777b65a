package blob

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
)

// plainFS hides io.ReaderAt of its files, as an fs.FS is free to.
type plainFS struct{ fs.FS }

type plainFile struct{ fs.File }

func (p plainFS) Open(name string) (fs.File, error) {
	f, err := p.FS.Open(name)
	return plainFile{f}, err
}

// noise is n reproducible bytes.
func noise(n int) []byte {
	rng := rand.New(rand.NewPCG(3, 4))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

// TestReadAt reads the same content through every kind of file system, in pieces of all sizes up to
// those after which pages are released.
func TestReadAt(t *testing.T) {
	content := noise(1<<20 + 12345)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "f"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	inMemory := fstest.MapFS{"f": {Data: content}}
	for name, fsys := range map[string]fs.FS{"mapped": os.DirFS(dir), "in place": inMemory, "read whole": plainFS{inMemory}} {
		t.Run(name, func(t *testing.T) {
			f, err := Open(fsys, "f")
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if f.Size() != int64(len(content)) {
				t.Fatalf("size %d, want %d", f.Size(), len(content))
			}
			if mapped := f.mapped != nil; mapped != (name == "mapped") {
				t.Errorf("mapped: %v", mapped)
			}
			for size := 1; size < 2*len(content); size = 2*size + 3 {
				for off := 0; off < len(content); off += 300_001 {
					p := make([]byte, size)
					n, err := f.ReadAt(p, int64(off))
					want := content[off:min(off+size, len(content))]
					if !bytes.Equal(p[:n], want) || (n < size) != (err == io.EOF) {
						t.Fatalf("ReadAt(%d bytes, %d): got %d, %v, want %d of the right bytes", size, off, n, err, len(want))
					}
				}
			}
			for _, off := range []int64{f.Size(), f.Size() + 5} {
				if n, err := f.ReadAt(make([]byte, 1), off); n != 0 || err != io.EOF {
					t.Errorf("ReadAt(1, %d): got %d, %v, want EOF", off, n, err)
				}
			}
			if _, err := f.ReadAt(make([]byte, 1), -1); err == nil {
				t.Error("a negative offset was accepted")
			}
		})
	}
}

// TestView takes views of the same content from every kind of file system.
func TestView(t *testing.T) {
	content := noise(10_000)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "f"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	inMemory := fstest.MapFS{"f": {Data: content}}
	for name, fsys := range map[string]fs.FS{"mapped": os.DirFS(dir), "in place": inMemory, "read whole": plainFS{inMemory}} {
		t.Run(name, func(t *testing.T) {
			f, err := Open(fsys, "f")
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range [][2]int64{{0, 10_000}, {0, 0}, {10_000, 0}, {4095, 4098}, {9_999, 1}} {
				b, err := f.View(c[0], c[1])
				if err != nil || !bytes.Equal(b, content[c[0]:c[0]+c[1]]) {
					t.Errorf("View(%d, %d): %d bytes, %v", c[0], c[1], len(b), err)
				}
			}
			for _, c := range [][2]int64{{-1, 1}, {0, -1}, {0, 10_001}, {10_001, 0}, {1 << 62, 1 << 62}} {
				if b, err := f.View(c[0], c[1]); !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("View(%d, %d): %d bytes, %v, want an unexpected end", c[0], c[1], len(b), err)
				}
			}
			if err := f.Close(); err != nil {
				t.Error(err)
			}
			if _, err := f.View(0, 1); !errors.Is(err, fs.ErrClosed) {
				t.Errorf("after Close: %v, want that it is closed", err)
			}
		})
	}
}

func TestOpenErrors(t *testing.T) {
	for _, c := range []struct {
		name string
		fsys fs.FS
		want string
	}{
		{"missing", fstest.MapFS{}, "open f: file does not exist"},
		{"folder", fstest.MapFS{"f/g": {}}, "open f: is a folder, want a regular file"},
		{"pipe", fstest.MapFS{"f": {Mode: fs.ModeNamedPipe}}, "open f: is a named pipe (FIFO), want a regular file"},
	} {
		if _, err := Open(c.fsys, "f"); err == nil || err.Error() != c.want {
			t.Errorf("%s: got error %v, want %s", c.name, err, c.want)
		}
	}
	f, err := Open(os.DirFS(t.TempDir()), "f")
	if err == nil {
		t.Errorf("got %v, want an error", f)
	}
}

func TestEmptyFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "f"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(os.DirFS(dir), "f")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if n, err := f.ReadAt(make([]byte, 1), 0); n != 0 || err != io.EOF {
		t.Errorf("got %d, %v, want EOF", n, err)
	}
}

// TestTruncatedMeanwhile cuts a file that is mapped: reading what is gone must be an error.
func TestTruncatedMeanwhile(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("what happens is up to the system")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	if err := os.WriteFile(path, noise(1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(os.DirFS(dir), "f")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := os.Truncate(path, 1000); err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 100_000)
	if _, err := f.ReadAt(p, 500_000); err == nil || err.Error() != "f: the file became shorter while it was in use" {
		t.Errorf("got error %v", err)
	}
	if n, err := f.ReadAt(p[:1000], 0); n != 1000 || err != nil {
		t.Errorf("what is left: got %d bytes, %v", n, err)
	}
}

// TestConcurrentClose closes a file under many readers: each read is whole or fails as closed.
func TestConcurrentClose(t *testing.T) {
	content := noise(1 << 16)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "f"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(os.DirFS(dir), "f")
	if err != nil {
		t.Fatal(err)
	}
	var readers sync.WaitGroup
	for range 8 {
		readers.Go(func() {
			p := make([]byte, len(content))
			for {
				_, err := f.ReadAt(p, 0)
				if errors.Is(err, fs.ErrClosed) {
					return
				}
				if err != nil || !bytes.Equal(p, content) {
					t.Errorf("read: %v", err)
					return
				}
			}
		})
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	readers.Wait()
	if err := f.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
}

func TestElements(t *testing.T) {
	for _, c := range []struct {
		shape []int
		want  int64
		ok    bool
	}{
		{nil, 1, true},
		{[]int{2, 3}, 6, true},
		{[]int{0}, 0, true},
		{[]int{5, 0, 7}, 0, true},
		{[]int{-1}, 0, false},
		{[]int{0, -1}, 0, false},
		{[]int{1 << 30, 1 << 29}, 1 << 59, true},
		{[]int{1 << 30, 1 << 30}, 0, false},
		{[]int{1 << 62, 1 << 62}, 0, false},
		{[]int{0, 1 << 62}, 0, false},
	} {
		if n, ok := Elements(c.shape); n != c.want || ok != c.ok {
			t.Errorf("Elements(%v) = %d, %v, want %d, %v", c.shape, n, ok, c.want, c.ok)
		}
	}
}

func TestFormatError(t *testing.T) {
	for _, c := range []struct {
		err  FormatError
		want string
	}{
		{FormatError{File: "f", Msg: "bad"}, "f: bad"},
		{FormatError{File: "f", Tensor: "t\n", Msg: "bad", Offset: 7}, `f: tensor "t\n": bad (at byte 7)`},
		{FormatError{File: "f", Msg: "bad", Err: io.EOF}, "f: bad: EOF"},
		{FormatError{File: "f", Err: io.EOF}, "f: EOF"},
		{FormatError{File: "f", Tensor: strings.Repeat("é", 200), Msg: "bad"}, `f: tensor "` + strings.Repeat("é", 80) + `…": bad`},
		{FormatError{File: "f", Err: errors.New(strings.Repeat("x", 2000))}, "f: " + strings.Repeat("x", 1000) + "…"},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
	if err := (&FormatError{Err: io.EOF}); !errors.Is(err, io.EOF) {
		t.Error("the cause is hidden")
	}
}

// TestCatchFault uses a view of a file that was cut. Panics of another kind, and faults elsewhere, go on.
func TestCatchFault(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("what happens is up to the system")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	if err := os.WriteFile(path, noise(1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(os.DirFS(dir), "f")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	view, err := f.View(500_000, 100_000)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 1000); err != nil {
		t.Fatal(err)
	}
	sum := func() (n int, err error) {
		defer CatchFault(&err)()
		for _, b := range view {
			n += int(b)
		}
		return n, nil
	}
	if _, err := sum(); err == nil || err.Error() != "f: the file became shorter while it was in use" {
		t.Errorf("got %v", err)
	}
	defer func() {
		if v := recover(); v != "a defect" {
			t.Errorf("the panic became %v", v)
		}
	}()
	func() {
		var err error
		defer CatchFault(&err)()
		panic("a defect")
	}()
	t.Error("the panic did not go on")
}
