package tokenizer

import (
	"unicode"
	"unicode/utf8"
)

// The splitters cut a text into the words that byte-level BPE works on. Each is a regular expression
// of the original tokenizer, with its look-ahead, written out as a scanner: Go's regexp has no
// look-ahead, and a scanner is linear in time whatever the text.

// patternGPT2 is the regular expression of GPT-2 and OPT; splitGPT2 returns its first match's length.
const patternGPT2 = `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`

func splitGPT2(text string) int {
	if n := contraction(text, false); n > 0 {
		return n
	}
	start := 0
	if text[0] == ' ' {
		start = 1
	}
	for _, class := range []func(rune) bool{unicode.IsLetter, unicode.IsNumber, isOther} {
		if n := run(text[start:], class); n > 0 {
			return start + n
		}
	}
	return blanksBeforeWord(text)
}

// patternLlama3 is the regular expression of Llama 3 (the one of cl100k with up to three digits).
const patternLlama3 = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`

// patternQwen2 is the regular expression of Qwen2, in which every digit is a word.
const patternQwen2 = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`

func splitLlama3(text string) int { return splitCL100k(text, 3) }

func splitQwen2(text string) int { return splitCL100k(text, 1) }

// splitCL100k matches the expressions above: at most digits of them make a word.
func splitCL100k(text string, digits int) int {
	if n := contraction(text, true); n > 0 {
		return n
	}
	first, size := utf8.DecodeRuneInString(text)
	// [^\r\n\p{L}\p{N}]?\p{L}+
	if unicode.IsLetter(first) {
		return run(text, unicode.IsLetter)
	}
	if first != '\r' && first != '\n' && !unicode.IsNumber(first) {
		if n := run(text[size:], unicode.IsLetter); n > 0 {
			return size + n
		}
	}
	// \p{N}, \p{N}{1,3}
	if unicode.IsNumber(first) {
		n := 0
		for range digits {
			r, size := utf8.DecodeRuneInString(text[n:])
			if !unicode.IsNumber(r) {
				break
			}
			n += size
		}
		return n
	}
	//  ?[^\s\p{L}\p{N}]+[\r\n]*
	start := 0
	if first == ' ' {
		start = 1
	}
	if n := run(text[start:], isOther); n > 0 {
		n += start
		return n + run(text[n:], isLineEnd)
	}
	// \s*[\r\n]+ takes the blanks up to and including the last line end in this run of blanks.
	blanks := run(text, unicode.IsSpace)
	for n := blanks; n > 0; n-- {
		if isLineEnd(rune(text[n-1])) {
			return n
		}
	}
	return blanksBeforeWord(text)
}

// blanksBeforeWord matches \s+(?!\S)|\s+: a run of blanks without its last one, which goes to the
// word behind it, unless there is no word or only one blank.
func blanksBeforeWord(text string) int {
	n := run(text, unicode.IsSpace)
	if n == len(text) {
		return n
	}
	if _, last := utf8.DecodeLastRuneInString(text[:n]); last < n {
		return n - last
	}
	return n
}

// run is the length of the longest beginning of text whose characters are all in the class.
func run(text string, class func(rune) bool) int {
	for i, r := range text {
		if !class(r) {
			return i
		}
	}
	return len(text)
}

// isOther is [^\s\p{L}\p{N}]. A byte that is not UTF-8 counts as such a character.
func isOther(r rune) bool {
	return !unicode.IsSpace(r) && !unicode.IsLetter(r) && !unicode.IsNumber(r)
}

func isLineEnd(r rune) bool { return r == '\r' || r == '\n' }

// contraction matches 's|'t|'re|'ve|'m|'ll|'d at the start of text.
func contraction(text string, foldCase bool) int {
	if len(text) < 2 || text[0] != '\'' {
		return 0
	}
	if foldCase && len(text) > 2 && text[1:3] == "ſ" {
		return 3 // the long s is an s without case
	}
	lower := func(i int) byte {
		if i >= len(text) {
			return 0
		}
		if c := text[i]; foldCase && c >= 'A' && c <= 'Z' {
			return c + 'a' - 'A'
		}
		return text[i]
	}
	switch a, b := lower(1), lower(2); {
	case a == 's', a == 't', a == 'm', a == 'd':
		return 2
	case a == 'r' && b == 'e', a == 'v' && b == 'e', a == 'l' && b == 'l':
		return 3
	}
	return 0
}
