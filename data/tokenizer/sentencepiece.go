package tokenizer

import (
	"bytes"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/adagp/adagp/data"
	"github.com/eliben/go-sentencepiece"
)

// sentencePiece is a SentencePiece BPE model. The library does the merging; dummy prefix, cutting
// into words, runs of unknown characters and control ids are handled here.
type sentencePiece struct {
	model  *pieceModel
	proc   *sentencepiece.Processor
	prefix bool // a blank is put before every text
	next   splitter
	cuts   bool // next cuts at blanks
	bos    int
}

func openSentencePiece(fsys fs.FS, cfg *config) (data.Tokenizer, error) {
	b, err := readFile(fsys, sentencePieceFile)
	if err != nil {
		return nil, err
	}
	model, err := parsePieceModel(b)
	if err != nil {
		return nil, err
	}
	t := &sentencePiece{model: model, prefix: model.dummyPrefix, next: nextBlankWord, cuts: true}
	if cfg.AddPrefixSpace != nil {
		t.prefix = *cfg.AddPrefixSpace
	}
	if t.proc, err = newProcessor(withoutDummyPrefix(b)); err != nil {
		return nil, err
	}
	// Cutting at blanks must not change the result.
	if slices.ContainsFunc(model.pieces, func(p piece) bool { return p.mergeable() && blankInside(p.text) }) {
		t.next, t.cuts = wholeText, false
	}
	def := bosDefault{}
	if bos := model.bosID; bos >= 0 && bos < len(model.pieces) && model.pieces[bos].kind == pieceControl {
		def = bosDefault{on: true, token: model.pieces[bos].text}
	}
	if t.bos, err = cfg.bos(def, model.id); err != nil {
		return nil, err
	}
	return t, nil
}

// newProcessor hands the model to the library, whose panics become errors.
func newProcessor(model []byte) (proc *sentencepiece.Processor, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = malformed(sentencePieceFile, "the library cannot read it: %v", r)
		}
	}()
	proc, err = sentencepiece.NewProcessor(bytes.NewReader(model))
	if err != nil {
		return nil, &FormatError{File: sentencePieceFile, Msg: "not a usable model", Err: err}
	}
	return proc, nil
}

func (t *sentencePiece) Encode(text string) []int {
	if text == "" {
		return []int{}
	}
	if !utf8.ValidString(text) {
		text = string([]rune(text)) // each stray byte becomes U+FFFD, as in SentencePiece
	}
	if t.prefix {
		text = " " + text
	}
	text = strings.ReplaceAll(text, " ", blank)
	e := newWordEncoder(text, func(ids []int, word string) []int {
		for _, token := range t.proc.Encode(word) {
			ids = append(ids, token.ID)
		}
		return ids
	})
	cutWords(text, []splitter{t.next}, e.add)
	ids := e.ids
	if t.model.byteFallback {
		return ids
	}
	// SentencePiece makes one unknown id of a run of unknown characters.
	return slices.CompactFunc(ids, func(a, b int) bool { return a == b && a == t.model.unknownID })
}

func (t *sentencePiece) Decode(ids []int) string {
	known := make([]int, 0, len(ids))
	for _, id := range ids {
		if id >= 0 && id < len(t.model.pieces) && t.model.pieces[id].kind != pieceControl {
			known = append(known, id)
		}
	}
	text := t.proc.Decode(known)
	if t.prefix && len(known) > 0 && strings.HasPrefix(t.model.pieces[known[0]].text, blank) {
		text = strings.TrimPrefix(text, " ")
	}
	return text
}

func (t *sentencePiece) BOS() (int, bool) { return t.bos, t.bos >= 0 }

func (t *sentencePiece) VocabSize() int { return len(t.model.pieces) }

func (t *sentencePiece) String() string {
	return fmt.Sprintf("SentencePiece BPE, %d pieces", len(t.model.pieces))
}
