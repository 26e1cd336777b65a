package tokenizer_test

import (
	"os"
	"slices"
	"testing"

	"github.com/adagp/adagp/internal/golden"
)

// Whole corpora in one piece: the recorded number of ids (BOS included) and the first of them.
func TestRecordedTexts(t *testing.T) {
	if testing.Short() {
		t.Skip("megabytes of text")
	}
	texts := map[string]string{
		"wikitext2-test:all":       "text/wikitext2/test.txt",
		"wikitext2-valid-tail:all": "text/heldout/wikitext2-valid-tail.txt",
		"frankenstein:32768":       "text/heldout/frankenstein.txt",
		"south:32768":              "text/heldout/south.txt",
	}
	for _, name := range []string{"stories260k", "demo-llama", "demo-opt", "llama-mini", "opt-mini"} {
		t.Run(name, func(t *testing.T) {
			var g struct {
				Perplexity map[string]struct {
					Tokens   int   `json:"tokens_in_text"`
					FirstIDs []int `json:"first_ids"`
				} `json:"perplexity"`
			}
			golden.JSON(t, golden.Shared(t, "golden/"+name+".json"), &g)
			tok := open(t, golden.Shared(t, "models/"+name))
			bos, _ := tok.BOS()
			for entry, file := range texts {
				b, err := os.ReadFile(golden.Shared(t, file))
				if err != nil {
					t.Fatal(err)
				}
				want := g.Perplexity[entry]
				ids := append([]int{bos}, tok.Encode(string(b))...)
				if len(ids) != want.Tokens || !slices.Equal(ids[:len(want.FirstIDs)], want.FirstIDs) {
					t.Errorf("%s: %d ids beginning %v, want %d beginning %v", entry, len(ids), ids[:len(want.FirstIDs)], want.Tokens, want.FirstIDs)
				}
				if got := tok.Decode(ids); got != string(b) {
					t.Errorf("%s: decoding does not give the text back (%d bytes, want %d)", entry, len(got), len(b))
				}
			}
		})
	}
}
