package data

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/adagp/adagp/internal/inputfile"
)

// document is what a line of a .jsonl file may hold; other fields are ignored.
type document struct {
	Text     *string `json:"text"`
	InputIDs *[]int  `json:"input_ids"`
}

// readLines reads JSON lines, each a document with a text, which it hands over, or each a window of token
// ids. Empty lines are skipped.
func readLines(path string, r io.Reader, zipped bool, limit int64, text func(part string)) (*Corpus, error) {
	if zipped {
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, &CorpusError{File: path, Msg: "not a gzip file", Err: err}
		}
		defer z.Close()
		r = z
	}
	c := &Corpus{}
	texts, size := 0, int64(0)
	in := bufio.NewReaderSize(inputfile.SkipMark(r), 64<<10)
	for number := 1; ; number++ {
		line, err := readLine(in)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, &CorpusError{File: path, Line: number, Msg: "cannot read", Err: err}
		}
		if len(bytes.TrimSpace(line)) > 0 {
			d, bad := parseDocument(line)
			if bad != nil {
				bad.File, bad.Line = path, number
				return nil, bad
			}
			if d.InputIDs != nil {
				c.Windows = append(c.Windows, *d.InputIDs)
				size += idBytes * int64(len(*d.InputIDs))
			} else {
				if texts > 0 {
					text(documentSeparator)
				}
				texts++
				text(*d.Text)
				size += int64(len(*d.Text)) + 1
			}
			if texts > 0 && len(c.Windows) > 0 {
				return nil, &CorpusError{File: path, Line: number, Msg: `lines with "text" and lines with "input_ids" are mixed`}
			}
			if size > limit {
				return nil, &CorpusError{File: path, Line: number, Msg: tooLarge()}
			}
		}
		if err != nil {
			break
		}
	}
	if c.Windows == nil && texts <= 1 && size <= int64(texts) { // each text counts one byte more than it has
		return nil, &CorpusError{File: path, Msg: "is empty"}
	}
	return c, nil
}

// readLine returns the next line; io.EOF comes with the last one.
func readLine(in *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > maxLineBytes {
			return nil, fmt.Errorf("line longer than %d MiB", maxLineBytes>>20)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}

// parseDocument decodes one line; the error lacks only file and line.
func parseDocument(line []byte) (*document, *CorpusError) {
	if i := firstInvalid(line); i >= 0 {
		return nil, &CorpusError{Msg: fmt.Sprintf("not UTF-8: byte 0x%02x at column %d", line[i], i+1)}
	}
	d := &document{}
	if err := inputfile.ParseJSON(line, d); err != nil {
		return nil, &CorpusError{Msg: err.Error()}
	}
	switch {
	case d.Text != nil && d.InputIDs != nil:
		return nil, &CorpusError{Msg: `has both "text" and "input_ids", want one`}
	case d.Text == nil && d.InputIDs == nil:
		return nil, &CorpusError{Msg: `has neither "text" nor "input_ids"`}
	case d.InputIDs == nil:
		return d, nil
	}
	ids := *d.InputIDs
	if i := firstNull(line); i >= 0 {
		return nil, &CorpusError{Msg: fmt.Sprintf("input_ids[%d] is null, want a token id", i)}
	}
	if len(ids) < 2 {
		return nil, &CorpusError{Msg: fmt.Sprintf("input_ids holds %d ids, want at least 2", len(ids))}
	}
	if len(ids) > maxWindowToken {
		return nil, &CorpusError{Msg: fmt.Sprintf("input_ids holds %d ids, want at most %d", len(ids), maxWindowToken)}
	}
	for i, id := range ids {
		if id < 0 || id > 1<<31-1 {
			return nil, &CorpusError{Msg: fmt.Sprintf("input_ids[%d] is %d, want a token id", i, id)}
		}
	}
	return d, nil
}

// firstNull returns the index of the first null among the input_ids of a well-formed line, or -1. Decoded
// as a number a null is a 0, which is a token.
func firstNull(line []byte) int {
	if !bytes.Contains(line, []byte("null")) {
		return -1
	}
	var d struct {
		InputIDs []*int `json:"input_ids"`
	}
	_ = inputfile.ParseJSON(line, &d) // it was decoded before
	return slices.Index(d.InputIDs, nil)
}
