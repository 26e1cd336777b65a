package tokenizer

import (
	"strings"
	"unicode/utf8"
)

// byteLevel is GPT-2's byte-level BPE: the text is cut into words, every byte of a word is written
// as a printable character, and the characters are merged.
type byteLevel struct {
	*bpe
	added   *addedTokens
	splits  []splitter   // cut a text into words, one after the other
	bytes   [256]int32   // id of every single byte; -1: has none
	prefix  prefix       // space put in front of a text
	whole   bool         // a word that is a token is not taken apart ("ignore_merges")
	control map[int]bool // ids without text
	text    []string     // what each id decodes to, as raw bytes
	bosID   int
}

// prefix says when a space is put in front of a text.
type prefix int

const (
	prefixNever       prefix = iota
	prefixAlways             // to every text but an empty one
	prefixUnlessBlank        // unless the text starts with one
)

// apply puts space in front of text.
func (p prefix) apply(space, text string) string {
	if text == "" || p == prefixNever || p == prefixUnlessBlank && strings.HasPrefix(text, space) {
		return text
	}
	return space + text
}

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

// newByteLevel looks the tokens of the bytes up. A vocabulary may lack some: trained ones have those that
// occurred.
func newByteLevel(m *bpe) *byteLevel {
	t := &byteLevel{bpe: m, added: &addedTokens{normalise: unchanged}, control: map[int]bool{}, bosID: -1}
	for b, r := range byteRunes {
		id, ok := m.ids[string(r)]
		if !ok {
			id = -1
		}
		t.bytes[b] = id
	}
	return t
}

// ready computes what ids decode to; call it when all tokens are in.
func (t *byteLevel) ready() *byteLevel {
	t.text = make([]string, len(t.tokens))
	for id, token := range t.tokens {
		if t.control[id] {
			continue
		}
		raw, ok := unspell(token)
		if !ok {
			raw = token // an added token in its own spelling
		}
		t.text[id] = raw
	}
	return t
}

func (t *byteLevel) Encode(text string) []int { return t.encode(text, false) }

// encode is Encode; with special, special tokens in the text become their ids.
func (t *byteLevel) encode(text string, special bool) []int {
	w := &merger{model: t.bpe}
	e := newWordEncoder(text, func(ids []int, word string) []int { return t.encodeWord(w, ids, word) })
	t.added.cut(text, special, e.token, func(part string, _ bool) {
		cutWords(t.prefix.apply(" ", part), t.splits, e.add)
	})
	return e.ids
}

// encodeWord appends the ids of one word.
func (t *byteLevel) encodeWord(w *merger, ids []int, word string) []int {
	if t.whole {
		if id, ok := t.ids[spell(word)]; ok {
			return append(ids, int(id))
		}
	}
	w.start()
	for i := range len(word) {
		if id := t.bytes[word[i]]; id >= 0 {
			w.push(id)
		} else {
			w.pushUnknown()
		}
	}
	return w.finish(ids)
}

func (t *byteLevel) Decode(ids []int) string {
	var b strings.Builder
	for _, id := range ids {
		if id >= 0 && id < len(t.text) {
			b.WriteString(t.text[id])
		}
	}
	return replaceInvalid(b.String())
}

func (t *byteLevel) BOS() (int, bool) { return t.bosID, t.bosID >= 0 }

func (t *byteLevel) VocabSize() int { return len(t.tokens) }

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
