package checkpoint

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/tensor"
)

// modelFolders lists the model folders of the repository's test data.
func modelFolders(t testing.TB) []string {
	t.Helper()
	dirs, err := filepath.Glob(golden.Path("models/*"))
	if err != nil || len(dirs) < 9 {
		t.Fatalf("found %d model folders (%v), want 9", len(dirs), err)
	}
	return dirs
}

// openFolder opens a model folder for the duration of the test.
func openFolder(t testing.TB, dir string) *Reader {
	t.Helper()
	r, err := Open(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// raw reads the stored bytes of a tensor.
func raw(t testing.TB, r *Reader, name string) []byte {
	t.Helper()
	b, err := r.Raw(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// st is a safetensors file with one-byte tensors of the given names; each holds its own number.
func st(names ...string) *fstest.MapFile {
	var header, data strings.Builder
	for i, name := range names {
		if i > 0 {
			header.WriteByte(',')
		}
		header.WriteString(`"` + name + `":{"dtype":"U8","shape":[1],"data_offsets":[` + string(rune('0'+i)) + `,` + string(rune('1'+i)) + `]}`)
		data.WriteByte(byte(i))
	}
	text := "{" + header.String() + "}"
	return &fstest.MapFile{Data: append(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text+data.String()...)}
}

func index(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

// TestInfo checks the headers of a sharded and of a PyTorch model against the numbers themselves.
func TestInfo(t *testing.T) {
	for _, dir := range modelFolders(t) {
		r := openFolder(t, dir)
		names := r.Names()
		if len(names) < 10 || !slices.IsSorted(names) {
			t.Errorf("%s: %d names, sorted %v", dir, len(names), slices.IsSorted(names))
		}
		for _, name := range names {
			info, ok := r.Info(name)
			b := raw(t, r, name)
			if !ok || info.Name != name || info.Bytes != int64(len(b)) || !slices.Contains(r.Files(), info.File) {
				t.Errorf("%s: got %v, %v for %d bytes", dir, info, ok, len(b))
			}
			v, err := r.Read(name)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(v.Shape(), info.Shape) {
				t.Errorf("%s: %s has shape %v, want %v", dir, name, v.Shape(), info.Shape)
			}
			want := make([]float32, v.Len())
			if err := tensor.Decode(want, b, info.DType); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(v.Data(), want) {
				t.Errorf("%s: %s: Read and Raw differ", dir, name)
			}
		}
	}
	r := openFolder(t, golden.Path("models/rand-llama3"))
	want := []string{"model.safetensors.index.json", "model-00001-of-00003.safetensors", "model-00002-of-00003.safetensors", "model-00003-of-00003.safetensors"}
	if got := r.Files(); !slices.Equal(got, want) {
		t.Errorf("files %v, want %v", got, want)
	}
	if info, ok := r.Info("absent"); ok {
		t.Errorf("absent tensor: got %v", info)
	}
	for _, read := range []func() error{
		func() error { _, err := r.Read("absent"); return err },
		func() error { _, err := r.Raw("absent"); return err },
	} {
		if err := read(); err == nil || err.Error() != `no tensor "absent" in model.safetensors.index.json` {
			t.Errorf("absent tensor: got error %v", err)
		}
	}
}

// TestTwins compares the formats: a .bin folder must give what its safetensors twin gives.
func TestTwins(t *testing.T) {
	same := func(t *testing.T, bin, twin *Reader) {
		for _, name := range twin.Names() {
			a, _ := bin.Info(name)
			b, _ := twin.Info(name)
			if a.DType != b.DType || !slices.Equal(a.Shape, b.Shape) || !bytes.Equal(raw(t, bin, name), raw(t, twin, name)) {
				t.Errorf("%s: %v in one, %v in the other, or other bytes", name, a, b)
			}
		}
	}
	t.Run("stories260k", func(t *testing.T) {
		same(t, openFolder(t, golden.Path("models/stories260k-bin")), openFolder(t, golden.Path("models/stories260k")))
	})
	t.Run("opt-mini", func(t *testing.T) {
		bin := openFolder(t, golden.Shared(t, "models/opt-mini-bin"))
		same(t, bin, openFolder(t, golden.Shared(t, "models/opt-mini")))
		if !bytes.Equal(raw(t, bin, "lm_head.weight"), raw(t, bin, "model.decoder.embed_tokens.weight")) {
			t.Error("the tied head differs from the embedding")
		}
	})
}

// TestLayoutOrder opens folders that hold weights in several forms.
func TestLayoutOrder(t *testing.T) {
	pickle, err := os.ReadFile(golden.Path("models/stories260k-bin/pytorch_model.bin"))
	if err != nil {
		t.Fatal(err)
	}
	bin := &fstest.MapFile{Data: pickle}
	folder := fstest.MapFS{
		"model.safetensors":            st("single"),
		"model.safetensors.index.json": index(`{"weight_map":{"a":"s.safetensors"}}`),
		"s.safetensors":                st("a"),
		"pytorch_model.bin":            bin,
		"pytorch_model.bin.index.json": index(`{"weight_map":{"lm_head.weight":"s.bin"}}`),
		"s.bin":                        st("b"),
	}
	for _, want := range []string{"model.safetensors", "model.safetensors.index.json", "pytorch_model.bin"} {
		r, err := Open(folder)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Files()[0]; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		delete(folder, want)
	}
	if _, err := Open(folder); err == nil || !strings.HasPrefix(err.Error(), "s.bin: file of ") {
		t.Errorf("safetensors content in a .bin: got error %v", err)
	}
	delete(folder, "pytorch_model.bin.index.json")
	_, err = Open(folder)
	const want = "no weights found: looked for model.safetensors, model.safetensors.index.json, pytorch_model.bin, pytorch_model.bin.index.json: file does not exist"
	if err == nil || err.Error() != want || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no weights: got error %v, want %s", err, want)
	}
	if _, err := Open(os.DirFS(filepath.Join(t.TempDir(), "absent"))); !errors.Is(err, fs.ErrNotExist) || strings.Contains(err.Error(), "looked for") {
		t.Errorf("no folder: got error %v", err)
	}
	if _, err := Open(fstest.MapFS{"model.safetensors/x": {}}); err == nil || err.Error() != "open model.safetensors: is a folder, want a regular file" {
		t.Errorf("folder in place of the file: got error %v", err)
	}
}

func TestBadIndex(t *testing.T) {
	const (
		stName  = "model.safetensors.index.json"
		binName = "pytorch_model.bin.index.json"
	)
	folder := func(text string) fstest.MapFS {
		return fstest.MapFS{stName: index(text), "a.safetensors": st("x", "y"), "b.safetensors": st("z")}
	}
	weights := func(pairs string) fstest.MapFS { return folder(`{"weight_map":{` + pairs + `}}`) }
	const good = `"x":"a.safetensors","y":"a.safetensors"`
	twice := weights(good + `,"z":"b.safetensors"`)
	twice["b.safetensors"] = st("z", "x")
	damaged := weights(good)
	damaged["a.safetensors"] = &fstest.MapFile{Data: damaged["a.safetensors"].Data[:50]}
	for _, c := range []struct {
		name string
		fsys fstest.MapFS
		want string
	}{
		{"empty", folder(""), stName + ": index is not valid JSON: unexpected EOF"},
		{"no JSON", folder("x"), stName + ": index is not valid JSON: invalid character 'x' looking for beginning of value"},
		{"array", folder("[]"), stName + ": index is not a JSON object (at byte 1)"},
		{"unfinished", folder(`{"weight_map":{"x"`), stName + `: index is not valid JSON: unexpected EOF (at byte 18)`},
		{"not UTF-8", folder("{\"\xff\":1}"), stName + ": index is not UTF-8"},
		{"text behind", folder(`{"weight_map":{}}x`), stName + `: index has text after its closing brace (at byte 17)`},
		{"no weight_map", folder(`{"metadata":{"weight_map":{}}}`), stName + ": weight_map is missing or empty (at byte 30)"},
		{"empty weight_map", weights(""), stName + ": weight_map is missing or empty (at byte 17)"},
		{"weight_map twice", folder(`{"weight_map":{` + good + `},"weight_map":{}}`), stName + ": weight_map appears twice (at byte 68)"},
		{"weight_map is an array", folder(`{"weight_map":["x"]}`), stName + ": weight_map is not a JSON object (at byte 15)"},
		{"shard is a number", weights(`"x":1`), stName + `: tensor "x": shard in weight_map is not a string (at byte 20)`},
		{"name twice", weights(good + `,"x":"a.safetensors"`), stName + `: tensor "x": name appears twice in weight_map (at byte 58)`},
		{"shard outside", weights(`"x":"../a.safetensors"`), stName + `: tensor "x": shard "../a.safetensors" in weight_map is not the name of a file in the folder (at byte 37)`},
		{"shard in a subfolder", weights(`"x":"s/a.safetensors"`), stName + `: tensor "x": shard "s/a.safetensors" in weight_map is not the name of a file in the folder (at byte 36)`},
		{"absolute shard", weights(`"x":"/a.safetensors"`), stName + `: tensor "x": shard "/a.safetensors" in weight_map is not the name of a file in the folder (at byte 35)`},
		{"shard outside, Windows", weights(`"x":"..\\a.safetensors"`), stName + `: tensor "x": shard "..\\a.safetensors" in weight_map is not the name of a file in the folder (at byte 38)`},
		{"shard on a drive", weights(`"x":"C:a.safetensors"`), stName + `: tensor "x": shard "C:a.safetensors" in weight_map is not the name of a file in the folder (at byte 36)`},
		{"shard is the parent", weights(`"x":".."`), stName + `: tensor "x": shard ".." in weight_map is not the name of a file in the folder (at byte 23)`},
		{"shard without a name", weights(`"x":""`), stName + `: tensor "x": shard "" in weight_map is not the name of a file in the folder (at byte 21)`},
		{"shard of another kind", weights(`"x":"a.bin"`), stName + `: tensor "x": shard "a.bin" in weight_map does not end in .safetensors (at byte 26)`},
		{"shard missing", weights(good + `,"z":"c.safetensors"`), stName + `: shard "c.safetensors" in weight_map does not exist: open c.safetensors: file does not exist`},
		{"shard damaged", damaged, `a.safetensors: header length 105 exceeds the 42 bytes that follow it`},
		{"tensor missing", weights(good + `,"w":"a.safetensors"`), stName + `: tensor "w": is not in a.safetensors, where weight_map says it is`},
		{"tensor not listed", weights(`"x":"a.safetensors"`), stName + `: tensor "y": is in a.safetensors but not in weight_map`},
		{"tensor elsewhere", weights(`"x":"a.safetensors","y":"b.safetensors","z":"b.safetensors"`), stName + `: tensor "y": is in a.safetensors, weight_map says b.safetensors`},
		{"tensor in two shards", twice, stName + `: tensor "x": is in b.safetensors, weight_map says a.safetensors`},
		{"PyTorch shard of another kind", fstest.MapFS{binName: index(`{"weight_map":{"x":"a.safetensors"}}`)}, binName + `: tensor "x": shard "a.safetensors" in weight_map does not end in .bin (at byte 34)`},
		{"PyTorch shard missing", fstest.MapFS{binName: index(`{"weight_map":{"x":"a.bin"}}`)}, binName + `: shard "a.bin" in weight_map does not exist: open a.bin: file does not exist`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Open(c.fsys)
			if err == nil || err.Error() != c.want {
				t.Fatalf("got error %v\nwant      %s", err, c.want)
			}
			var format *FormatError
			if !errors.As(err, &format) {
				t.Errorf("error is a %T, want a FormatError", err)
			}
		})
	}
	// The limit is checked before the file is read, so a file of holes does.
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, stName), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(dir, stName), maxIndex+1); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(os.DirFS(dir)); err == nil || err.Error() != "read "+stName+": has 100000001 bytes, want at most 100000000" {
		t.Errorf("huge index: got error %v", err)
	}
}

// TestConcurrentReads reads tensors from several goroutines at once, for the race detector.
func TestConcurrentReads(t *testing.T) {
	for _, dir := range []string{"models/rand-llama3", "models/rand-llama-legacy-bin"} {
		r := openFolder(t, golden.Path(dir))
		done := make(chan error)
		for range 4 {
			go func() {
				var errs []error
				for _, name := range r.Names() {
					_, err := r.Read(name)
					errs = append(errs, err)
				}
				done <- errors.Join(errs...)
			}()
		}
		for range 4 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	}
}
