package checkpoint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/adagp/adagp/internal/inputfile"
)

// pruningFile is the file of a model folder that says which tensors are packed. Everything else in it
// is of no concern here, and is kept to the byte.
const pruningFile = "pruning.json"

const (
	packedKey     = "packed"
	packedVersion = 1
)

// packedList is the value of "packed" in pruning.json.
type packedList struct {
	Format  int           `json:"format"`
	Tensors []packedEntry `json:"tensors"`
}

// packedEntry is a matrix stored in parts.
type packedEntry struct {
	Name   string `json:"name"`
	Layout Layout `json:"layout"`
	DType  string `json:"dtype"`
	Shape  []int  `json:"shape"`
}

// readPruning returns the text of pruning.json, nil when there is none.
func readPruning(fsys fs.FS) ([]byte, error) {
	text, err := inputfile.Read(fsys, pruningFile, maxIndex)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return text, err
}

// splitPruning takes the entries of packed tensors out of pruning.json. rest is the text without
// them, nil when there is nothing else in it. A file that is no object has none.
func splitPruning(text []byte) (entries []packedEntry, rest []byte, err error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	invalid := func(err error) ([]packedEntry, []byte, error) {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, nil, &FormatError{File: pruningFile, Offset: dec.InputOffset(), Msg: "not valid JSON", Err: err}
	}
	if text == nil {
		return nil, nil, nil
	}
	tok, err := dec.Token()
	if err != nil {
		return invalid(err)
	}
	if tok != json.Delim('{') {
		return nil, text, nil
	}
	var value json.RawMessage
	others, before := 0, dec.InputOffset()
	start, end := int64(-1), int64(-1)
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return invalid(err)
		}
		var v json.RawMessage
		if err := dec.Decode(&v); err != nil {
			return invalid(err)
		}
		if key != packedKey {
			others, before = others+1, dec.InputOffset()
			continue
		}
		if start >= 0 {
			return nil, nil, &FormatError{File: pruningFile, Offset: dec.InputOffset(), Msg: `"packed" appears twice`}
		}
		value, start, end = v, before, dec.InputOffset()
		if others == 0 && dec.More() { // the first of several: its comma is behind it
			end += int64(bytes.IndexByte(text[end:], ',')) + 1
		}
		before = dec.InputOffset()
	}
	if _, err := dec.Token(); err != nil {
		return invalid(err)
	}
	if start < 0 {
		return nil, text, nil
	}
	if entries, err = parsePacked(value, start); err != nil {
		return nil, nil, err
	}
	if others > 0 {
		rest = append(bytes.Clone(text[:start]), text[end:]...)
	}
	return entries, rest, nil
}

// parsePacked reads the value of "packed", which stands at the given place of pruning.json.
func parsePacked(value []byte, at int64) ([]packedEntry, error) {
	var list packedList
	if err := json.Unmarshal(value, &list); err != nil {
		return nil, &FormatError{File: pruningFile, Offset: at, Msg: `"packed" is not what it should be`, Err: err}
	}
	if list.Format != packedVersion {
		return nil, &FormatError{File: pruningFile, Offset: at, Msg: fmt.Sprintf(`"packed" has format %d, want %d`, list.Format, packedVersion)}
	}
	return list.Tensors, nil
}

// joinPruning adds the entries to a text that has none; nil stands for no file.
func joinPruning(text []byte, entries []packedEntry) ([]byte, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "\n  \"packed\": {\n    \"format\": %d,\n    \"tensors\": [", packedVersion)
	for i, e := range entries {
		line, err := json.Marshal(e)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n      ")
		b.Write(line)
	}
	b.WriteString("\n    ]\n  }")
	if text == nil {
		return []byte("{" + b.String() + "\n}\n"), nil
	}
	body := bytes.TrimRight(text, " \t\r\n")
	if len(body) == 0 || body[len(body)-1] != '}' || !json.Valid(body) {
		return nil, &FormatError{File: pruningFile, Msg: "not a JSON object, so that the packed tensors cannot be entered"}
	}
	body = bytes.TrimRight(body[:len(body)-1], " \t\r\n")
	comma := ","
	if body[len(body)-1] == '{' {
		comma = ""
	}
	return []byte(string(body) + comma + b.String() + string(text[len(body):])), nil
}
