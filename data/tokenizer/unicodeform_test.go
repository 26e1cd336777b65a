package tokenizer

import (
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Unicode sets no limit to the marks of a character; package norm does, and inserts U+034F.
func TestExactForm(t *testing.T) {
	acute, below := strings.Repeat("\u0301", 40), strings.Repeat("\u0323", 40)
	if norm.NFC.String("e"+acute) == "é"+acute[2:] {
		t.Error("package norm has no limit any more: exactForm is not needed")
	}
	for _, c := range []struct{ in, want string }{
		{"e" + acute, "é" + acute[2:]},
		{"xe" + acute + "e\u0301y", "xé" + acute[2:] + "éy"},
		{"e" + acute + below + "z", "ẹ\u0301"[:3] + below[2:] + acute + "z"}, // sorted by class; then only the first joins
		{acute + "e", acute + "e"},
		{"e\u0344" + acute, "ë\u0301" + acute},
		{"\u1112\u1161" + strings.Repeat("\u11ab", 40), "한" + strings.Repeat("\u11ab", 39)},
		{"\u09c7" + strings.Repeat("\u09be", 40), "\u09cb" + strings.Repeat("\u09be", 39)},
		{"e\u0301\xff" + acute, "é\xff" + acute},
		{"e\u08ca\u0301", "e\u08ca\u0301"}, // a mark of Unicode 14
		{"Å \u0958", "Å \u0915\u093c"},
	} {
		if got := exactForm(norm.NFC)(c.in); got != c.want {
			t.Errorf("NFC of %+q is %+q, want %+q", c.in, got, c.want)
		}
	}
	if got, want := exactForm(norm.NFKD)("ﬁé"+acute+below), "fie"+below+"\u0301"+acute; got != want {
		t.Errorf("NFKD: got %+q, want %+q", got, want)
	}
	if got, want := exactForm(norm.NFKC)("ﬁ"+acute), "fí"+acute[2:]; got != want {
		t.Errorf("NFKC: got %+q, want %+q", got, want)
	}
}

// composeMarks alone does what package norm does for every text with few marks.
func TestComposeMarksEqualsNorm(t *testing.T) {
	for _, s := range []string{"e\u0301\u0323", "\u1e9b\u0323", "\u0344", "\u1100\u1161\u11a8\u11a8", "a\u0323\u0307\u0301", "\u0f71\u0f72\u0f80", "\u2adc", "\U0001d15e\U0001d16e", "\u09c7\u09be\u09d7", "\ufdfa\u0301", "\u212b\u0327"} {
		for _, form := range []norm.Form{norm.NFC, norm.NFKC} {
			if got, want := composeMarks(form, s), form.String(s); got != want {
				t.Errorf("form %d of %+q is %+q, want %+q", form, s, got, want)
			}
		}
	}
}

// The tables of characters that our Unicode has and the library's has not, and the other way round, are for
// one version. With another they must be made again: compare classes and forms of all characters.
func TestUnicodeVersion(t *testing.T) {
	if unicode.Version != "15.0.0" || norm.Version != "15.0.0" {
		t.Errorf("Unicode %s, normal forms %s, want 15.0.0 as in characters.go and pattern/newer.go", unicode.Version, norm.Version)
	}
}
