package tokenizer

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// lastCut returns the last space in text that has a character behind it, and neither white space nor the
// mark of a blank in front. No word of any splitter and no run of blanks reaches over the place in front
// of such a space, nor one of the bridges, of whose left parts the last character is looked at alone; -1: there is none.
func lastCut(text string, bridges []bridge) int {
	for end := len(text) - 1; ; {
		end = strings.LastIndexByte(text[:max(end, 0)], ' ')
		if end <= 0 {
			return -1
		}
		r, _ := utf8.DecodeLastRuneInString(text[:end])
		over := func(b bridge) bool { return strings.HasSuffix(b.left, string(r)) }
		if !unicode.IsSpace(r) && r != '▁' && !slices.ContainsFunc(bridges, over) {
			return end
		}
	}
}

// Cut makes Tokenizer a data.Cutter. Where the normalizer puts a blank in front of every text, the one of
// the space that the text is cut at is left to it.
func (t *Tokenizer) Cut(text string) (end, next int) {
	if !t.cuts || !t.added.cuttable() || t.prefixed && t.added.plain {
		return 0, 0
	}
	at := lastCut(text, t.bridges)
	switch {
	case at < 0:
		return 0, 0
	case t.prefixed:
		return at, at + 1
	}
	return at, at
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
