package inputfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// wrapped is a file system of the user's own over another one.
type wrapped struct{ fs.StatFS }

func TestRead(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "f"), []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	inMemory := fstest.MapFS{"f": {Data: []byte("text")}}
	for name, fsys := range map[string]fs.FS{"folder": os.DirFS(dir), "of the user": wrapped{os.DirFS(dir).(fs.StatFS)}, "in memory": inMemory} {
		for limit, want := range map[int64]string{100: "", 4: "", 3: "read f: has 4 bytes, want at most 3"} {
			b, err := Read(fsys, "f", limit)
			if want == "" && (err != nil || string(b) != "text") || want != "" && (err == nil || err.Error() != want) {
				t.Errorf("%s, at most %d bytes: %q, %v; want error %q", name, limit, b, err, want)
			}
		}
		if f, err := Open(fsys, "../f"); err == nil || f != nil {
			t.Errorf("%s: a name that leaves the file system was opened", name)
		}
		if f, err := Open(fsys, "g"); !errors.Is(err, fs.ErrNotExist) || f != nil || !strings.HasPrefix(err.Error(), "open g: ") {
			t.Errorf("%s: a missing file gives %v", name, err)
		}
	}
	if b, err := ReadPath(filepath.Join(dir, "f"), 4); err != nil || string(b) != "text" {
		t.Errorf("%q, %v", b, err)
	}
}

// TestOverlay opens what a file system of the user's own puts in the place of a file.
func TestOverlay(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "f"), []byte("below"), 0o600); err != nil {
		t.Fatal(err)
	}
	if b, err := Read(overlay{os.DirFS(dir)}, "f", 10); err != nil || string(b) != "above" {
		t.Errorf("%q, %v, want what the file system gives", b, err)
	}
}

type overlay struct{ fs.FS }

func (o overlay) Open(name string) (fs.File, error) {
	if name == "f" {
		return fstest.MapFS{"f": {Data: []byte("above")}}.Open("f")
	}
	return o.FS.Open(name)
}

func TestKinds(t *testing.T) {
	dir := t.TempDir()
	for mode, want := range map[fs.FileMode]string{
		fs.ModeDir | 0o700:                "open f: is a folder, want a regular file",
		fs.ModeNamedPipe:                  "open f: is a named pipe (FIFO), want a regular file",
		fs.ModeSocket:                     "open f: is a socket, want a regular file",
		fs.ModeDevice:                     "open f: is a device, want a regular file",
		fs.ModeDevice | fs.ModeCharDevice: "open f: is a device, want a regular file",
		fs.ModeIrregular:                  "open f: is something else, want a regular file",
	} {
		if _, err := Read(fstest.MapFS{"f": {Mode: mode}}, "f", 10); err == nil || err.Error() != want {
			t.Errorf("%v: %v, want %s", mode, err, want)
		}
	}
	if _, err := ReadPath(dir, 10); err == nil || err.Error() != "open "+dir+": is a folder, want a regular file" {
		t.Errorf("a folder gives %v", err)
	}
}
