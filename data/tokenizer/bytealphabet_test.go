package tokenizer

import (
	"testing"
	"unicode/utf8"
)

func TestSpellIsInvertible(t *testing.T) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	spelled := spell(string(all))
	if n := utf8.RuneCountInString(spelled); n != 256 {
		t.Errorf("256 bytes are spelled with %d characters", n)
	}
	if back, ok := unspell(spelled); !ok || back != string(all) {
		t.Errorf("unspell(spell(b)) = %q, %t", back, ok)
	}
	if got := spell(" \n!a\xad\xff"); got != "ĠĊ!aŃÿ" {
		t.Errorf("spell = %q, want %q", got, "ĠĊ!aŃÿ")
	}
	if _, ok := unspell("a b"); ok {
		t.Error("a space is not in the alphabet")
	}
}

// The number of U+FFFD is that of Python's errors="replace".
func TestReplaceInvalid(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"good é 你 😀", "good é 你 😀"},
		{"a\x80b", "a\ufffdb"},
		{"\x80\x80", "\ufffd\ufffd"},
		{"\xe4\xbd", "\ufffd"},     // the beginning of a character, cut short
		{"\xe4\xbda", "\ufffda"},   //
		{"\xf0\x9f\x98", "\ufffd"}, //
		{"\xf0\x9f\x98\xe4\xbd", "\ufffd\ufffd"},
		{"\xc0\xaf", "\ufffd\ufffd"}, // never the beginning of one
		{"\xe0\x80\x80", "\ufffd\ufffd\ufffd"},
		{"\xed\xa0\x80", "\ufffd\ufffd\ufffd"}, // a surrogate
		{"\xf4\x90\x80\x80", "\ufffd\ufffd\ufffd\ufffd"},
		{"\xff\xfe", "\ufffd\ufffd"},
		{"\xc3", "\ufffd"},
		{"\xc3\x28", "\ufffd("},
	} {
		if got := replaceInvalid(c.in); got != c.want {
			t.Errorf("replaceInvalid(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}
