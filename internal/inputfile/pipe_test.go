//go:build linux || darwin

package inputfile

import (
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// soon fails the test when f takes longer than anything that does not wait.
func soon(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatalf("%s waits for ever", what)
	}
}

func fifo(t *testing.T, path string) {
	t.Helper()
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestPipe meets a real pipe that nobody writes to, by its name and through a link.
func TestPipe(t *testing.T) {
	dir := t.TempDir()
	fifo(t, filepath.Join(dir, "pipe"))
	if err := os.Symlink("pipe", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"pipe", "link"} {
		for what, fsys := range map[string]fs.FS{"folder": os.DirFS(dir), "of the user": wrapped{os.DirFS(dir).(fs.StatFS)}} {
			soon(t, name+" of "+what, func() {
				if _, err := Read(fsys, name, 100); err == nil || err.Error() != "open "+name+": is a named pipe (FIFO), want a regular file" {
					t.Errorf("%s of %s: %v", name, what, err)
				}
			})
		}
	}
}

// TestPipeMeanwhile puts a pipe in the place of a file between looking and opening.
func TestPipeMeanwhile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	looked := 0
	soon(t, "the pipe", func() {
		_, err := open(path, path, func(name string, mode fs.FileMode) error {
			if looked++; looked == 1 {
				if err := os.Remove(path); err != nil {
					t.Error(err)
				}
				if err := syscall.Mkfifo(path, 0o600); err != nil {
					t.Error(err)
				}
			}
			return regular(name, mode)
		})
		if err == nil || !strings.Contains(err.Error(), "named pipe") || looked != 2 {
			t.Errorf("looked %d times, %v", looked, err)
		}
	})
}

// TestTextFromPipe reads a text from a pipe that has a writer, and from one that has none.
func TestTextFromPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	fifo(t, path)
	read := func() string {
		f, err := OpenText(path)
		if err != nil {
			t.Error(err)
			return ""
		}
		defer f.Close()
		b, err := io.ReadAll(f)
		if err != nil {
			t.Error(err)
		}
		return string(b)
	}
	soon(t, "a pipe without a writer", func() {
		if s := read(); s != "" {
			t.Errorf("read %q out of nothing", s)
		}
	})
	w, err := os.OpenFile(path, os.O_RDWR, 0) // both ends: opening does not wait for the other
	if err != nil {
		t.Fatal(err)
	}
	soon(t, "a pipe with a writer", func() {
		go func() {
			time.Sleep(10 * time.Millisecond) // the reader waits for what is not written yet
			_, _ = w.WriteString("text")
			_ = w.Close()
		}()
		if s := read(); s != "text" {
			t.Errorf("read %q, want what was written", s)
		}
	})
}

// TestSocketAndDevice meets the other things that may have the name of a file.
func TestSocketAndDevice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	if l, err := net.Listen("unix", path); err == nil { // the path may be too long for the system
		defer l.Close()
		if _, err := ReadPath(path, 10); err == nil || !strings.Contains(err.Error(), "is a socket") {
			t.Errorf("a socket gives %v", err)
		}
		if _, err := OpenText(path); err == nil || !strings.Contains(err.Error(), "is a socket") {
			t.Errorf("a socket gives %v", err)
		}
	}
	if _, err := ReadPath("/dev/zero", 10); err == nil || !strings.Contains(err.Error(), "is a device") {
		t.Errorf("a device gives %v", err)
	}
}
