package tokenizer_test

import (
	"os"
	"slices"
	"testing"

	"github.com/adagp/adagp/data/tokenizer"
	"github.com/adagp/adagp/internal/golden"
)

// recorded is testdata/tokenizers/tokenizers.json: strings, and for every tokenizer their ids and
// what these decode to.
type recorded struct {
	Strings []string            `json:"strings"`
	IDs     map[string][][]int  `json:"ids"`
	Decoded map[string][]string `json:"decoded"`
}

func readRecorded(t testing.TB) recorded {
	t.Helper()
	var g recorded
	golden.JSON(t, golden.Path("tokenizers/tokenizers.json"), &g)
	if len(g.Strings) == 0 {
		t.Fatal("no recorded strings")
	}
	return g
}

// folders of the tokenizers in the repository, by the name they are recorded under.
var folders = []struct{ name, folder string }{
	{"stories260k", golden.Path("models/stories260k")},
	{"llama-mini", golden.Path("tokenizers/llama-mini")},
	{"opt-mini", golden.Path("tokenizers/opt-mini")},
}

func open(t testing.TB, folder string) *tokenizer.Tokenizer {
	t.Helper()
	tok, err := tokenizer.Open(os.DirFS(folder))
	if err != nil {
		t.Fatalf("%s: %v", folder, err)
	}
	return tok
}

// checkRecorded compares a tokenizer with all recorded strings.
func checkRecorded(t *testing.T, tok *tokenizer.Tokenizer, name string) {
	t.Helper()
	g := readRecorded(t)
	for i, s := range g.Strings {
		want := g.IDs[name][i]
		if got := tok.Encode(s); !slices.Equal(got, want) {
			t.Errorf("Encode(%q) = %v, want %v", s, got, want)
		}
		if got := tok.Decode(want); got != g.Decoded[name][i] {
			t.Errorf("Decode(%v) = %q, want %q", want, got, g.Decoded[name][i])
		}
	}
}

func TestRecordedIDs(t *testing.T) {
	for _, f := range folders {
		t.Run(f.name, func(t *testing.T) { checkRecorded(t, open(t, f.folder), f.name) })
	}
}

// The published tokenizers of LLaMA and OPT are not part of the repository.
func TestRecordedIDsOfLargeTokenizers(t *testing.T) {
	for _, name := range []string{"llama2", "opt"} {
		t.Run(name, func(t *testing.T) { checkRecorded(t, open(t, golden.Shared(t, "tokenizers/"+name)), name) })
	}
}
