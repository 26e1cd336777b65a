package data

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/adagp/adagp/internal/inputfile"
)

// StdinName is the path that stands for the standard input.
const StdinName = "-"

// form is what a file holds, by the ending of its name.
type form struct {
	rows    bool   // JSON lines, or a JSON list
	parquet bool   // rows in columns
	packing string // "", ".gz" or ".zst"
}

// Kinds are the endings of names that ReadCorpus knows, for messages.
const Kinds = ".txt, .md, .jsonl or .json, each also with .gz or .zst behind it, or .parquet"

// formOf reads the ending of a name. A name without a known one is text where it stands for the standard input.
func formOf(path string) (form, bool) {
	name := strings.ToLower(filepath.Base(path))
	f := form{}
	for _, packing := range []string{".gz", ".zst"} {
		if rest, ok := strings.CutSuffix(name, packing); ok {
			f.packing, name = packing, rest
		}
	}
	switch filepath.Ext(name) {
	case ".txt", ".md":
		return f, true
	case ".jsonl", ".json":
		f.rows = true
		return f, true
	case ".parquet":
		f.parquet = true
		return f, f.packing == ""
	}
	return f, path == StdinName
}

// expand replaces folders by the files in them, and patterns by the files that match.
func expand(paths []string) ([]string, error) {
	var files []string
	for _, path := range paths {
		info, err := os.Stat(path)
		switch {
		case path == StdinName:
			files = append(files, path)
		case err == nil && info.IsDir():
			inside, err := filesIn(path)
			if err != nil {
				return nil, err
			}
			files = append(files, inside...)
		case errors.Is(err, fs.ErrNotExist) && strings.ContainsAny(path, "*?["):
			matches, err := filepath.Glob(path)
			if err != nil || len(matches) == 0 {
				return nil, &CorpusError{File: path, Msg: "no file matches", Err: err}
			}
			slices.Sort(matches)
			files = append(files, matches...)
		default:
			files = append(files, path)
		}
	}
	return files, nil
}

// filesIn returns the files of a folder and of those in it that have a known ending, in the order of their names. Hidden
// ones, and a README.md, which describes data, are left out.
func filesIn(folder string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		switch hidden := strings.HasPrefix(d.Name(), ".") && path != folder; {
		case err != nil:
			return err
		case hidden && d.IsDir():
			return fs.SkipDir
		case hidden || d.IsDir() || strings.EqualFold(d.Name(), "README.md"):
			return nil
		}
		if _, ok := formOf(path); ok {
			files = append(files, path)
		}
		return nil
	})
	if err == nil && len(files) == 0 {
		return nil, &CorpusError{File: folder, Msg: "the folder has no file with an ending that is known: want " + Kinds}
	}
	if err != nil {
		return nil, &CorpusError{File: folder, Msg: "cannot read the folder", Err: inputfile.Cause(err)}
	}
	return files, nil
}

// readFile reads one file of a corpus, of at most limit bytes of text, which it hands over part by part.
func (r *Reader) readFile(path string, limit int64, text func(part string)) (*Corpus, error) {
	form, ok := formOf(path)
	if !ok {
		return nil, &CorpusError{File: path, Msg: "unknown kind of file, want " + Kinds}
	}
	if form.parquet {
		return r.readParquet(path, limit, text)
	}
	in, end, err := r.open(path, form)
	if err != nil {
		return nil, err
	}
	defer end()
	buffered := bufio.NewReaderSize(inputfile.SkipMark(in), 64<<10)
	if path == StdinName {
		form.rows = startsWith(buffered, `[{`, "[ {", "[\n", `{"`)
	}
	switch {
	case form.rows && startsWith(buffered, "["):
		return r.readList(path, buffered, limit, text)
	case form.rows:
		return r.readLines(path, buffered, limit, text)
	}
	return &Corpus{}, readText(path, buffered, limit, text)
}

// open returns what a file holds, unpacked.
func (r *Reader) open(path string, form form) (in io.Reader, end func(), err error) {
	if path == StdinName {
		if r.Stdin == nil {
			return nil, nil, &CorpusError{File: path, Msg: "there is no standard input here"}
		}
		return r.Stdin, func() {}, nil
	}
	f, err := inputfile.OpenText(path)
	if err != nil {
		return nil, nil, &CorpusError{File: path, Msg: "cannot open", Err: inputfile.Cause(err)}
	}
	switch form.packing {
	case ".gz":
		z, err := gzip.NewReader(f)
		if err != nil {
			return nil, nil, errors.Join(&CorpusError{File: path, Msg: "not a gzip file", Err: err}, f.Close())
		}
		return z, func() { z.Close(); f.Close() }, nil
	case ".zst":
		z, err := zstd.NewReader(f, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxZstdWindow))
		if err != nil {
			return nil, nil, errors.Join(&CorpusError{File: path, Msg: "not a Zstandard file", Err: err}, f.Close())
		}
		return z, func() { z.Close(); f.Close() }, nil
	}
	return f, func() { f.Close() }, nil
}

// maxZstdWindow bounds what unpacking keeps in memory; zstd itself asks for --long to go beyond.
const maxZstdWindow = 128 << 20

// startsWith reports whether the text begins with one of the given ones, after white space.
func startsWith(in *bufio.Reader, texts ...string) bool {
	b, _ := in.Peek(512) // what is wrong comes again when it is read
	b = bytes.TrimLeft(b, " \t\r\n")
	return slices.ContainsFunc(texts, func(text string) bool { return bytes.HasPrefix(b, []byte(text)) })
}

// errNoChat is why rows of messages are not read.
func errNoChat() *CorpusError {
	return &CorpusError{Msg: fmt.Sprintf("has %q, a conversation, which only a chat template makes a text of: say --apply-chat-template", "messages")}
}
