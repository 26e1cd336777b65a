package tokenizer

import (
	"strings"
	"testing"
)

// cutInto is the words that a pre-tokenizer makes of a text, with | between them.
func cutInto(t *testing.T, text string, s *step) string {
	t.Helper()
	c, err := preTokenizers[s.Type](s)
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	c.preTokenizer(piece{text, true}, func(p piece) { words = append(words, p.text) })
	return strings.Join(words, "|")
}

func TestDigits(t *testing.T) {
	for _, c := range []struct{ text, runs, single string }{
		{"a12b 345", "a|12|b |345", "a|1|2|b |3|4|5"},
		{"٣½Ⅷ²x", "٣½Ⅷ²|x", "٣|½|Ⅷ|²|x"},
		{"7", "7", "7"},
		{"none", "none", "none"},
		{"1\xff2", "1|\xff|2", "1|\xff|2"},
	} {
		for want, individual := range map[string]bool{c.runs: false, c.single: true} {
			if got := cutInto(t, c.text, &step{Type: "Digits", IndividualDigits: individual}); got != want && c.runs != c.single {
				t.Errorf("individual %t: %q is cut into %q, want %q", individual, c.text, got, want)
			}
		}
	}
}
