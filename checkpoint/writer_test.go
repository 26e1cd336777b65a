package checkpoint

import (
	"bytes"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/adagp/adagp/checkpoint/safetensors"
	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/tensor"
)

// newWriter starts an output beside nothing else.
func newWriter(t testing.TB, dir, out string, o WriterOptions) (*Writer, *Reader) {
	t.Helper()
	src := openFolder(t, dir)
	w, err := NewWriter(out, src, os.DirFS(dir), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Abort(); err != nil {
			t.Error(err)
		}
	})
	return w, src
}

// putAll writes back the tensors chosen, unchanged.
func putAll(t testing.TB, w *Writer, src *Reader, choose func(i int) bool) {
	t.Helper()
	for i, name := range src.Names() {
		if info, _ := src.Info(name); !choose(i) || !floating(info.DType) {
			continue
		}
		v, err := src.Read(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Put(name, v); err != nil {
			t.Fatal(err)
		}
	}
}

func commit(t testing.TB, w *Writer) {
	t.Helper()
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
}

// folder reads all files below dir, by path relative to it.
func folder(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(filepath.Join(dir, path))
		files[path] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// names lists the entries of a folder.
func names(t testing.TB, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range list {
		out = append(out, e.Name())
	}
	return out
}

// model makes a small folder: two float tensors, an integer one, other files, a subfolder.
func model(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "in")
	for _, d := range []string{dir, filepath.Join(dir, "sub")} {
		if err := os.Mkdir(d, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := safetensors.WriteFile(filepath.Join(dir, "model.safetensors"), []safetensors.Entry{
		{Name: "a", DType: tensor.F16, Value: tensor.FromSlice([]float32{1, 2, 3, 4}, 2, 2)},
		{Name: "b", DType: tensor.F32, Value: tensor.FromSlice([]float32{5, 6, 1e30}, 3)},
		{Name: "ids", DType: tensor.I64, Value: tensor.FromSlice([]float32{7}, 1)},
	}, map[string]string{"format": "pt"}); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"config.json": "{}", "tokenizer.json": "tok", "training_args.bin": "args", "sub/file": "x",
		"pytorch_model.bin": "old", "tf_model.h5": "old", "model-old.safetensors": "old", "flax_model.msgpack": "old",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestRoundTrip writes every model of the test data three ways: all tensors put back, none, and
// every other. Safetensors folders must come out byte for byte, PyTorch ones with the same tensors
// in safetensors files, which in turn come out byte for byte.
func TestRoundTrip(t *testing.T) {
	for _, dir := range modelFolders(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			tmp := t.TempDir()
			var first map[string]string
			for i, choose := range []func(int) bool{
				func(int) bool { return true },
				func(int) bool { return false },
				func(i int) bool { return i%2 == 0 },
			} {
				out := filepath.Join(tmp, string(rune('a'+i)))
				w, src := newWriter(t, dir, out, WriterOptions{})
				putAll(t, w, src, choose)
				commit(t, w)
				got := folder(t, out)
				if first == nil {
					first = got
				} else {
					compareFolders(t, got, first)
				}
			}
			if strings.HasSuffix(dir, "-bin") {
				compareTensors(t, openFolder(t, filepath.Join(tmp, "a")), openFolder(t, dir))
				again := filepath.Join(tmp, "again")
				w, src := newWriter(t, filepath.Join(tmp, "a"), again, WriterOptions{})
				putAll(t, w, src, func(i int) bool { return i%3 == 0 })
				commit(t, w)
				compareFolders(t, folder(t, again), first)
			} else {
				compareFolders(t, first, folder(t, dir))
			}
			if list := names(t, tmp); slices.ContainsFunc(list, func(s string) bool { return strings.Contains(s, "partial") }) {
				t.Errorf("left behind: %v", list)
			}
		})
	}
}

func compareFolders(t *testing.T, got, want map[string]string) {
	t.Helper()
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s: %d bytes differ from the %d wanted", name, len(got[name]), len(want[name]))
		}
	}
	if len(got) != len(want) {
		t.Errorf("got %d files, want %d", len(got), len(want))
	}
}

