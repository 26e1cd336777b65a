package tokenizer

import (
	"strings"
	"testing"
)

func text(s string) *string { return &s }

// The values are those of the library tokenizers.
func TestPreTokenizers(t *testing.T) {
	no := false
	comma := stepPattern{String: text(",")}
	for _, c := range []struct {
		step       step
		text, want string
	}{
		{step{Type: "Split", Pattern: comma, Behavior: "Isolated"}, "a,,b,", "a|,|,|b|,"},
		{step{Type: "Split", Pattern: comma, Behavior: "Removed"}, "a,,b,", "a|b"},
		{step{Type: "Split", Pattern: comma, Behavior: "Removed", Invert: true}, "a,,b,", ",|,|,"},
		{step{Type: "Split", Pattern: comma, Behavior: "Contiguous"}, "a,,b,", "a|,,|b|,"},
		{step{Type: "Split", Pattern: comma, Behavior: "MergedWithPrevious"}, "a,,b,", "a,|,|b,"},
		{step{Type: "Split", Pattern: comma, Behavior: "MergedWithNext"}, "a,,b,", "a|,|,b|,"},
		{step{Type: "Punctuation"}, "a.,b«$", "a|.|,|b|«|$"},
		{step{Type: "Punctuation", Behavior: "Contiguous"}, "a.,b", "a|.,|b"},
		{step{Type: "Whitespace"}, "Hey there! 1_a,,b", "Hey|there|!|1_a|,,|b"},
		{step{Type: "WhitespaceSplit"}, " a\u3000b!\n", "a|b!"},
		{step{Type: "CharDelimiterSplit", Delimiter: "-"}, "a--b-", "a|b"},
		{step{Type: "Metaspace", Replacement: "▁"}, "a  b", "▁a|▁|▁b"},
		{step{Type: "Metaspace", Replacement: "_", PrependScheme: "never", Split: &no}, "a  b", "a__b"},
		{step{Type: "ByteLevel"}, "a b", " a| b"},
		{step{Type: "ByteLevel", UseRegex: &no, AddPrefixSpace: &no}, "a b", "a b"},
	} {
		if got := cutInto(t, c.text, &c.step); got != c.want {
			t.Errorf("%s %s of %q: %q, want %q", c.step.Type, c.step.Behavior, c.text, got, c.want)
		}
	}
}

func TestNormalizers(t *testing.T) {
	for _, c := range []struct {
		step       step
		text, want string
	}{
		{step{Type: "NFD"}, "é\u0958", "e\u0301\u0915\u093c"},
		{step{Type: "NFKD"}, "ﬁé", "fie\u0301"},
		{step{Type: "NFC"}, "e\u0301", "é"},
		{step{Type: "NFKC"}, "ﬁ①", "fi1"},
		{step{Type: "Lowercase"}, "ÀΣİ", "àσi\u0307"},
		{step{Type: "StripAccents"}, "e\u0301é", "eé"},
		{step{Type: "Nmt"}, "a\x01\tb\u200bc", "a b c"},
		{step{Type: "Strip", StripLeft: true}, " \u3000a ", "a "},
		{step{Type: "Strip", StripRight: true}, " a \n", " a"},
		{step{Type: "Prepend", Prepend: "▁"}, "a", "▁a"},
		{step{Type: "Prepend", Prepend: "▁"}, "", ""},
		{step{Type: "Replace", Pattern: stepPattern{String: text("aa")}, Content: "b"}, "aaaca", "baca"},
		{step{Type: "Replace", Pattern: stepPattern{Regex: text(" {2,}")}, Content: "_"}, "a   b c", "a_b c"},
	} {
		normalise, err := normalizers[c.step.Type](&c.step)
		if err != nil {
			t.Fatal(err)
		}
		if got := normalise(c.text); got != c.want {
			t.Errorf("%s of %q: %q, want %q", c.step.Type, c.text, got, c.want)
		}
	}
}

func TestDecoders(t *testing.T) {
	for _, c := range []struct {
		step   step
		tokens []string
		want   string
	}{
		{step{Type: "ByteLevel"}, []string{"Ġa", "Ã", "©", "<é €>", "Ã"}, " aé<é €>\ufffd"},
		{step{Type: "ByteFallback"}, []string{"a", "<0xC3>", "<0xa9>", "<0xE4>", "<0x41>", "b"}, "a\ufffd\ufffd\ufffd\ufffdb"},
		{step{Type: "ByteFallback"}, []string{"<0xC3>", "<0xA9>", "<0x+A>", "<0xZZ>"}, "é\n<0xZZ>"},
		{step{Type: "Metaspace", Replacement: "▁"}, []string{"▁▁a", "▁b"}, "a b"},
		{step{Type: "Metaspace", Replacement: "▁", PrependScheme: "never"}, []string{"▁a", "▁b"}, " a b"},
		{step{Type: "Strip", Content: " ", Start: 1, Stop: 2}, []string{"  a   ", " "}, " a "},
		{step{Type: "Replace", Pattern: stepPattern{String: text("▁")}, Content: " "}, []string{"▁a▁"}, " a "},
	} {
		decode, err := decoders[c.step.Type](&c.step)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(decode(append([]string(nil), c.tokens...)), ""); got != c.want {
			t.Errorf("%s of %q: %q, want %q", c.step.Type, c.tokens, got, c.want)
		}
	}
}
