package tokenizer

import "strings"

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

// cutAtBlanks cuts in front of each run of blanks: "▁▁two▁words" gives "▁▁two" and "▁words". Models without
// merges over such places can take words one by one.
func cutAtBlanks(p piece, next func(piece)) {
	for text := p.text; text != ""; {
		n := len(text) - len(strings.TrimLeft(text, blank))
		if i := strings.Index(text[n:], blank); i >= 0 {
			n += i
		} else {
			n = len(text)
		}
		next(piece{text[:n], p.first && len(text) == len(p.text)})
		text = text[n:]
	}
}

// blankInside reports whether a blank follows another character in s.
func blankInside(s string) bool {
	return strings.Contains(strings.TrimLeft(s, blank), blank)
}
