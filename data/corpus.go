package data

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/adagp/adagp/internal/inputfile"
)

// Limits on what is read into memory; a corpus beyond them is refused rather than swapped.
const (
	maxCorpusBytes = 4 << 30   // all text or ids of one corpus, decompressed
	maxHeldBytes   = 4 << 20   // of text that stays in memory; more is read again when it is needed
	idBytes        = 8         // what an id counts
	maxLineBytes   = 256 << 20 // one line of a .jsonl file
	maxWindowToken = 1 << 20   // ids in one line of input_ids
)

// Separators between the pieces of a corpus. Documents of one .jsonl file are joined by a blank,
// as the pruning papers do with C4; files are joined by an empty line, as they do with WikiText-2.
const (
	documentSeparator = " "
	fileSeparator     = "\n\n"
)

// Corpus is the text of some files, or the ready-made token windows of some files; never both.
type Corpus struct {
	Files   []string // what the corpus was read from, in order
	Text    string   // empty when Windows is set, for conversations, and for long texts, which are read from Files again
	Windows [][]int  // one per row of "input_ids", in order; nil for text

	long   bool    // the text is left in Files
	reader *Reader // for long texts
	apart  bool    // the texts are conversations, each encoded by itself, with the special tokens that are in it
	texts  []string
}

// read hands over the text in order.
func (c *Corpus) read(text func(part string)) error {
	switch {
	case c.long:
		_, err := c.reader.readFiles(c.Files, text)
		return err
	case c.apart:
		for _, t := range c.texts {
			text(t)
		}
	default:
		text(c.Text)
	}
	return nil
}

// CorpusError reports a corpus file that cannot be used. It wraps the cause, if there is one.
type CorpusError struct {
	File string
	Line int // from 1; 0 when the whole file is meant
	Msg  string
	Err  error
}

func (e *CorpusError) Error() string {
	s := "corpus " + e.File
	if e.Line > 0 {
		s += fmt.Sprintf(" line %d", e.Line)
	}
	s += ": " + e.Msg
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *CorpusError) Unwrap() error { return e.Err }

// Reader reads corpora. The zero value reads files.
type Reader struct {
	// Stdin is what the path "-" stands for: text, or JSON if it begins with a bracket or a brace.
	Stdin io.Reader
	// Chat makes a text of a row with messages, a JSON list, and tools, a list or empty; nil refuses such rows.
	Chat func(messages, tools json.RawMessage) (string, error)
}

// ReadCorpus is [Reader.Corpus] of files.
func ReadCorpus(paths []string) (*Corpus, error) { return new(Reader).Corpus(paths) }

// Corpus reads paths in order. The ending of a name says what is in it:
//
//	.txt, .md       plain UTF-8 text
//	.jsonl, .json   JSON lines, or a JSON list: rows with a field "text", "input_ids" or "messages"
//	.parquet        the same in columns
//
// All but .parquet may be packed, with .gz or .zst behind the ending. A folder stands for the files in it, and a
// pattern with *, ? or [ for those that match, in the order of their names; "-" for the standard input.
//
// A byte-order mark at the beginning of a file is left out. Text of several files is joined by an empty
// line; windows of several files follow one another. Text, windows and conversations cannot be mixed. A long text is
// checked and left in its files, which must not change while the corpus is in use. Every failure is a *CorpusError
// naming file and line.
func (r *Reader) Corpus(paths []string) (*Corpus, error) {
	if len(paths) == 0 {
		return nil, errors.New("corpus: no files given")
	}
	paths, err := expand(paths)
	if err != nil {
		return nil, err
	}
	again := true // the files can be read another time, unlike pipes
	for _, path := range paths {
		if info, err := os.Stat(path); path == StdinName || err == nil && !info.Mode().IsRegular() {
			again = false
		}
	}
	var parts []string
	size, long := 0, false
	c, err := r.readFiles(paths, func(part string) {
		if size += len(part); again && size > maxHeldBytes {
			long, parts = true, nil
			return
		}
		parts = append(parts, part)
	})
	if err != nil {
		return nil, err
	}
	switch {
	case long:
		c.long, c.reader = true, r
	case c.apart:
		c.texts = parts
	default:
		c.Text = strings.Join(parts, "")
	}
	return c, nil
}

