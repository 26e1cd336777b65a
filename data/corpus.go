package data

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/adagp/adagp/internal/inputfile"
)

// Limits on what is read into memory; a corpus beyond them is refused rather than swapped.
const (
	maxCorpusBytes = 4 << 30   // all text or ids of one corpus, decompressed
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
	Text    string   // empty when Windows is set
	Windows [][]int  // one per line of "input_ids", in order; nil for text
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

// ReadCorpus reads paths in order. The ending of a name says what is in it:
//
//	.txt               plain UTF-8 text
//	.jsonl, .jsonl.gz  JSON lines, each with a "text" field or each with an "input_ids" field
//	                   (also spelled .json.gz and .json, as C4 is published)
//
// A byte-order mark at the beginning of a file is left out. Text of several files is joined by an empty line; windows of several files follow one another.
// Text and windows cannot be mixed. Every failure is a *CorpusError naming file and line.
func ReadCorpus(paths []string) (*Corpus, error) {
	if len(paths) == 0 {
		return nil, errors.New("corpus: no files given")
	}
	c := &Corpus{}
	var texts []string
	var total int64
	for _, path := range paths {
		part, err := readFile(path, maxCorpusBytes-total)
		if err != nil {
			return nil, err
		}
		if len(c.Files) > 0 && (part.Windows != nil) != (c.Windows != nil) {
			return nil, &CorpusError{File: path, Msg: fmt.Sprintf("text and input_ids cannot be mixed: %s holds %s, this file %s", c.Files[0], c.kind(), part.kind())}
		}
		c.Files = append(c.Files, path)
		c.Windows = append(c.Windows, part.Windows...)
		if part.Windows == nil {
			texts = append(texts, part.Text)
		}
		total += int64(len(part.Text))
		for _, ids := range part.Windows {
			total += idBytes * int64(len(ids))
		}
	}
	c.Text = strings.Join(texts, fileSeparator)
	return c, nil
}

func (c *Corpus) kind() string {
	if c.Windows != nil {
		return "input_ids"
	}
	return "text"
}

// readFile reads one file of a corpus, of at most limit bytes of text.
func readFile(path string, limit int64) (*Corpus, error) {
	name := strings.ToLower(filepath.Base(path))
	lines, zipped := false, strings.HasSuffix(name, ".gz")
	switch ext := filepath.Ext(strings.TrimSuffix(name, ".gz")); {
	case ext == ".txt" && !zipped:
	case ext == ".jsonl" || ext == ".json":
		lines = true
	default:
		return nil, &CorpusError{File: path, Msg: "unknown kind of file, want .txt, .jsonl or .jsonl.gz"}
	}
	f, err := inputfile.OpenText(path)
	if err != nil {
		return nil, &CorpusError{File: path, Msg: "cannot open", Err: inputfile.Cause(err)}
	}
	defer f.Close()
	if lines {
		return readLines(path, f, zipped, limit)
	}
	text, err := readText(path, f, limit)
	if err != nil {
		return nil, err
	}
	return &Corpus{Text: text}, nil
}

// readText reads plain text and checks that there is some and that it is UTF-8.
func readText(path string, r io.Reader, limit int64) (string, error) {
	b, err := io.ReadAll(io.LimitReader(inputfile.SkipMark(r), limit+1))
	switch {
	case err != nil:
		return "", &CorpusError{File: path, Msg: "cannot read", Err: err}
	case int64(len(b)) > limit:
		return "", &CorpusError{File: path, Msg: tooLarge()}
	case len(b) == 0:
		return "", &CorpusError{File: path, Msg: "is empty"}
	}
	if i := firstInvalid(b); i >= 0 {
		line := 1 + strings.Count(string(b[:i]), "\n")
		return "", &CorpusError{File: path, Line: line, Msg: fmt.Sprintf("not UTF-8: byte 0x%02x at offset %d", b[i], i)}
	}
	return string(b), nil
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
