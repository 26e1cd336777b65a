package checkpoint

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/adagp/adagp/tensor/packed"
)

// packedFolder is a small packed model: "a" as a bitmask, "b" 2:4, "c" dense.
func packedFolder(t testing.TB) fstest.MapFS {
	t.Helper()
	header := `{"a.mask":{"dtype":"U8","shape":[2,8],"data_offsets":[0,16]},` +
		`"a.values":{"dtype":"BF16","shape":[3],"data_offsets":[16,22]},` +
		`"a.offsets":{"dtype":"I32","shape":[3],"data_offsets":[22,34]},` +
		`"b.indices":{"dtype":"U8","shape":[1,1],"data_offsets":[34,35]},` +
		`"b.values":{"dtype":"F16","shape":[1,2],"data_offsets":[35,39]},` +
		`"c":{"dtype":"U8","shape":[1],"data_offsets":[39,40]}}`
	data := "\x05\x00\x00\x00\x00\x00\x00\x00" + "\x04\x00\x00\x00\x00\x00\x00\x00" + // columns 0, 2; 2
		"\x80\x3f\x00\x40\x40\x40" + // 1, 2, 3
		"\x00\x00\x00\x00\x02\x00\x00\x00\x03\x00\x00\x00" +
		"\x0d" + "\x00\x3c\x00\x40" + // places 1 and 3: 1, 2
		"\x07"
	return fstest.MapFS{
		"model.safetensors": {Data: []byte(string([]byte{byte(len(header)), byte(len(header) >> 8), 0, 0, 0, 0, 0, 0}) + header + data)},
		"pruning.json": {Data: []byte(`{"method":"x","packed":{"format":1,"tensors":[` +
			`{"name":"a","layout":"bitmask","dtype":"BF16","shape":[2,3]},{"name":"b","layout":"2:4","dtype":"F16","shape":[1,4]}]}}`)},
	}
}

func TestOpenPacked(t *testing.T) {
	r, err := Open(packedFolder(t))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got := strings.Join(r.Names(), " "); got != "a b c" {
		t.Fatalf("got tensors %s, want a b c", got)
	}
	for name, want := range map[string][]float32{"a": {1, 0, 2, 0, 0, 3}, "b": {0, 1, 0, 2}, "c": {7}} {
		v, err := r.Read(name)
		if err != nil {
			t.Fatal(err)
		}
		for i, x := range want {
			if v.Data()[i] != x {
				t.Errorf("%s is %v, want %v", name, v.Data(), want)
				break
			}
		}
	}
	if i, _ := r.Info("a"); i.Layout != Bitmask || i.Stored != 34 || i.Bytes != 12 {
		t.Errorf("a: got %+v", i)
	}
	for _, name := range []string{"c", "a.mask", "nothing"} {
		if m, err := r.Packed(View{Tensor: name}); err == nil {
			t.Errorf("%s: got matrix %v, want an error", name, m)
		}
	}
}

// change returns the folder with text replaced in one of its files.
func change(t testing.TB, file, old, text string) fs.FS {
	t.Helper()
	fsys := packedFolder(t)
	b := fsys[file].Data
	if !bytes.Contains(b, []byte(old)) {
		t.Fatalf("no %q in %s", old, file)
	}
	fsys[file].Data = bytes.Replace(b, []byte(old), []byte(text), 1)
	return fsys
}

