package tokenizer

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// lastCut returns the last space in text that has a character behind it, and neither white space nor the
// mark of a blank in front. No word of any splitter and no run of blanks reaches over the place in front
// of such a space; -1: there is none.
func lastCut(text string) int {
	for end := len(text) - 1; ; {
		end = strings.LastIndexByte(text[:max(end, 0)], ' ')
		if end <= 0 {
			return -1
		}
		if r, _ := utf8.DecodeLastRuneInString(text[:end]); !unicode.IsSpace(r) && r != '▁' {
			return end
		}
	}
}

// cut is lastCut in the form of data.Cutter. A tokenizer that puts a space in front of every text puts the
// one of the cut there.
func cut(text string, allowed, prefixed bool) (end, next int) {
	at := lastCut(text)
	switch {
	case !allowed || at < 0:
		return 0, 0
	case prefixed:
		return at, at + 1
	}
	return at, at
}

// Cut makes byteLevel a data.Cutter.
func (t *byteLevel) Cut(text string) (end, next int) {
	return cut(text, t.added.cuttable(), t.prefix == prefixAlways)
}

// Cut makes blankBPE a data.Cutter. Of a Metaspace, a piece that begins with a space gets no other.
func (t *blankBPE) Cut(text string) (end, next int) {
	return cut(text, t.cuts && t.added.cuttable(), t.prepend)
}

// Cut makes sentencePiece a data.Cutter. A blank must be a piece, so that no run of unknown characters
// reaches over it.
func (t *sentencePiece) Cut(text string) (end, next int) {
	_, known := t.model.id(blank)
	return cut(text, t.cuts && known, t.prefix)
}

// cuttable reports whether no added token that plain text may contain can reach over a space.
func (a *addedTokens) cuttable() bool { return !a.plain || a.raw.cuttable() && a.normalised.cuttable() }

func (t *trie) cuttable() bool {
	for _, token := range t.tokens {
		if token.LStrip || token.RStrip || strings.ContainsFunc(token.Content, func(r rune) bool { return unicode.IsSpace(r) || r == '▁' }) {
			return false
		}
	}
	return true
}
