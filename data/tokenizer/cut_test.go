package tokenizer_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/adagp/adagp/data/tokenizer"
	"github.com/adagp/adagp/internal/golden"
)

// samePieces compares the ids of a text that is cut wherever the tokenizer allows it with those of the whole.
func samePieces(t *testing.T, tok *tokenizer.Tokenizer, text string) (pieces int) {
	t.Helper()
	if !utf8.ValidString(text) {
		return 0 // a corpus is UTF-8
	}
	want := tok.Encode(text)
	var got []int
	rest := text
	for n := 1; n < len(rest); n++ { // the shortest piece, then the next
		if end, next := tok.Cut(rest[:n]); end > 0 {
			got, rest = append(got, tok.Encode(rest[:end])...), rest[next:]
			n = 0
			pieces++
		}
	}
	if got = append(got, tok.Encode(rest)...); !slices.Equal(got, want) {
		t.Fatalf("%.300q in %d pieces gives %v, want %v", text, pieces+1, head(got), head(want))
	}
	return pieces
}

func TestCutChangesNothing(t *testing.T) {
	llama := golden.Path("tokenizers/llama-mini")
	metaspace := func(scheme string, split bool) []byte {
		return llamaJSON(t, llama, func(file, _ object) {
			file["normalizer"] = nil
			file["pre_tokenizer"] = object{"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": split}
		})
	}
	toks := map[string]*tokenizer.Tokenizer{
		"json-llama": openJSON(t, llamaJSON(t, llama, nil)), "first": openJSON(t, metaspace("first", false)), "always": openJSON(t, metaspace("always", true)), "never": openJSON(t, metaspace("never", false)),
		"gpt2-prefix": openJSON(t, byteLevelJSON(t, golden.Path("tokenizers/opt-mini"), func(file, _ object) {
			file["pre_tokenizer"] = object{"type": "ByteLevel", "add_prefix_space": true}
		})),
	}
	for _, f := range folders {
		toks[f.name] = open(t, f.folder)
	}
	for _, name := range []string{"syn-qwen2", "syn-starcoder2", "syn-added-flags"} {
		tok, _, err := libraryFolder(t, golden.Path("tokenizers/"+name))
		if err != nil {
			t.Fatal(err)
		}
		toks[name] = tok
	}
	parts := strings.Fields("word 12 é e\u0301 don't ▁ ▁x … 你好。 \u00a0 \u3000y <mask> tok <|end|> \u0301 xyz! \u2028 \x04 \u1112\u1161\u11ab")
	parts = append(parts, " ", "  ", "\n", "\n ", " \n", "\t", "")
	for name, tok := range toks {
		rng := rand.New(rand.NewPCG(5, 0))
		pieces := 0
		for range 300 {
			var b strings.Builder
			for range 1 + rng.IntN(20) {
				b.WriteString(parts[rng.IntN(len(parts))])
				b.WriteString(strings.Repeat(" ", rng.IntN(2)))
			}
			pieces += samePieces(t, tok, b.String())
		}
		pieces += samePieces(t, tok, strings.Join(readRecorded(t).Strings, " "))
		if (pieces > 1000) != (name != "syn-added-flags") { // has added tokens that take spaces along
			t.Errorf("%s: cut into %d pieces", name, pieces)
		}
	}
}
