package tokenizer

import (
	"strings"
	"unicode/utf8"
)

// byteRunes is GPT-2's alphabet: printable Latin-1 bytes stand for themselves, the others for the
// characters from U+0100 on.
var byteRunes = func() (runes [256]rune) {
	next := rune(256)
	for b := range runes {
		switch {
		case b >= '!' && b <= '~', b >= 0xA1 && b <= 0xAC, b >= 0xAE:
			runes[b] = rune(b)
		default:
			runes[b] = next
			next++
		}
	}
	return runes
}()

// runeBytes is the inverse of byteRunes.
var runeBytes = func() map[rune]byte {
	m := make(map[rune]byte, 256)
	for b, r := range byteRunes {
		m[r] = byte(b)
	}
	return m
}()

// spell writes bytes in the alphabet.
func spell(word string) string {
	var b strings.Builder
	for i := range len(word) {
		b.WriteRune(byteRunes[word[i]])
	}
	return b.String()
}

// unspell is the inverse of spell; false when s has a character that is not in the alphabet.
func unspell(s string) (string, bool) {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		c, ok := runeBytes[r]
		if !ok {
			return "", false
		}
		b = append(b, c)
	}
	return string(b), true
}

// replaceInvalid puts one U+FFFD in place of each malformed sequence, where the beginning of a
// character that is cut short counts as one sequence (the Unicode recommendation, and what Python
// and Rust do).
func replaceInvalid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 {
			n = malformedLen(s)
		}
		b.WriteRune(r)
		s = s[n:]
	}
	return b.String()
}

// malformedLen is the length of the malformed sequence at the start of s: the longest beginning of
// some well-formed character, or one byte.
func malformedLen(s string) int {
	for n := min(3, len(s)); n > 1; n-- {
		// s[:n] begins a character if some tail completes it. The tightest second bytes are
		// covered by trying both ends of the range of continuation bytes.
		for _, tail := range []string{"\x80\x80\x80", "\xbf\xbf\xbf"} {
			if r, size := utf8.DecodeRuneInString(s[:n] + tail); r != utf8.RuneError && size > n {
				return n
			}
		}
	}
	return 1
}
