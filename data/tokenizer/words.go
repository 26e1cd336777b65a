package tokenizer

import "strings"

// blank is how SentencePiece writes a space inside a piece.
const blank = "▁"

// maxCached bounds the words that one Encode remembers and the length of a remembered word.
const (
	maxCachedWords = 1 << 16
	maxCachedBytes = 64
)

// encodeWords cuts text into words and appends the ids of each. Language repeats itself, so the ids
// of short words are kept for the rest of the call. next returns the length of the first word of a
// non-empty text; encode appends the ids of one word.
func encodeWords(text string, next func(text string) int, encode func(ids []int, word string) []int) []int {
	ids := make([]int, 0, len(text)/3+1)
	type span struct{ start, end int } // in ids, where a word was encoded first
	seen := make(map[string]span)
	for len(text) > 0 {
		word := text[:next(text)]
		text = text[len(word):]
		if s, ok := seen[word]; ok {
			ids = append(ids, ids[s.start:s.end]...)
			continue
		}
		start := len(ids)
		ids = encode(ids, word)
		if len(word) <= maxCachedBytes && len(seen) < maxCachedWords {
			seen[word] = span{start, len(ids)}
		}
	}
	return ids
}

// nextBlankWord cuts before each run of blanks: "▁▁two▁words" gives "▁▁two" and "▁words". A merge
// can never reach over such a cut when no token holds a blank behind another character; the loaders
// check that and otherwise take the text in one piece.
func nextBlankWord(text string) int {
	n := 0
	for strings.HasPrefix(text[n:], blank) {
		n += len(blank)
	}
	if i := strings.Index(text[n:], blank); i >= 0 {
		return n + i
	}
	return len(text)
}

// nextMetaspaceWord cuts before every blank.
func nextMetaspaceWord(text string) int {
	if i := strings.Index(text[1:], blank); i >= 0 {
		return 1 + i
	}
	return len(text)
}

func wholeText(text string) int { return len(text) }

// blankInside reports whether a blank follows another character in s.
func blankInside(s string) bool {
	return strings.Contains(strings.TrimLeft(s, blank), blank)
}
