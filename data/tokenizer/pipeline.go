package tokenizer

import (
	"strings"
	"unicode/utf8"
)

// Tokenizer turns text into ids in the steps of tokenizer.json: added tokens are found, the text between
// them is normalised, cut into words, and each word is encoded by the model. The other forms of files are
// read into the same steps. It is a data.Cutter, and safe for concurrent use.
type Tokenizer struct {
	vocabulary
	added   *addedTokens
	pre     []preTokenizer
	model   model
	bytes   bool                // a text need not be UTF-8: bytes are encoded
	clean   func(string) string // makes a text UTF-8 otherwise
	decoder decoder
	instead map[int]string // what Decode takes for a token
	control map[int]bool   // ids without text
	bosID   int            // -1: none
	end     []int          // ids put behind a text
	fuse    int            // of several such ids in a row one is kept; -1: none is fused

	cuts     bool // see Cut
	bridges  []bridge
	prefixed bool // a text gets a space in front that stands for the one it is cut at
}

// model encodes words.
type model interface {
	// newEncoder returns a function that appends the ids of a word. It is not safe for concurrent use.
	newEncoder() func(ids []int, word string) []int
}

// Encode returns the ids of text, without BOS. Special tokens in it are ordinary characters, other added
// tokens are found.
func (t *Tokenizer) Encode(text string) []int { return t.encode(text, false) }

// EncodeSpecial is Encode that finds special tokens in the text too.
func (t *Tokenizer) EncodeSpecial(text string) []int { return t.encode(text, true) }

func (t *Tokenizer) encode(text string, special bool) []int {
	if !t.bytes && !utf8.ValidString(text) {
		text = t.clean(text)
	}
	e := newWordEncoder(text, t.model.newEncoder())
	cut := func(p piece) { e.add(p.text) }
	for i := len(t.pre) - 1; i >= 0; i-- {
		step, next := t.pre[i], cut
		cut = func(p piece) { step(p, next) }
	}
	t.added.cut(text, special, e.token, cut)
	if t.fuse >= 0 {
		return compact(e.ids, t.fuse)
	}
	return e.ids
}

// compact keeps the first of each run of id.
func compact(ids []int, id int) []int {
	kept := ids[:0]
	for i, v := range ids {
		if v != id || i == 0 || ids[i-1] != id {
			kept = append(kept, v)
		}
	}
	return kept
}

// Decode returns the text of ids. Special tokens, and ids that are not in the vocabulary, give none.
func (t *Tokenizer) Decode(ids []int) string { return t.decode(ids, false) }

// DecodeSpecial is Decode that writes special tokens out.
func (t *Tokenizer) DecodeSpecial(ids []int) string { return t.decode(ids, true) }

func (t *Tokenizer) decode(ids []int, special bool) string {
	tokens := make([]string, 0, len(ids))
	for _, id := range ids {
		token := t.Piece(id)
		if token == "" || !special && t.control[id] {
			continue
		}
		if text, ok := t.instead[id]; ok {
			token = text
		}
		tokens = append(tokens, token)
	}
	return strings.Join(t.decoder(tokens), "")
}

// Piece is the token with the given id as the file spells it; "" when there is none.
func (t *Tokenizer) Piece(id int) string {
	if id < 0 || id >= len(t.tokens) {
		return ""
	}
	return t.tokens[id]
}

// BOS returns the id put before a text, and false when there is none.
func (t *Tokenizer) BOS() (int, bool) { return t.bosID, t.bosID >= 0 }

// End returns the ids put behind a text; most models have none.
func (t *Tokenizer) End() []int { return t.end }

// VocabSize is one more than the largest id.
func (t *Tokenizer) VocabSize() int { return len(t.tokens) }
