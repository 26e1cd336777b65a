package safetensors

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/adagp/adagp/checkpoint/internal/blob"
	"github.com/adagp/adagp/tensor"
)

// metadataKey is the one header key that is not a tensor.
const metadataKey = "__metadata__"

// Tensor is one entry of a header: its bytes are [Start, End) of the data section, row-major and
// little endian.
type Tensor struct {
	Name       string
	DType      tensor.DType // tensor.Opaque for a type that is not computed with
	Shape      []int
	Start, End int64
	OpaqueType string // the name of an opaque type in the file, else empty
}

// Bytes is the stored size.
func (t Tensor) Bytes() int64 { return t.End - t.Start }

// Type is the name of the type in the file.
func (t Tensor) Type() string {
	if t.DType == tensor.Opaque {
		return t.OpaqueType
	}
	return t.DType.String()
}

// headerParser reads the header's JSON token by token, which keeps what encoding/json would drop
// silently: a name that occurs twice, and where an error stands.
type headerParser struct {
	file string
	dec  *json.Decoder
}

// parseHeader decodes the JSON of a header into its tensors, in the order of the text, and its
// metadata (nil when the header has none).
func parseHeader(file string, text []byte) ([]Tensor, map[string]string, error) {
	if !utf8.Valid(text) {
		return nil, nil, &blob.FormatError{File: file, Offset: lengthBytes, Msg: "header is not UTF-8"}
	}
	p := &headerParser{file: file, dec: json.NewDecoder(bytes.NewReader(text))}
	p.dec.UseNumber()
	if err := p.delim("", '{', "header"); err != nil {
		return nil, nil, err
	}
	var tensors []Tensor
	var metadata map[string]string
	seen := make(map[string]bool)
	for p.dec.More() {
		name, err := p.text("", "tensor name")
		if err != nil {
			return nil, nil, err
		}
		if seen[name] {
			return nil, nil, p.errorf(name, "name appears twice in the header")
		}
		seen[name] = true
		if name == metadataKey {
			if metadata, err = p.metadata(); err != nil {
				return nil, nil, err
			}
			continue
		}
		t, err := p.tensor(name)
		if err != nil {
			return nil, nil, err
		}
		tensors = append(tensors, t)
	}
	if err := p.delim("", '}', "header"); err != nil {
		return nil, nil, err
	}
	if _, err := p.dec.Token(); err != io.EOF {
		return nil, nil, p.errorf("", "header has text after its closing brace")
	}
	return tensors, metadata, nil
}

func (p *headerParser) metadata() (map[string]string, error) {
	if err := p.delim("", '{', metadataKey); err != nil {
		return nil, err
	}
	m := make(map[string]string)
	for p.dec.More() {
		key, err := p.text("", metadataKey+" key")
		if err != nil {
			return nil, err
		}
		if _, ok := m[key]; ok {
			return nil, p.errorf("", "%s key %s appears twice", metadataKey, blob.Quote(key))
		}
		if m[key], err = p.text("", metadataKey+" value of "+blob.Quote(key)); err != nil {
			return nil, err
		}
	}
	return m, p.delim("", '}', metadataKey)
}

func (p *headerParser) tensor(name string) (Tensor, error) {
	t := Tensor{Name: name}
	if err := p.delim(name, '{', "entry"); err != nil {
		return t, err
	}
	var offsets []int
	seen := make(map[string]bool, 3)
	for p.dec.More() {
		key, err := p.text(name, "key")
		if err != nil {
			return t, err
		}
		if seen[key] {
			return t, p.errorf(name, "%s appears twice", blob.Quote(key))
		}
		seen[key] = true
		switch key {
		case "dtype":
			s, err := p.text(name, "dtype")
			if err != nil {
				return t, err
			}
			if t.DType, err = tensor.ParseDType(s); err != nil {
				if !isTypeName(s) {
					return t, p.errorf(name, "dtype %s is no name of a type", blob.Quote(s))
				}
				t.DType, t.OpaqueType = tensor.Opaque, s
			}
		case "shape":
			if t.Shape, err = p.ints(name, "shape", blob.MaxRank); err != nil {
				return t, err
			}
		case "data_offsets":
			if offsets, err = p.ints(name, "data_offsets", 2); err != nil {
				return t, err
			}
		default:
			// A key that is not understood could change the meaning of the bytes.
			return t, p.errorf(name, "unknown key %s", blob.Quote(key))
		}
	}
	if err := p.delim(name, '}', "entry"); err != nil {
		return t, err
	}
	for _, key := range []string{"dtype", "shape", "data_offsets"} {
		if !seen[key] {
			return t, p.errorf(name, "%s is missing", key)
		}
	}
	err := p.place(&t, offsets)
	return t, err
}

