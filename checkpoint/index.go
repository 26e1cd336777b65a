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
	p := indexParser{file: file, suffix: suffix, dec: json.NewDecoder(bytes.NewReader(text)), index: &shardIndex{text: text}}
	if !utf8.Valid(text) {
		return nil, p.fail("", "index is not UTF-8")
	}
	if err := p.open("index"); err != nil {
		return nil, err
	}
	for p.dec.More() {
		key, err := p.dec.Token()
		if err != nil {
			return nil, p.invalid(err)
		}
		if key == "weight_map" {
			err = p.weightMap()
		} else {
			var skip json.RawMessage
			err = p.invalid(p.dec.Decode(&skip))
		}
		if err != nil {
			return nil, err
		}
	}
	if _, err := p.dec.Token(); err != nil {
		return nil, p.invalid(err)
	}
	if _, err := p.dec.Token(); err != io.EOF {
		return nil, p.fail("", "index has text after its closing brace")
	}
	if len(p.index.weightMap) == 0 {
		return nil, p.fail("", "weight_map is missing or empty")
	}
	return p.index, nil
}

// indexParser decodes an index token by token, as the order of the names counts and so do repeated ones.
type indexParser struct {
	file, suffix string
	dec          *json.Decoder
	index        *shardIndex
}

// fail is an error in the index, at tensor name if that is known.
func (p *indexParser) fail(name, format string, args ...any) error {
	return &FormatError{File: p.file, Tensor: name, Offset: p.dec.InputOffset(), Msg: fmt.Sprintf(format, args...)}
}

// invalid is the error of a decoder that cannot go on, nil for nil.
func (p *indexParser) invalid(err error) error {
	switch err {
	case nil:
		return nil
	case io.EOF:
		err = io.ErrUnexpectedEOF
	}
	return &FormatError{File: p.file, Offset: p.dec.InputOffset(), Msg: "index is not valid JSON", Err: err}
}

// open reads the brace that an object begins with.
func (p *indexParser) open(what string) error {
	tok, err := p.dec.Token()
	if err != nil {
		return p.invalid(err)
	}
	if tok != json.Delim('{') {
		return p.fail("", "%s is not a JSON object", what)
	}
	return nil
}

// weightMap reads the value of weight_map.
func (p *indexParser) weightMap() error {
	x := p.index
	if x.weightMap != nil {
		return p.fail("", "weight_map appears twice")
	}
	x.weightMap, x.order = make(map[string]string), make(map[string]int)
	if err := p.open("weight_map"); err != nil {
		return err
	}
	for p.dec.More() {
		k, err := p.dec.Token()
		if err != nil {
			return p.invalid(err)
		}
		name := k.(string) // the decoder lets nothing else be a key
		if _, ok := x.weightMap[name]; ok {
			return p.fail(name, "name appears twice in weight_map")
		}
		shard, err := p.shard(name)
		if err != nil {
			return err
		}
		x.weightMap[name], x.order[name] = shard, len(x.order)
	}
	_, err := p.dec.Token()
	return p.invalid(err)
}

// shard reads the file of tensor name.
func (p *indexParser) shard(name string) (string, error) {
	v, err := p.dec.Token()
	if err != nil {
		return "", p.invalid(err)
	}
	shard, ok := v.(string)
	switch {
	case !ok:
		return "", p.fail(name, "shard in weight_map is not a string")
	case !plainName(shard):
		return "", p.fail(name, "shard %s in weight_map is not the name of a file in the folder", blob.Quote(shard))
	case !strings.HasSuffix(shard, p.suffix):
		return "", p.fail(name, "shard %s in weight_map does not end in %s", blob.Quote(shard), p.suffix)
	}
	return shard, nil
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
