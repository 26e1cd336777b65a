package pattern

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// The patterns of GPT-2, Llama 3 and Qwen2, all with this tail.
const (
	tail       = `|\s+(?!\S)|\s+`
	exprGPT2   = `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+`
	exprLlama3 = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+`
	exprQwen2  = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+`
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

func TestEqualsRegexp(t *testing.T) {
	pieces := []string{" ", "  ", "\n", "\r\n", "\t", "\u00a0", "\u2003", "\u3000", "\u0085", "a", "Zz", "é", "e\u0301", "ß", "你好", "ا", "1", "234", "½", "Ⅷ", "٤",
		"'", "'s", "'S", "'re", "'RE", "'ll", "'lL", "'ſ", "'x", "'", "ſ", "-", "...", "_", "@", "😀", "\u200d", "\x00", "\u0300", "’s", "\u200b", "\ufffd"}
	rng := rand.New(rand.NewPCG(3, 0))
	for _, s := range []struct {
		expr string
		head *regexp.Regexp
	}{{exprGPT2, headGPT2}, {exprLlama3, headLlama3}, {exprQwen2, headQwen2}} {
		p, err := Compile(s.expr + tail)
		if err != nil {
			t.Fatal(err)
		}
		for range 10000 {
			var b strings.Builder
			for range 1 + rng.IntN(8) {
				b.WriteString(pieces[rng.IntN(len(pieces))])
			}
			text := b.String()
			done := 0
			p.Each(text, func(start, end int) {
				if want := byRegexp(s.head, text[done:]); start != done || end-start != want {
					t.Fatalf("%s: match %d:%d in %q, want %d:%d", s.expr, start, end, text, done, done+want)
				}
				done = end
			})
			if done != len(text) {
				t.Fatalf("%s: the last match in %q ends at %d", s.expr, text, done)
			}
		}
	}
}
