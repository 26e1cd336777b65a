package clitest

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/adagp/adagp/internal/golden"
)

// STFileName is the file of the weights in the model folders of tests.
const STFileName = "model.safetensors"

// Flip changes one bit of a file in place, so many bytes before its end, and leaves its size and times as
// they are.
func Flip(t *testing.T, path string, beforeEnd int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	var b [1]byte
	if _, err := f.ReadAt(b[:], info.Size()-beforeEnd); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 1
	if _, err := f.WriteAt(b[:], info.Size()-beforeEnd); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
}

// WriteFile writes a file and returns its path.
func WriteFile(t testing.TB, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// CopyModel copies a model of the golden set to a folder that a test may spoil.
func CopyModel(t testing.TB, name string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "model")
	if err := os.CopyFS(dir, os.DirFS(golden.Path("models/"+name))); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TreeHash lists every file below dir with the hash of its content.
func TreeHash(t testing.TB, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			fmt.Fprintf(&b, "%s\n", path)
			return err
		}
		content, err := os.ReadFile(path)
		fmt.Fprintf(&b, "%s %x\n", path, sha256.Sum256(content))
		return err
	})
	if err != nil {
		fmt.Fprintf(&b, "%v\n", err)
	}
	return b.String()
}

// STEntry is a tensor in a safetensors header.
type STEntry struct {
	DType   string   `json:"dtype"`
	Shape   []int    `json:"shape"`
	Offsets [2]int64 `json:"data_offsets"`
}

// STFile is a safetensors file taken apart, for tests that put it together wrongly.
type STFile struct {
	Header map[string]STEntry
	Data   []byte
}

// ReadST reads a safetensors file.
func ReadST(t testing.TB, path string) *STFile {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n := binary.LittleEndian.Uint64(b)
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(b[8:8+n], &raw); err != nil {
		t.Fatal(err)
	}
	f := &STFile{Header: map[string]STEntry{}, Data: b[8+n:]}
	for name, text := range raw {
		if name == "__metadata__" {
			continue
		}
		var e STEntry
		if err := json.Unmarshal(text, &e); err != nil {
			t.Fatal(err)
		}
		f.Header[name] = e
	}
	return f
}

// Write stores the file.
func (f *STFile) Write(t testing.TB, path string) {
	t.Helper()
	h, err := json.Marshal(f.Header)
	if err != nil {
		t.Fatal(err)
	}
	for len(h)%8 != 0 {
		h = append(h, ' ')
	}
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(h)))
	b = append(append(b, h...), f.Data...)
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// Remove takes a tensor out, header and bytes.
func (f *STFile) Remove(name string) {
	gone := f.Header[name].Offsets
	size := gone[1] - gone[0]
	delete(f.Header, name)
	f.Data = slices.Concat(f.Data[:gone[0]], f.Data[gone[1]:])
	for other, e := range f.Header {
		if e.Offsets[0] >= gone[1] {
			e.Offsets[0] -= size
			e.Offsets[1] -= size
			f.Header[other] = e
		}
	}
}

// Edit changes the header entry of a tensor.
func (f *STFile) Edit(name string, change func(*STEntry)) {
	e := f.Header[name]
	change(&e)
	f.Header[name] = e
}

// Add appends a float32 tensor of zeros.
func (f *STFile) Add(name string, n int) {
	at := int64(len(f.Data))
	f.Header[name] = STEntry{DType: "F32", Shape: []int{n}, Offsets: [2]int64{at, at + int64(4*n)}}
	f.Data = append(f.Data, make([]byte, 4*n)...)
}

// Set32 overwrites element i of a float32 tensor.
func (f *STFile) Set32(name string, i int, bits uint32) {
	binary.LittleEndian.PutUint32(f.Data[f.Header[name].Offsets[0]+int64(4*i):], bits)
}

// TorchFile wraps a pickle as torch.save does.
func TorchFile(t testing.TB, path, pickle string) {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, content := range map[string]string{"archive/data.pkl": pickle, "archive/version": "3\n"} {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Link makes a symbolic link, or skips the test where the system has none for us.
func Link(t testing.TB, to, path string) string {
	t.Helper()
	if err := os.Symlink(to, path); err != nil {
		t.Skipf("no symbolic links: %v", err)
	}
	return path
}