// ReadText returns the text that r has, name standing for it in errors. It may be empty.
func ReadText(name string, r io.Reader) (*Corpus, error) {
	var text strings.Builder
	err := readText(name, r, maxCorpusBytes, func(part string) { text.WriteString(part) })
	if err != nil && !errors.Is(err, errEmpty) {
		return nil, err
	}
	return &Corpus{Files: []string{name}, Text: text.String()}, nil
}

// errEmpty is the cause where a text must not be empty.
var errEmpty = errors.New("want some text")

// readFiles is Corpus that hands the text over part by part, a conversation being one.
func (r *Reader) readFiles(paths []string, text func(part string)) (*Corpus, error) {
	c := &Corpus{}
	var total int64
	for i, path := range paths {
		size := int64(0) // of the text of the file
		part, err := r.readFile(path, maxCorpusBytes-total, func(part string) {
			if size == 0 && i > 0 && part != "" && !c.apart {
				text(fileSeparator)
			}
			size += int64(len(part))
			text(part)
		})
		if err != nil {
			return nil, err
		}
		if len(c.Files) > 0 && part.kind() != c.kind() {
			return nil, &CorpusError{File: path, Msg: fmt.Sprintf("%s and %s cannot be mixed: %s holds %[1]s, this file %[2]s", c.kind(), part.kind(), c.Files[0])}
		}
		c.Files = append(c.Files, path)
		c.apart = part.apart
		c.Windows = append(c.Windows, part.Windows...)
		total += size
		for _, ids := range part.Windows {
			total += idBytes * int64(len(ids))
		}
	}
	return c, nil
}

func (c *Corpus) kind() string {
	switch {
	case c.Windows != nil:
		return "input_ids"
	case c.apart:
		return "messages"
	}
	return "text"
}

// readText hands plain text over and checks that there is some and that it is UTF-8.
func readText(path string, r io.Reader, limit int64, text func(part string)) error {
	r = inputfile.SkipMark(r)
	block := make([]byte, 64<<10)
	start, size, lines := 0, int64(0), 0 // start: of block, the beginning of a character that ends in the next
	for {
		n, err := r.Read(block[start:])
		ended := errors.Is(err, io.EOF)
		if err != nil && !ended {
			return &CorpusError{File: path, Msg: "cannot read", Err: err}
		}
		b := block[:start+n]
		whole := len(b)
		for k := 1; !ended && k < utf8.UTFMax && k <= len(b); k++ {
			if c := b[len(b)-k:]; utf8.RuneStart(c[0]) {
				if !utf8.FullRune(c) {
					whole = len(b) - k
				}
				break
			}
		}
		if i := firstInvalid(b[:whole]); i >= 0 {
			line := 1 + lines + bytes.Count(b[:i], []byte("\n"))
			return &CorpusError{File: path, Line: line, Msg: fmt.Sprintf("not UTF-8: byte 0x%02x at offset %d", b[i], size+int64(i))}
		}
		size += int64(whole)
		lines += bytes.Count(b[:whole], []byte("\n"))
		if size > limit {
			return &CorpusError{File: path, Msg: tooLarge()}
		}
		text(string(b[:whole]))
		start = copy(block, b[whole:])
		if ended {
			break
		}
	}
	if size == 0 {
		return &CorpusError{File: path, Msg: "is empty", Err: errEmpty}
	}
	return nil
}

func tooLarge() string {
	return fmt.Sprintf("the corpus takes more than %d GiB; use a part of it", maxCorpusBytes>>30)
}

// firstInvalid returns the offset of the first byte that is not part of valid UTF-8, or -1.
func firstInvalid(b []byte) int {
	if utf8.Valid(b) {
		return -1
	}
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}
