package tokenizer

import (
	"slices"
	"strings"
)

// blank is how SentencePiece writes a space inside a piece.
const blank = "▁"

// These bound the words that one Encode remembers and the length of a remembered word.
const (
	maxCachedWords = 1 << 16
	maxCachedBytes = 64
)

// wordEncoder appends the ids of words. Language repeats itself, so the ids of short words are kept for the
// rest of the text.
type wordEncoder struct {
	ids    []int
	encode func(ids []int, word string) []int // appends the ids of one word
	seen   map[string]span
}

type span struct{ start, end int } // in ids, where a word was encoded first

func newWordEncoder(text string, encode func(ids []int, word string) []int) *wordEncoder {
	return &wordEncoder{ids: make([]int, 0, len(text)/3+1), encode: encode, seen: map[string]span{}}
}

func (e *wordEncoder) add(word string) {
	if s, ok := e.seen[word]; ok {
		e.ids = append(e.ids, e.ids[s.start:s.end]...)
		return
	}
	start := len(e.ids)
	e.ids = e.encode(e.ids, word)
	if len(word) <= maxCachedBytes && len(e.seen) < maxCachedWords {
		e.seen[word] = span{start, len(e.ids)}
	}
}

// token appends one id.
func (e *wordEncoder) token(id int) { e.ids = append(e.ids, id) }

// cutAtBlanks cuts in front of each run of blanks: "▁▁two▁words" gives "▁▁two" and "▁words", but for places that one of
// the bridges spans. Models without other merges over such places can take words one by one.
func cutAtBlanks(bridges []bridge) preTokenizer {
	return func(p piece, next func(piece)) {
		text, start := p.text, 0
		for at := 0; start < len(text); {
			at += len(text[at:]) - len(strings.TrimLeft(text[at:], blank))
			if i := strings.Index(text[at:], blank); i >= 0 {
				at += i
			} else {
				at = len(text)
			}
			if at < len(text) && spanned(bridges, text, at) {
				continue
			}
			next(piece{text[start:at], p.first && start == 0})
			start = at
		}
	}
}

// spanned reports whether a bridge has its left part in front of a place in the text, and its right part behind.
func spanned(bridges []bridge, text string, at int) bool {
	return slices.ContainsFunc(bridges, func(b bridge) bool {
		return strings.HasSuffix(text[:at], b.left) && strings.HasPrefix(text[at:], b.right)
	})
}

// blankInside reports whether a blank follows another character in s.
func blankInside(s string) bool {
	return strings.Contains(strings.TrimLeft(s, blank), blank)
}