func TestBadPacked(t *testing.T) {
	const p, m = "pruning.json", "model.safetensors"
	for _, c := range []struct{ name, file, old, text, want string }{
		{"no JSON", p, `{"method"`, `{method`, `pruning.json: not valid JSON: invalid character 'm'`},
		{"cut short", p, `}]}}`, `}]}`, `pruning.json: not valid JSON: unexpected EOF`},
		{"format", p, `"format":1`, `"format":2`, `pruning.json: "packed" has format 2, want 1`},
		{"not a list", p, `"tensors":[`, `"tensors":3,"x":[`, `pruning.json: "packed" is not what it should be`},
		{"twice", p, `"method":"x"`, `"packed":{"format":1}`, `pruning.json: "packed" appears twice`},
		{"layout", p, `"bitmask"`, `"csr"`, `pruning.json: tensor "a": unknown layout "csr", want bitmask or 2:4`},
		{"type", p, `"BF16"`, `"I64"`, `pruning.json: tensor "a": packed weights of type "I64", want F32, F16 or BF16`},
		{"no such type", p, `"BF16"`, `""`, `pruning.json: tensor "a": packed weights of type "", want`},
		{"rank", p, `[2,3]`, `[2,3,1]`, `pruning.json: tensor "a": packed weights of shape [2 3 1], want two positive sides`},
		{"empty", p, `[2,3]`, `[2,0]`, `pruning.json: tensor "a": packed weights of shape [2 0], want two positive sides`},
		{"negative", p, `[2,3]`, `[-2,3]`, `pruning.json: tensor "a": packed weights of shape [-2 3], want two positive sides`},
		{"huge", p, `[2,3]`, `[4611686018427387904,4611686018427387904]`, `pruning.json: tensor "a": packed weights of shape [4611686018427387904 4611686018427387904] are too large`},
		{"other shape", p, `[2,3]`, `[2,65]`, `model.safetensors: tensor "a": "a.mask" is U8 [2 8], want U8 [2 16]`},
		{"other width", p, `[2,3]`, `[2,2]`, `model.safetensors: tensor "a": mask of row 0 has bits beyond column 2`},
		{"missing", p, `"name":"a"`, `"name":"x"`, `pruning.json: tensor "x": is packed, but no safetensors file has "x.values"`},
		{"twice in the list", p, `"name":"b","layout":"2:4","dtype":"F16"`, `"name":"a","layout":"2:4","dtype":"F16"`, `model.safetensors: tensor "a": is packed as 2:4, but "a.indices" is not there`},
		{"dense as well", m, `"c":{`, `"a":{`, `pruning.json: tensor "a": is packed, and stored dense as well`},
		{"no mask", m, `"a.mask"`, `"a.musk"`, `model.safetensors: tensor "a": is packed as bitmask, but "a.mask" is not there`},
		{"offsets type", m, `"I32","shape":[3]`, `"U8","shape":[12]`, `model.safetensors: tensor "a": "a.offsets" is U8 [12], want I32 [3]`},
		{"values type", m, `"BF16"`, `"I16" `, `model.safetensors: tensor "a": "a.values" is I16 [3], want BF16 [*]`},
		{"offset", m, "\x02\x00\x00\x00\x03", "\x01\x00\x00\x00\x03", `model.safetensors: tensor "a": offset 1 of row 1, want 2 by the mask`},
		{"negative offset", m, "\x02\x00\x00\x00\x03", "\xff\xff\xff\xff\x03", `of row 1, want 2 by the mask`},
		{"too few values", m, "\x05\x00\x00\x00\x00\x00\x00\x00", "\x01\x00\x00\x00\x00\x00\x00\x00", `offset 2 of row 1, want 1 by the mask`},
		{"places", m, "\x0d\x00\x3c", "\x05\x00\x3c", `model.safetensors: tensor "b": places 1 and 1 in group 0 of row 0`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := Open(change(t, c.file, c.old, c.text))
			if err == nil {
				defer r.Close()
				for _, name := range r.Names() {
					if _, e := r.Raw(name); err == nil {
						err = e
					}
				}
			}
			var format *FormatError
			if !errors.As(err, &format) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %v, want a *FormatError with %s", err, c.want)
			}
		})
	}
}

