package tokenizer

import (
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// manyMarks is how many characters in a row may depend on what is in front of them before exactForm takes
// over from package norm, which inserts U+034F into runs of about 30. Written text has two or three.
const manyMarks = 8

// exactForm is a normal form of Unicode as the library that the files are made with has it: characters that
// its version of Unicode does not know stay as they are, and nothing joins over them.
func exactForm(form norm.Form) normalizer {
	known := endlessForm(form)
	return func(text string) string {
		var b strings.Builder
		done := 0
		for i, r := range text {
			if r >= newerForms[0][0] && newerForms.has(r) {
				b.WriteString(known(text[done:i]))
				b.WriteRune(r)
				done = i + utf8.RuneLen(r)
			}
		}
		if done == 0 {
			return known(text)
		}
		b.WriteString(known(text[done:]))
		return b.String()
	}
}

// endlessForm is a normal form without a limit to the marks in a row.
func endlessForm(form norm.Form) normalizer {
	return func(text string) string {
		var b strings.Builder
		done := 0 // before this, text is in b
		start, marks := 0, 0
		flush := func(end int) {
			if marks > manyMarks {
				b.WriteString(form.String(text[done:start]))
				b.WriteString(composeMarks(form, text[start:end]))
				done = end
			}
		}
		for i, r := range text {
			if r < 0x300 || form.PropertiesString(text[i:]).BoundaryBefore() {
				flush(i)
				start, marks = i, 0
			} else {
				marks++
			}
		}
		flush(len(text))
		if done == 0 {
			return form.String(text)
		}
		b.WriteString(form.String(text[done:]))
		return b.String()
	}
}

// composeMarks normalises one segment: a character and those that depend on it, or only such. Every
// character is decomposed, marks are sorted by their class, and what can be composed again is.
func composeMarks(form norm.Form, segment string) string {
	decompose := norm.NFD
	if form == norm.NFKC || form == norm.NFKD {
		decompose = norm.NFKD
	}
	type mark struct {
		char  string
		class uint8 // 0: starts a new character
	}
	var marks []mark
	for rest := segment; rest != ""; {
		_, n := utf8.DecodeRuneInString(rest)
		for part := decompose.String(rest[:n]); part != ""; {
			_, k := utf8.DecodeRuneInString(part)
			marks = append(marks, mark{part[:k], norm.NFD.PropertiesString(part).CCC()})
			part = part[k:]
		}
		rest = rest[n:]
	}
	for lo := 0; lo < len(marks); lo++ {
		hi := lo
		for hi < len(marks) && marks[hi].class != 0 {
			hi++
		}
		slices.SortStableFunc(marks[lo:hi], func(a, b mark) int { return int(a.class) - int(b.class) })
		lo = hi
	}
	out := marks[:0]
	starter := -1 // index in out of the last character that marks can join
	for _, m := range marks {
		// A mark joins its starter unless one of its class or a higher one stands in between.
		if composes := form == norm.NFC || form == norm.NFKC; composes && starter >= 0 && (starter == len(out)-1 || out[len(out)-1].class < m.class) {
			if joined := norm.NFC.String(out[starter].char + m.char); utf8.RuneCountInString(joined) == 1 {
				out[starter].char = joined
				continue
			}
		}
		if m.class == 0 {
			starter = len(out)
		}
		out = append(out, m)
	}
	var b strings.Builder
	for _, m := range out {
		b.WriteString(m.char)
	}
	return b.String()
}
