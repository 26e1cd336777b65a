package tokenizer_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/adagp/adagp/data"
	"github.com/adagp/adagp/data/tokenizer"
	"github.com/adagp/adagp/internal/golden"
)

// libraryCases is golden.json: what the library tokenizers gives for a tokenizer.json. What is left out
// equals the field before it.
type libraryCases struct {
	VocabSize int `json:"vocab_size"` // tokens, without unused ids
	Strings   []struct {
		Text        string  `json:"text"`
		IDs         []int   `json:"ids"`       // special tokens in the text are found
		Plain       *[]int  `json:"ids_plain"` // they are text
		Decoded     *string `json:"decoded"`
		DecodedSkip *string `json:"decoded_skip"` // without special tokens
	} `json:"strings"`
	Decode []struct {
		IDs      []int   `json:"ids"`
		Text     string  `json:"text"`
		TextSkip *string `json:"text_skip"`
	} `json:"decode"`
}

func or[T any](p *T, otherwise T) T {
	if p != nil {
		return *p
	}
	return otherwise
}

// checkLibrary compares a tokenizer with everything that the library was asked.
func checkLibrary(t *testing.T, tok *tokenizer.Tokenizer, g libraryCases) {
	t.Helper()
	if got := tok.VocabSize(); got < g.VocabSize || len(g.Strings) == 0 || len(g.Decode) == 0 {
		t.Errorf("vocabulary of %d, want at least %d; %d strings, %d lists of ids", got, g.VocabSize, len(g.Strings), len(g.Decode))
	}
	for _, s := range g.Strings {
		if got := tok.EncodeSpecial(s.Text); !slices.Equal(got, s.IDs) {
			t.Errorf("EncodeSpecial(%.80q) = %v, want %v", s.Text, head(got), head(s.IDs))
		}
		if got, want := tok.Encode(s.Text), or(s.Plain, s.IDs); !slices.Equal(got, want) {
			t.Errorf("Encode(%.80q) = %v, want %v", s.Text, head(got), head(want))
		}
		if got, want := tok.Decode(s.IDs), or(s.DecodedSkip, or(s.Decoded, s.Text)); got != want {
			t.Errorf("Decode(%v) = %.80q, want %.80q", head(s.IDs), got, want)
		}
	}
	for _, d := range g.Decode {
		if got, want := tok.Decode(d.IDs), or(d.TextSkip, d.Text); got != want {
			t.Errorf("Decode(%v) = %q, want %q", d.IDs, got, want)
		}
	}
}

// tokenizerJSON reads the tokenizer.json of a folder, which may be packed.
func tokenizerJSON(t *testing.T, folder string) []byte {
	t.Helper()
	if _, err := os.Stat(filepath.Join(folder, "tokenizer.json")); err == nil {
		return readAll(t, folder, "tokenizer.json")
	}
	z, err := gzip.NewReader(bytes.NewReader(readAll(t, folder, "tokenizer.json.gz")))
	if err != nil {
		t.Fatal(err)
	}
	file, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// libraryFolder opens the tokenizer.json of a folder with golden.json.
func libraryFolder(t *testing.T, folder string) (*tokenizer.Tokenizer, libraryCases, error) {
	t.Helper()
	var g libraryCases
	golden.JSON(t, filepath.Join(folder, "golden.json"), &g)
	tok, err := tokenizer.Open(folderOf(map[string][]byte{"tokenizer.json": tokenizerJSON(t, folder)}))
	return tok, g, err
}

func TestLibraryIDs(t *testing.T) {
	for _, name := range []string{
		"syn-added-flags", "syn-bloom", "syn-deepseek-coder", "syn-deepseek-v3", "syn-falcon", "syn-gemma", "syn-gpt2-prefix", "syn-llama3", "syn-metaspace-always",
		"syn-mistral-metaspace", "syn-nfkc", "syn-o200k", "syn-phi3", "syn-qwen2", "syn-starcoder2", "syn-unigram", "syn-unigram-bytes",
	} {
		t.Run(name, func(t *testing.T) {
			tok, g, err := libraryFolder(t, golden.Path("tokenizers/"+name))
			if err != nil {
				t.Fatal(err)
			}
			checkLibrary(t, tok, g)
		})
	}
}

// Published tokenizers and more made ones are not part of the repository.
func TestLibraryIDsOfMoreTokenizers(t *testing.T) {
	root := golden.Shared(t, "golden/tokenizers")
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		t.Run(e.Name(), func(t *testing.T) {
			if testing.Short() && !strings.HasPrefix(e.Name(), "syn-") {
				t.Skip("megabytes of vocabulary")
			}
			tok, g, err := libraryFolder(t, filepath.Join(root, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			checkLibrary(t, tok, g)
		})
	}
}

// Whole texts with SmolLM2's tokenizer: the windows that were recorded from the library.
func TestRecordedWindowsOfSmolLM2(t *testing.T) {
	if testing.Short() {
		t.Skip("megabytes of vocabulary")
	}
	tok := openJSON(t, tokenizerJSON(t, golden.Shared(t, "real/smollm2")))
	for file, text := range map[string]string{"real/smollm2-south.jsonl": "text/heldout/south.txt", "real/smollm2-wikitext2.jsonl": "text/wikitext2/test.txt"} {
		want, err := data.ReadCorpus([]string{golden.Shared(t, file)})
		if err != nil {
			t.Fatal(err)
		}
		corpus, err := data.ReadCorpus([]string{golden.Shared(t, text)})
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := data.EvalWindows(tok, corpus, len(want.Windows[0]), len(want.Windows))
		if err != nil || !slices.EqualFunc(got, want.Windows, slices.Equal[[]int]) {
			t.Errorf("%s: the ids of %s differ (%d windows of %d, error %v)", file, text, len(got), len(want.Windows), err)
		}
	}
}