// place says where the bytes of a tensor are, and checks that they are as many as its shape and type want.
func (p *headerParser) place(t *Tensor, offsets []int) error {
	if len(offsets) != 2 {
		return p.errorf(t.Name, "data_offsets %v: want 2 numbers", offsets)
	}
	t.Start, t.End = int64(offsets[0]), int64(offsets[1])
	if t.End < t.Start {
		return p.errorf(t.Name, "data_offsets %v end before they start", offsets)
	}
	if err := t.check(); err != nil {
		return p.errorf(t.Name, "%v", err)
	}
	return nil
}

// ints reads an array of at most limit non-negative integers.
func (p *headerParser) ints(name, what string, limit int) ([]int, error) {
	if err := p.delim(name, '[', what); err != nil {
		return nil, err
	}
	list := make([]int, 0, 2)
	for p.dec.More() {
		tok, err := p.token(name)
		if err != nil {
			return nil, err
		}
		number, ok := tok.(json.Number)
		// ParseUint refuses what is JSON but no size: signs, fractions, exponents.
		v, err := strconv.ParseUint(string(number), 10, strconv.IntSize-1)
		if !ok || err != nil {
			return nil, p.errorf(name, "%s has %s: want an integer from 0 to 2^%d-1", what, describe(tok), strconv.IntSize-1)
		}
		if len(list) == limit {
			return nil, p.errorf(name, "%s has more than %d entries", what, limit)
		}
		list = append(list, int(v))
	}
	return list, p.delim(name, ']', what)
}

func (p *headerParser) text(name, what string) (string, error) {
	tok, err := p.token(name)
	if err != nil {
		return "", err
	}
	s, ok := tok.(string)
	if !ok {
		return "", p.errorf(name, "%s is %s: want a string", what, describe(tok))
	}
	return s, nil
}

func (p *headerParser) delim(name string, want json.Delim, what string) error {
	tok, err := p.token(name)
	if err != nil {
		return err
	}
	if tok != want {
		return p.errorf(name, "%s has %s where %q is wanted", what, describe(tok), want.String())
	}
	return nil
}

func (p *headerParser) token(name string) (json.Token, error) {
	tok, err := p.dec.Token()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, &blob.FormatError{File: p.file, Tensor: name, Offset: p.offset(), Msg: "header is not valid JSON", Err: err}
	}
	return tok, nil
}

func (p *headerParser) offset() int64 { return lengthBytes + p.dec.InputOffset() }

func (p *headerParser) errorf(name, format string, args ...any) error {
	return &blob.FormatError{File: p.file, Tensor: name, Offset: p.offset(), Msg: fmt.Sprintf(format, args...)}
}

// describe names a JSON token in an error message.
func describe(tok json.Token) string {
	switch v := tok.(type) {
	case nil:
		return "null"
	case json.Delim:
		return strconv.Quote(v.String())
	case json.Number:
		return blob.Shorten(v.String())
	case string:
		return blob.Quote(v)
	}
	return fmt.Sprint(tok)
}

// checkLayout requires that the tensors fill size bytes of data exactly: in range, without overlap
// and without gap, as the reference library does. It sorts them by position.
func checkLayout(file string, tensors []Tensor, size int64) error {
	slices.SortStableFunc(tensors, func(a, b Tensor) int {
		switch {
		case a.Start != b.Start:
			return sign(a.Start - b.Start)
		default:
			return sign(a.End - b.End)
		}
	})
	var end int64
	for i, t := range tensors {
		fail := func(format string, args ...any) error {
			return &blob.FormatError{File: file, Tensor: t.Name, Msg: fmt.Sprintf("data_offsets [%d %d] ", t.Start, t.End) + fmt.Sprintf(format, args...)}
		}
		switch {
		case t.End > size:
			return fail("end beyond the %d bytes of data in the file", size)
		case t.Start < end:
			return fail("overlap tensor %s at [%d %d]", blob.Quote(tensors[i-1].Name), tensors[i-1].Start, tensors[i-1].End)
		case t.Start > end:
			return fail("leave a gap of %d bytes before them", t.Start-end)
		}
		end = t.End
	}
	if end != size {
		return &blob.FormatError{File: file, Msg: fmt.Sprintf("%d bytes after the last tensor belong to none", size-end)}
	}
	return nil
}

func sign(v int64) int {
	if v < 0 {
		return -1
	}
	if v > 0 {
		return 1
	}
	return 0
}
