package tokenizer

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"
)

func TestDigits(t *testing.T) {
	for _, c := range []struct{ text, runs, single string }{
		{"a12b 345", "a|12|b |345", "a|1|2|b |3|4|5"},
		{"٣½Ⅷ²x", "٣½Ⅷ²|x", "٣|½|Ⅷ|²|x"},
		{"7", "7", "7"},
		{"none", "none", "none"},
		{"1\xff2", "1|\xff|2", "1|\xff|2"},
	} {
		for want, individual := range map[string]bool{c.runs: false, c.single: true} {
			split, err := digits(&step{IndividualDigits: individual})
			if err != nil {
				t.Fatal(err)
			}
			var words []string
			cutWords(c.text, []splitter{split}, func(w string) { words = append(words, w) })
			if got := strings.Join(words, "|"); got != want && c.runs != c.single {
				t.Errorf("individual %t: %q is cut into %q, want %q", individual, c.text, got, want)
			}
		}
	}
}

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
		{"Å \u0958", "Å \u0915\u093c"},
	} {
		if got := exactForm(norm.NFC)(c.in); got != c.want {
			t.Errorf("NFC of %+q is %+q, want %+q", c.in, got, c.want)
		}
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

// A text of a million bytes without anything to cut at takes a moment, whatever it consists of. The bound
// leaves room for a busy machine; what grows with the square would take hours.
func TestLongTexts(t *testing.T) {
	vocab := map[string]int{}
	for i, r := range byteRunes {
		vocab[string(r)] = i
	}
	vocab["aa"], vocab["11"], vocab["ĠĠ"] = 256, 257, 258
	m, err := newBPE("test", vocab)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range []string{"a", "1", "Ġ"} {
		if err := m.addMerge("test", i+1, c, c); err != nil {
			t.Fatal(err)
		}
	}
	single, _ := digits(&step{IndividualDigits: true})
	runs, _ := digits(&step{})
	for name, splits := range map[string][]splitter{"GPT-2": {splitGPT2}, "Llama 3": {splitLlama3}, "Qwen2": {splitQwen2}, "SmolLM2": {single, splitGPT2}, "digits": {runs, splitGPT2}} {
		tok := newByteLevel(m)
		tok.splits = splits
		tok.added, err = newAddedTokens("test", []addedToken{{ID: 259, Content: strings.Repeat(" ", 24) + "x"}, {ID: 260, Content: "\u0301\u0301x", Normalized: true}}, exactForm(norm.NFC))
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{"a", "1", " ", "\n", " \n", "\u0301", "\u0323\u0301", "'", "\xff", "\u1161", "<"} {
			begin := time.Now()
			size := 1 << 17
			if name == "SmolLM2" && strings.Contains("a1 ", part) {
				size = 1 << 20
			}
			text := strings.Repeat(part, size/len(part))
			if ids := tok.Encode(text); len(ids) == 0 {
				t.Errorf("%s: no ids of %q over and over", name, part)
			}
			if d := time.Since(begin); d > 20*time.Second {
				t.Errorf("%s: %d bytes of %q took %v", name, size, part, d)
			}
		}
	}
}
