package checkpoint

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/adagp/adagp/checkpoint/internal/blob"
	"github.com/adagp/adagp/internal/inputfile"
)

// maxIndex is the largest index file or pruning.json accepted, in bytes: as the header of a safetensors
// file, which names the same tensors.
const maxIndex = 100_000_000

// shardIndex is the content of a *.index.json file.
type shardIndex struct {
	text      []byte            // as stored
	weightMap map[string]string // tensor name → shard file
	order     map[string]int    // tensor name → how many come before it in the text
}

// readIndex reads and checks the index file name of fsys.
func readIndex(fsys fs.FS, name, suffix string) (*shardIndex, error) {
	text, err := inputfile.Read(fsys, name, maxIndex)
	if err != nil {
		return nil, err
	}
	return parseIndex(name, text, suffix)
}

// parseIndex decodes an index. Keys besides weight_map are left to others; inside it a name may
// occur only once, and every shard must be a plain file name that ends in suffix.
func parseIndex(file string, text []byte, suffix string) (*shardIndex, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	fail := func(name, format string, args ...any) (*shardIndex, error) {
		return nil, &FormatError{File: file, Tensor: name, Offset: dec.InputOffset(), Msg: fmt.Sprintf(format, args...)}
	}
	if !utf8.Valid(text) {
		return fail("", "index is not UTF-8")
	}
	invalid := func(err error) (*shardIndex, error) {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, &FormatError{File: file, Offset: dec.InputOffset(), Msg: "index is not valid JSON", Err: err}
	}
	tok, err := dec.Token()
	if err != nil {
		return invalid(err)
	}
	if tok != json.Delim('{') {
		return fail("", "index is not a JSON object")
	}
	x := &shardIndex{text: text}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return invalid(err)
		}
		if key != "weight_map" {
			var skip json.RawMessage
			if err := dec.Decode(&skip); err != nil {
				return invalid(err)
			}
			continue
		}
		if x.weightMap != nil {
			return fail("", "weight_map appears twice")
		}
		x.weightMap, x.order = make(map[string]string), make(map[string]int)
		if tok, err = dec.Token(); err != nil {
			return invalid(err)
		}
		if tok != json.Delim('{') {
			return fail("", "weight_map is not a JSON object")
		}
		for dec.More() {
			k, err := dec.Token()
			if err != nil {
				return invalid(err)
			}
			name := k.(string) // the decoder lets nothing else be a key
			if _, ok := x.weightMap[name]; ok {
				return fail(name, "name appears twice in weight_map")
			}
			v, err := dec.Token()
			if err != nil {
				return invalid(err)
			}
			shard, ok := v.(string)
			if !ok {
				return fail(name, "shard in weight_map is not a string")
			}
			if !plainName(shard) {
				return fail(name, "shard %s in weight_map is not the name of a file in the folder", blob.Quote(shard))
			}
			if !strings.HasSuffix(shard, suffix) {
				return fail(name, "shard %s in weight_map does not end in %s", blob.Quote(shard), suffix)
			}
			x.weightMap[name], x.order[name] = shard, len(x.order)
		}
		if _, err := dec.Token(); err != nil {
			return invalid(err)
		}
	}
	if _, err := dec.Token(); err != nil {
		return invalid(err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return fail("", "index has text after its closing brace")
	}
	if len(x.weightMap) == 0 {
		return fail("", "weight_map is missing or empty")
	}
	return x, nil
}

// plainName reports whether s names a file directly in a folder, on any operating system.
func plainName(s string) bool {
	return s != "" && s != "." && s != ".." && len(s) <= 255 && !strings.ContainsAny(s, "/\\:\x00")
}

// shards lists the files of the index, sorted.
func (x *shardIndex) shards() []string {
	set := make(map[string]bool)
	for _, shard := range x.weightMap {
		set[shard] = true
	}
	return slices.Sorted(maps.Keys(set))
}

// check compares the index with what the shards hold: every tensor must be in the shard that the
// index names, and in no other.
func (x *shardIndex) check(file string, shards []*shard) error {
	held := make(map[string]bool, len(x.weightMap))
	for _, s := range shards {
		for _, t := range s.tensors {
			want, ok := x.weightMap[t.Name]
			if !ok {
				return &FormatError{File: file, Tensor: t.Name, Msg: fmt.Sprintf("is in %s but not in weight_map", s.file)}
			}
			if want != s.file {
				return &FormatError{File: file, Tensor: t.Name, Msg: fmt.Sprintf("is in %s, weight_map says %s", s.file, want)}
			}
			held[t.Name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(x.weightMap)) {
		if !held[name] {
			return &FormatError{File: file, Tensor: name, Msg: fmt.Sprintf("is not in %s, where weight_map says it is", x.weightMap[name])}
		}
	}
	return nil
}
