// Package tokenizer reads the tokenizer files of a model folder: tokenizer.json, SentencePiece's
// tokenizer.model, or vocab.json with merges.txt.
//
// All of them run on the steps of tokenizer.json (Tokenizer) and on one byte-pair merger, and give the ids
// of the original programs. Markers such as "<s>" inside a text are ordinary characters unless the caller
// asks for them. What a file asks for and this package does not do is refused by name.
//
// The files are not trusted: sizes are bounded and everything wrong in them is a *FormatError.
package tokenizer

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/adagp/adagp/internal/inputfile"
)

// Names of the files in a model folder.
const (
	jsonFile          = "tokenizer.json"
	sentencePieceFile = "tokenizer.model"
	vocabFile         = "vocab.json"
	mergesFile        = "merges.txt"
	configFile        = "tokenizer_config.json"
)

// Bounds on the files, several times the size of the largest in use.
const (
	maxFileBytes = 128 << 20
	maxTokenID   = 1<<22 - 1
)

// FormatError reports a tokenizer file that cannot be used. It wraps the cause, if there is one;
// errors.ErrUnsupported marks a well-formed file that asks for something this package does not do.
type FormatError struct {
	File string
	Msg  string
	Err  error
}

func (e *FormatError) Error() string {
	s := "tokenizer file " + e.File + ": " + e.Msg
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *FormatError) Unwrap() error { return e.Err }

// unsupported makes the error for a feature of a file that is understood but not offered.
func unsupported(file, format string, args ...any) error {
	return &FormatError{File: file, Msg: fmt.Sprintf(format, args...), Err: errors.ErrUnsupported}
}

// malformed makes the error for a file that contradicts its format.
func malformed(file, format string, args ...any) error {
	return &FormatError{File: file, Msg: fmt.Sprintf(format, args...)}
}

// ErrNoTokenizer is wrapped by the error of Open for a folder without tokenizer files.
var ErrNoTokenizer = errors.New("no tokenizer files")

// Open builds the tokenizer of a model folder from the first of these that is there:
//
//	tokenizer.json              BPE and Unigram
//	tokenizer.model             SentencePiece BPE
//	vocab.json and merges.txt   byte-level BPE
//
// What cannot be read gives an error and never way to the next: it says more than they do, so other ids
// would come out. Whether a text gets a BOS, and which, comes from add_bos_token and bos_token of
// tokenizer_config.json, then from the post-processor of tokenizer.json, then from the habits of the
// families: LLaMA puts <s> in front, OPT </s> (id 2), GPT-2 nothing. Truncation and padding of
// tokenizer.json are not looked at, as in transformers.
func Open(fsys fs.FS) (*Tokenizer, error) {
	cfg, err := readConfig(fsys)
	if err != nil {
		return nil, err
	}
	for _, form := range []struct {
		file string
		open func(fs.FS, *config) (*Tokenizer, error)
	}{{jsonFile, openJSON}, {sentencePieceFile, openSentencePiece}, {vocabFile, openVocabMerges}} {
		if _, err := fs.Stat(fsys, form.file); !errors.Is(err, fs.ErrNotExist) {
			return form.open(fsys, cfg)
		}
	}
	return nil, fmt.Errorf("%w: want %s, %s, or %s with %s", ErrNoTokenizer, jsonFile, sentencePieceFile, vocabFile, mergesFile)
}

// readFile reads one file, refusing an empty or oversized one.
func readFile(fsys fs.FS, name string) ([]byte, error) {
	b, err := inputfile.Read(fsys, name, maxFileBytes)
	switch {
	case err != nil:
		return nil, &FormatError{File: name, Msg: "cannot read", Err: inputfile.Cause(err)}
	case len(b) == 0:
		return nil, malformed(name, "is empty")
	}
	return b, nil
}