func compareTensors(t *testing.T, got, want *Reader) {
	t.Helper()
	if !slices.Equal(got.Names(), want.Names()) {
		t.Fatalf("got tensors %v, want %v", got.Names(), want.Names())
	}
	for _, name := range want.Names() {
		g, _ := got.Info(name)
		w, _ := want.Info(name)
		if g.DType != w.DType || !slices.Equal(g.Shape, w.Shape) || !bytes.Equal(raw(t, got, name), raw(t, want, name)) {
			t.Errorf("%s: got %v, want %v, or other bytes", name, g, w)
		}
	}
}

// TestPyTorchBecomesSafetensors checks names, index and metadata of a converted sharded model.
func TestPyTorchBecomesSafetensors(t *testing.T) {
	dir := golden.Path("models/rand-opt-noprefix-bin")
	out := filepath.Join(t.TempDir(), "out")
	w, src := newWriter(t, dir, out, WriterOptions{})
	commit(t, w)
	want := []string{"config.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json"}
	if got := names(t, out); !slices.Equal(got, want) {
		t.Errorf("files %v, want %v", got, want)
	}
	var index struct {
		Metadata  map[string]any
		WeightMap map[string]string `json:"weight_map"`
	}
	golden.JSON(t, filepath.Join(out, "model.safetensors.index.json"), &index)
	var total int64
	for _, name := range src.Names() {
		info, _ := src.Info(name)
		total += info.Bytes
		if want := strings.NewReplacer("pytorch_", "", ".bin", ".safetensors").Replace(info.File); index.WeightMap[name] != want {
			t.Errorf("%s is mapped to %s, want %s", name, index.WeightMap[name], want)
		}
	}
	if index.Metadata["total_size"] != float64(total) {
		t.Errorf("metadata %v, want total_size %d", index.Metadata, total)
	}
	f, err := safetensors.Open(os.DirFS(out), want[1])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got := f.Metadata()["format"]; got != "pt" {
		t.Errorf("format %q, want pt", got)
	}
}

// TestOtherFiles checks what is copied along and what is not.
func TestOtherFiles(t *testing.T) {
	dir := model(t)
	want := folder(t, dir)
	if err := os.Symlink(filepath.Join(dir, "config.json"), filepath.Join(dir, "link.json")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, "broken.json")); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out")
	w, _ := newWriter(t, dir, out, WriterOptions{})
	for name, want := range map[string]string{
		"../x":              `put file: "../x" is not a plain file name`,
		"":                  `put file: "" is not a plain file name`,
		"model.safetensors": `put file: the output already has model.safetensors`,
	} {
		if err := w.PutFile(name, nil); err == nil || err.Error() != want {
			t.Errorf("%s: got error %v, want %s", name, err, want)
		}
	}
	if err := w.PutFile("tokenizer.json", []byte("new")); err != nil {
		t.Fatal(err)
	}
	if err := w.PutFile("tokenizer.json", nil); err == nil || err.Error() != "put file: the output already has tokenizer.json" {
		t.Errorf("same file twice: got error %v", err)
	}
	if err := w.PutFile("pruning.json", []byte("report")); err != nil {
		t.Fatal(err)
	}
	commit(t, w)
	for _, name := range []string{"sub/file", "pytorch_model.bin", "tf_model.h5", "model-old.safetensors", "flax_model.msgpack"} {
		delete(want, name)
	}
	want["tokenizer.json"], want["pruning.json"], want["link.json"] = "new", "report", "{}"
	compareFolders(t, folder(t, out), want)
	if info, err := os.Lstat(filepath.Join(out, "link.json")); err != nil || !info.Mode().IsRegular() {
		t.Errorf("the link was not copied as a file: %v, %v", info, err)
	}
}

