package data

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/adagp/adagp/internal/inputfile"
)

// document is what a row may hold; other fields are ignored.
type document struct {
	Text     *string         `json:"text"`
	InputIDs *[]int          `json:"input_ids"`
	Messages json.RawMessage `json:"messages"`
	Tools    json.RawMessage `json:"tools"`
	// Conversations is another name for messages, whose fields have other names too.
	Conversations []struct {
		From  string `json:"from"`
		Value string `json:"value"`
	} `json:"conversations"`
}

// rows gathers the rows of a file.
type rows struct {
	reader *Reader
	path   string
	limit  int64
	text   func(part string)

	corpus Corpus
	texts  int   // rows with text, or with messages
	size   int64 // of the text, each row counting one byte more than it has
}

// add takes the next row, number n from 1.
func (r *rows) add(n int, line []byte) error {
	d, bad := parseDocument(line)
	if bad == nil {
		bad = r.addDocument(d)
	}
	if bad != nil {
		bad.File, bad.Line = r.path, n
		return bad
	}
	return nil
}

func (r *rows) addDocument(d *document) *CorpusError {
	if d.Messages != nil {
		if r.reader.Chat == nil {
			return errNoChat()
		}
		text, err := r.reader.Chat(d.Messages, d.Tools)
		if err != nil {
			return &CorpusError{Msg: "the chat template refuses the conversation", Err: err}
		}
		if r.texts > 0 && !r.corpus.apart {
			return &CorpusError{Msg: `rows with "text" and rows with "messages" are mixed`}
		}
		r.corpus.apart = true
		r.addText(text, "")
	} else if d.InputIDs != nil {
		r.corpus.Windows = append(r.corpus.Windows, *d.InputIDs)
		r.size += idBytes * int64(len(*d.InputIDs))
	} else {
		if r.corpus.apart {
			return &CorpusError{Msg: `rows with "text" and rows with "messages" are mixed`}
		}
		r.addText(*d.Text, documentSeparator)
	}
	if r.texts > 0 && len(r.corpus.Windows) > 0 {
		return &CorpusError{Msg: `rows with "text" and rows with "input_ids" are mixed`}
	}
	if r.size > r.limit {
		return &CorpusError{Msg: tooLarge()}
	}
	return nil
}

func (r *rows) addText(text, separator string) {
	if r.texts > 0 && separator != "" {
		r.text(separator)
	}
	r.texts++
	r.text(text)
	r.size += int64(len(text)) + 1
}

// end returns what the file holds.
func (r *rows) end() (*Corpus, error) {
	if r.corpus.Windows == nil && r.texts <= 1 && r.size <= int64(r.texts) {
		return nil, &CorpusError{File: r.path, Msg: "is empty"}
	}
	return &r.corpus, nil
}

// readLines reads JSON lines, each a row. Empty lines are skipped.
func (r *Reader) readLines(path string, in *bufio.Reader, limit int64, text func(part string)) (*Corpus, error) {
	rows := &rows{reader: r, path: path, limit: limit, text: text}
	for number := 1; ; number++ {
		line, err := readLine(in)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, &CorpusError{File: path, Line: number, Msg: "cannot read", Err: err}
		}
		if len(bytes.TrimSpace(line)) > 0 {
			if err := rows.add(number, line); err != nil {
				return nil, err
			}
		}
		if err != nil {
			return rows.end()
		}
	}
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

// readList reads a JSON list of rows, of which one is in memory at a time.
func (r *Reader) readList(path string, in io.Reader, limit int64, text func(part string)) (*Corpus, error) {
	rows := &rows{reader: r, path: path, limit: limit, text: text}
	bounded := &rowBound{in: in}
	d := json.NewDecoder(bounded)
	if _, err := d.Token(); err != nil {
		return nil, &CorpusError{File: path, Msg: "cannot read", Err: err}
	}
	for n := 1; d.More(); n++ {
		bounded.row = 0
		var row json.RawMessage
		if err := d.Decode(&row); err != nil {
			return nil, &CorpusError{File: path, Msg: fmt.Sprintf("row %d of the list: malformed JSON", n), Err: err}
		}
		if err := rows.add(0, row); err != nil {
			var bad *CorpusError
			if errors.As(err, &bad) {
				bad.Msg = fmt.Sprintf("row %d of the list: %s", n, bad.Msg)
			}
			return nil, err
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, &CorpusError{File: path, Msg: "the list has no end", Err: err}
	}
	return rows.end()
}

// rowBound ends the reading of a row that is too long.
type rowBound struct {
	in  io.Reader
	row int
}

func (b *rowBound) Read(p []byte) (int, error) {
	if b.row > maxLineBytes {
		return 0, fmt.Errorf("row longer than %d MiB", maxLineBytes>>20)
	}
	n, err := b.in.Read(p)
	b.row += n
	return n, err
}

// parseDocument decodes one row; the error lacks only file and line.
func parseDocument(line []byte) (*document, *CorpusError) {
	if i := firstInvalid(line); i >= 0 {
		return nil, &CorpusError{Msg: fmt.Sprintf("not UTF-8: byte 0x%02x at column %d", line[i], i+1)}
	}
	d := &document{}
	if err := inputfile.ParseJSON(line, d); err != nil {
		return nil, &CorpusError{Msg: err.Error()}
	}
	d.rename()
	if string(d.Messages) == "null" {
		d.Messages = nil
	}
	switch {
	case d.Messages != nil && d.InputIDs == nil:
		return d, nil // some data sets have the text beside it
	case d.Text != nil && d.InputIDs != nil || d.Messages != nil:
		return nil, &CorpusError{Msg: `has both "input_ids" and "text" or "messages", want one`}
	case d.Text == nil && d.InputIDs == nil:
		return nil, &CorpusError{Msg: `has neither "text" nor "input_ids" nor "messages"`}
	case d.InputIDs == nil:
		return d, nil
	}
	if i := firstNull(line); i >= 0 {
		return nil, &CorpusError{Msg: fmt.Sprintf("input_ids[%d] is null, want a token id", i)}
	}
	return d, checkIDs(*d.InputIDs)
}

// rename gives conversations the fields of messages.
func (d *document) rename() {
	if d.Messages != nil || d.Conversations == nil {
		return
	}
	type message struct {
		Role    string `json:"role"`
		Content string `json:"content"`
	}
	var list []message
	for _, c := range d.Conversations {
		role := strings.ToLower(c.From)
		switch role {
		case "human":
			role = "user"
		case "gpt":
			role = "assistant"
		}
		list = append(list, message{role, c.Value})
	}
	d.Messages, _ = json.Marshal(list) // strings alone
}

// checkIDs checks a window of ids.
func checkIDs(ids []int) *CorpusError {
	if len(ids) < 2 {
		return &CorpusError{Msg: fmt.Sprintf("input_ids holds %d ids, want at least 2", len(ids))}
	}
	if len(ids) > maxWindowToken {
		return &CorpusError{Msg: fmt.Sprintf("input_ids holds %d ids, want at most %d", len(ids), maxWindowToken)}
	}
	for i, id := range ids {
		if id < 0 || id > 1<<31-1 {
			return &CorpusError{Msg: fmt.Sprintf("input_ids[%d] is %d, want a token id", i, id)}
		}
	}
	return nil
}

// firstNull returns the index of the first null among the input_ids of a well-formed row, or -1. Decoded
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
