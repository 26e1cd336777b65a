package tokenizer

import (
	"unicode"
)

func isNumber(r rune) bool { return unicode.IsNumber(r) }

func isPunctuation(r rune) bool { return unicode.IsPunct(r) || r < 128 && unicode.IsSymbol(r) }

func isMark(r rune) bool { return unicode.Is(unicode.M, r) }

func lower(r rune) rune { return unicode.ToLower(r) }

// isWordRune is \w of Unicode.
func isWordRune(r rune) bool {
	return unicode.In(r, unicode.L, unicode.M, unicode.Nd, unicode.Nl, unicode.Pc, unicode.Other_Alphabetic, unicode.Join_Control)
}
