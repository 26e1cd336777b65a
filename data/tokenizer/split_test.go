package tokenizer

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// The patterns without their last two alternatives, which need look-ahead, in Go's regexp (which is
// leftmost-first like the originals). Go's \s is ASCII only, hence the class.
const space = `\t-\r \x{85}\p{Z}`

var (
	headGPT2   = regexp.MustCompile(`^(?:'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^` + space + `\p{L}\p{N}]+)`)
	headLlama3 = regexp.MustCompile(`^(?:(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^` + space + `\p{L}\p{N}]+[\r\n]*|[` + space + `]*[\r\n]+)`)
	headQwen2  = regexp.MustCompile(strings.Replace(headLlama3.String(), `{1,3}`, "", 1))
	blanks     = regexp.MustCompile(`^[` + space + `]+`)
)

// byRegexp returns the first match of a pattern with \s+(?!\S)|\s+ behind its head.
func byRegexp(head *regexp.Regexp, text string) int {
	if m := head.FindString(text); m != "" {
		return len(m)
	}
	m := blanks.FindString(text)
	for n := len(m); n > 0; n-- { // \s+(?!\S): give back characters until no other follows
		if !utf8.RuneStart((text + " ")[n]) {
			continue
		}
		if r, _ := utf8.DecodeRuneInString(text[n:]); n == len(text) || unicode.IsSpace(r) {
			return n
		}
	}
	return len(m)
}

func TestSplittersEqualPatterns(t *testing.T) {
	pieces := []string{" ", "  ", "\n", "\r\n", "\t", "\u00a0", "\u2003", "\u3000", "\u0085", "a", "Zz", "é", "e\u0301", "ß", "你好", "ا", "1", "234", "½", "Ⅷ", "٤",
		"'", "'s", "'S", "'re", "'RE", "'ll", "'lL", "'ſ", "'x", "'", "ſ", "-", "...", "_", "@", "😀", "\u200d", "\x00", "\u0300", "’s", "\u200b", "\ufffd"}
	rng := rand.New(rand.NewPCG(3, 0))
	for _, s := range []struct {
		name  string
		split func(string) int
		head  *regexp.Regexp
	}{{"GPT-2", splitGPT2, headGPT2}, {"Llama 3", splitLlama3, headLlama3}, {"Qwen2", splitQwen2, headQwen2}} {
		for range 20000 {
			var b strings.Builder
			for range 1 + rng.IntN(8) {
				b.WriteString(pieces[rng.IntN(len(pieces))])
			}
			for text := b.String(); text != ""; {
				got, want := s.split(text), byRegexp(s.head, text)
				if got != want {
					t.Fatalf("%s: first word of %q is %q, want %q", s.name, text, text[:got], text[:want])
				}
				text = text[got:]
			}
		}
	}
}

func TestSplitters(t *testing.T) {
	for _, c := range []struct{ text, gpt2, llama3 string }{
		{"Hello world", "Hello| world", "Hello| world"},
		{"don't DON'T", "don|'t| DON|'|T", "don|'t| DON|'T"},
		{"a  b", "a| | b", "a| | b"},
		{"a\tb", "a|\t|b", "a|\tb"},
		{"x = 12345;", "x| =| 12345|;", "x| =| |123|45|;"},
		{"end  ", "end|  ", "end|  "},
		{"a \n\n b", "a| \n\n| b", "a| \n\n| b"},
		{"a \n\n  b", "a| \n\n | b", "a| \n\n| | b"},
		{"hi!!\n\nyou", "hi|!!|\n|\n|you", "hi|!!\n\n|you"},
		{"(foo)", "(|foo|)", "(foo|)"},
		{"\xff\xfea", "\xff\xfe|a", "\xff\xfe|a"},
	} {
		for _, s := range []struct {
			name  string
			split func(string) int
			want  string
		}{{"GPT-2", splitGPT2, c.gpt2}, {"Llama 3", splitLlama3, c.llama3}} {
			var words []string
			for text := c.text; text != ""; {
				n := s.split(text)
				words = append(words, text[:n])
				text = text[n:]
			}
			if got := strings.Join(words, "|"); got != s.want {
				t.Errorf("%s: %q is cut into %q, want %q", s.name, c.text, got, s.want)
			}
		}
	}
}