// TestPutErrors calls the writer wrongly, or with numbers that must not be written.
func TestPutErrors(t *testing.T) {
	inf, nan := float32(math.Inf(-1)), float32(math.NaN())
	four := func(v ...float32) *tensor.Tensor { return tensor.FromSlice(v, 2, 2) }
	for _, c := range []struct {
		name, tensor string
		t            *tensor.Tensor
		want         string
		fatal        bool // the output is spoilt
	}{
		{"unknown", "x", tensor.New(1), `put: the model has no tensor "x"`, false},
		{"shape", "a", tensor.New(4), `put: tensor "a" has shape [4], want [2 2]`, false},
		{"integer", "ids", tensor.New(1), `put: tensor "ids" is stored as I64, only floating-point tensors can be replaced`, false},
		{"NaN", "a", four(1, nan, 3, 4), `write model.safetensors: tensor "a": value NaN at position 1 cannot be stored in F16`, true},
		{"infinity", "a", four(1, 2, inf, 4), `write model.safetensors: tensor "a": value -Inf at position 2 cannot be stored in F16`, true},
		{"too large", "a", four(1, 2, 3, 65520), `write model.safetensors: tensor "a": value 65520 at position 3 cannot be stored in F16`, true},
		{"just fits", "a", four(1, 2, 3, 65519), "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out")
			w, _ := newWriter(t, model(t), out, WriterOptions{})
			err := w.Put(c.tensor, c.t)
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
			} else if err == nil || err.Error() != c.want {
				t.Fatalf("got error %v, want %s", err, c.want)
			}
			var bad *NonFiniteError
			if errors.As(err, &bad) != c.fatal {
				t.Errorf("error is a %T", err)
			}
			err = w.Commit()
			if failed := err != nil; failed != c.fatal {
				t.Errorf("commit: got error %v", err)
			}
		})
	}
	w, _ := newWriter(t, model(t), filepath.Join(t.TempDir(), "out"), WriterOptions{})
	if err := w.Put("a", four(1, 2, 3, 4)); err != nil {
		t.Fatal(err)
	}
	if err := w.Put("a", four(1, 2, 3, 4)); err == nil || err.Error() != `put: tensor "a" was put before` {
		t.Errorf("second put: got error %v", err)
	}
	commit(t, w)
	for name, call := range map[string]func() error{
		"Put":     func() error { return w.Put("b", tensor.New(1)) },
		"PutFile": func() error { return w.PutFile("f", nil) },
		"Commit":  w.Commit,
	} {
		if err := call(); err != errDone {
			t.Errorf("%s after commit: got error %v, want %v", name, err, errDone)
		}
	}
}

// TestConcurrentPuts writes from many goroutines; the bytes do not depend on the order.
func TestConcurrentPuts(t *testing.T) {
	dir := golden.Path("models/rand-llama3")
	out := filepath.Join(t.TempDir(), "out")
	w, src := newWriter(t, dir, out, WriterOptions{})
	var all sync.WaitGroup
	for i, name := range src.Names() {
		if i%3 == 0 {
			continue
		}
		all.Go(func() {
			v, err := src.Read(name)
			if err == nil {
				err = w.Put(name, v)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	commit(t, w)
	compareFolders(t, folder(t, out), folder(t, dir))
}

// TestIndexKeepsMetadata rewrites an index with keys of its own, in an order of its own.
func TestIndexKeepsMetadata(t *testing.T) {
	b, err := encodeIndex([]byte(`{"metadata":{"total_size":1,"by":"me"},"extra":[1],"weight_map":{"z":"b","a":"b"}}`), []placed{{"a.values", "c", 1}, {"a.mask", "c", 1}, {"z", "d", 0}}, 9)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{
  "metadata": {
    "total_size": 9,
    "by": "me"
  },
  "extra": [
    1
  ],
  "weight_map": {
    "z": "d",
    "a.values": "c",
    "a.mask": "c"
  }
}
`
	if string(b) != want {
		t.Errorf("got %s\nwant %s", b, want)
	}
	if b, err := encodeIndex([]byte(`{"metadata":null,"weight_map":{}}`), nil, 9); err != nil || !strings.Contains(string(b), `"total_size": 9`) {
		t.Errorf("no metadata: got %s, %v", b, err)
	}
}
