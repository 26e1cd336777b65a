package tokenizer_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/adagp/adagp/data/tokenizer"
	"github.com/adagp/adagp/internal/golden"
)

// slowestRatio is how much longer eight times the text may take: eight in theory, a few more for sorting and
// caches, 64 for what grows with the square.
const slowestRatio = 30

// growth is by how much the time grows from n bytes of part over and over to 8n. Other processes only make
// it longer, so the best of some tries counts.
func growth(tok *tokenizer.Tokenizer, part string) float64 {
	const n = 1 << 12
	best := func(size int) time.Duration {
		text := strings.Repeat(part, size/len(part)) + "x" // so that no run reaches the end
		least := time.Hour
		for range 2 {
			begin := time.Now()
			tok.Encode(text)
			tok.EncodeSpecial(text)
			least = min(least, time.Since(begin))
		}
		return least
	}
	ratio := 1e9
	for try := 0; try < 5 && ratio > slowestRatio; try++ {
		ratio = min(ratio, float64(best(8*n))/float64(best(n)))
	}
	return ratio
}

// What a text consists of may not make it slow: one word without an end, one letter, one blank, marks that
// wait for the next one, spaces that look ahead, the beginnings of added tokens.
func TestTimeIsLinear(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 0))
	word := make([]byte, 1<<12)
	for i := range word {
		word[i] = 'a' + byte(rng.IntN(26))
	}
	parts := []string{"a", "1", " ", "\n", " \n", "\u0301", "\u0323\u0301", "'", "\xff", "\u1161", "<", "中", "中A", "▁", "A", " a", string(word)}
	added := []object{
		{"id": 3000, "content": strings.Repeat(" ", 24) + "x"}, {"id": 3001, "content": "\u0301\u0301x", "normalized": true},
		{"id": 3002, "content": "<<<<<<<<x", "lstrip": true, "rstrip": true}, {"id": 3003, "content": "▁▁▁▁x", "special": true},
	}
	opt, llama := golden.Path("tokenizers/opt-mini"), golden.Path("tokenizers/llama-mini")
	toks := map[string]*tokenizer.Tokenizer{
		"tokenizer.model": open(t, llama),
		"Llama 2":         openJSON(t, llamaJSON(t, llama, func(file, _ object) { file["added_tokens"] = added })),
	}
	split := func(expr string) object {
		return object{"type": "Split", "pattern": object{"Regex": expr}, "behavior": "Isolated"}
	}
	for name, steps := range map[string][]object{
		"GPT-2":    {{"type": "ByteLevel", "add_prefix_space": true}},
		"Llama 3":  {split(tokenizer.PatternLlama3), {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}},
		"o200k":    {split(tokenizer.PatternO200k), {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}},
		"DeepSeek": {split(`\p{N}{1,3}`), split(`\s+$`), split(`\s?\p{L}+`), {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}},
		"Falcon":   {{"type": "Punctuation", "behavior": "Contiguous"}, {"type": "ByteLevel", "add_prefix_space": false}, {"type": "Digits"}, split(`[0-9][0-9][0-9]`)},
	} {
		toks[name] = openJSON(t, byteLevelJSON(t, opt, func(file, _ object) {
			file["normalizer"] = object{"type": "NFC"}
			file["pre_tokenizer"] = object{"type": "Sequence", "pretokenizers": steps}
			file["added_tokens"] = added
			file["post_processor"] = nil
		}))
	}
	for name, tok := range toks {
		for _, part := range parts {
			if ratio := growth(tok, part); ratio > slowestRatio {
				t.Errorf("%s: eight times %.10q over and over takes %.1f times as long", name, part, ratio)
			}
		}
	}
}