// A pruning.json of other content is no concern of a reader.
func TestOtherPruningFiles(t *testing.T) {
	for _, text := range []string{`{}`, `[]`, `{"method":"x"}`, `3`, `"packed"`} {
		r, err := Open(change(t, "pruning.json", string(packedFolder(t)["pruning.json"].Data), text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := len(r.Names()); got != 6 {
			t.Errorf("%s: %d tensors, want the 6 of the file", text, got)
		}
		r.Close()
	}
}

func TestJoinAndSplitPruning(t *testing.T) {
	entries := []packedEntry{{"a\"b", Bitmask, "F32", []int{1, 2}}, {"c", Semi, "F16", []int{3, 4}}}
	for _, text := range []string{"", "{}", "{ }\n", "{\"a\":1}", "{\n  \"z\": {\"packed\": [1, 2]},\n  \"a\" : \"}\"\n}\n\n"} {
		old := []byte(text)
		if text == "" {
			old = nil
		}
		joined, err := joinPruning(old, entries)
		if err != nil || !json.Valid(joined) {
			t.Fatalf("%q: got %s, %v", text, joined, err)
		}
		got, rest, err := splitPruning(joined)
		if err != nil || len(got) != 2 || got[0].Name != entries[0].Name || got[1].Shape[1] != 4 {
			t.Errorf("%q: got %v, %v", text, got, err)
		}
		if want := text; strings.Trim(text, "{} \n") != "" && string(rest) != want || strings.Trim(text, "{} \n") == "" && rest != nil {
			t.Errorf("%q became %q", text, rest)
		}
	}
	// Whoever wrote it, the list may stand anywhere.
	for text, want := range map[string]string{
		`{"packed":{"format":1},"b":2}`: `{"b":2}`, `{"a":1,"packed":{"format":1},"b":2}`: `{"a":1,"b":2}`, `{"packed" : {"format":1} , "b":2}`: `{ "b":2}`,
	} {
		if _, rest, err := splitPruning([]byte(text)); err != nil || string(rest) != want {
			t.Errorf("%s: got %q, %v, want %q", text, rest, err, want)
		}
	}
	for _, text := range []string{"[1]", "3", "{]}", "x"} {
		if got, err := joinPruning([]byte(text), entries); err == nil {
			t.Errorf("%s: got %s, want an error", text, got)
		}
	}
}

// FuzzPacked reads arbitrary bytes as the weights and the list of a packed folder. What is accepted
// must be consistent: matrices of the size that the headers say, the same through every method.
func FuzzPacked(f *testing.F) {
	seed := packedFolder(f)
	f.Add(seed["model.safetensors"].Data, seed["pruning.json"].Data)
	f.Add(seed["model.safetensors"].Data, []byte(`{"packed":{"format":1,"tensors":[{"name":"a","layout":"2:4","dtype":"BF16","shape":[1,4]}]},"x":1}`))
	f.Add(seed["model.safetensors"].Data, []byte(`[]`))
	f.Fuzz(func(t *testing.T, weights, list []byte) {
		r, err := Open(fstest.MapFS{"model.safetensors": {Data: weights}, "pruning.json": {Data: list}})
		if err != nil {
			return
		}
		defer r.Close()
		for _, name := range r.Names() {
			info, ok := r.Info(name)
			if !ok || info.Stored > int64(len(weights)) {
				t.Fatalf("%s: %+v in a file of %d bytes", name, info, len(weights))
			}
			if info.Bytes > 1<<24 {
				continue
			}
			b, err := r.Raw(name)
			if err != nil {
				continue
			}
			if int64(len(b)) != info.Bytes {
				t.Fatalf("%s: %d bytes, the header says %d", name, len(b), info.Bytes)
			}
			for _, get := range []func(View) (packed.Matrix, error){r.Packed, r.PackedMapped} {
				if m, err := get(View{Tensor: name}); err == nil && !bytes.Equal(m.Unpack(), b) {
					t.Fatalf("%s: two ways of reading differ", name)
				}
			}
		}
		if entries, rest, err := splitPruning(list); err == nil && rest != nil && len(entries) > 0 {
			joined, err := joinPruning(rest, entries)
			if err != nil {
				t.Fatalf("%q was split into %q, which cannot be joined: %v", list, rest, err)
			}
			if again, _, err := splitPruning(joined); err != nil || len(again) != len(entries) {
				t.Fatalf("%q became %q: %v", list, joined, err)
			}
		}
	})
}

// A mapped matrix is the file and ends with it, a copy does not.
func TestPackedMapped(t *testing.T) {
	dir := t.TempDir()
	for name, file := range packedFolder(t) {
		if err := os.WriteFile(filepath.Join(dir, name), file.Data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	r, err := Open(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	view, err := r.PackedMapped(View{Tensor: "a"})
	if err != nil {
		t.Fatal(err)
	}
	if got := view.Dense().Data()[2]; got != 2 {
		t.Errorf("got %v, want 2", got)
	}
	copied, err := r.Packed(View{Tensor: "a"})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if got := copied.Dense().Data()[2]; got != 2 { // the copy outlives the mapping
		t.Errorf("got %v, want 2", got)
	}
	for name, get := range map[string]func(View) (packed.Matrix, error){"copy": r.Packed, "view": r.PackedMapped} {
		if _, err := get(View{Tensor: "a"}); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("%s after Close: got %v, want that it is closed", name, err)
		}
	}
}
