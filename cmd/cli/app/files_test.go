package app

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

func writeFileT(t testing.TB, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// copyModel copies a model of the golden set to a folder that a test may spoil.
func copyModel(t testing.TB, name string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "model")
	if err := os.CopyFS(dir, os.DirFS(golden.Path("models/"+name))); err != nil {
		t.Fatal(err)
	}
	return dir
}

// treeHash lists every file below dir with the hash of its content.
func treeHash(t testing.TB, dir string) string {
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

// stEntry is a tensor in a safetensors header.
type stEntry struct {
	DType   string   `json:"dtype"`
	Shape   []int    `json:"shape"`
	Offsets [2]int64 `json:"data_offsets"`
}

// stFile is a safetensors file taken apart, for tests that put it together wrongly.
type stFile struct {
	header map[string]stEntry
	data   []byte
}

func readST(t testing.TB, path string) *stFile {
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
	f := &stFile{header: map[string]stEntry{}, data: b[8+n:]}
	for name, text := range raw {
		if name == "__metadata__" {
			continue
		}
		var e stEntry
		if err := json.Unmarshal(text, &e); err != nil {
			t.Fatal(err)
		}
		f.header[name] = e
	}
	return f
}

func (f *stFile) write(t testing.TB, path string) {
	t.Helper()
	h, err := json.Marshal(f.header)
	if err != nil {
		t.Fatal(err)
	}
	for len(h)%8 != 0 {
		h = append(h, ' ')
	}
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(h)))
	b = append(append(b, h...), f.data...)
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// remove takes a tensor out, header and bytes.
func (f *stFile) remove(name string) {
	gone := f.header[name].Offsets
	size := gone[1] - gone[0]
	delete(f.header, name)
	f.data = slices.Concat(f.data[:gone[0]], f.data[gone[1]:])
	for other, e := range f.header {
		if e.Offsets[0] >= gone[1] {
			e.Offsets[0] -= size
			e.Offsets[1] -= size
			f.header[other] = e
		}
	}
}

// edit changes the header entry of a tensor.
func (f *stFile) edit(name string, change func(*stEntry)) {
	e := f.header[name]
	change(&e)
	f.header[name] = e
}

// add appends a float32 tensor of zeros.
func (f *stFile) add(name string, n int) {
	at := int64(len(f.data))
	f.header[name] = stEntry{DType: "F32", Shape: []int{n}, Offsets: [2]int64{at, at + int64(4*n)}}
	f.data = append(f.data, make([]byte, 4*n)...)
}

// set32 overwrites element i of a float32 tensor.
func (f *stFile) set32(name string, i int, bits uint32) {
	binary.LittleEndian.PutUint32(f.data[f.header[name].Offsets[0]+int64(4*i):], bits)
}

// torchFile wraps a pickle as torch.save does.
func torchFile(t testing.TB, path, pickle string) {
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
