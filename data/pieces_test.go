package data_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/adagp/adagp/data"
)

// pieces is letters that can be cut before every space and tells the longest text it was given.
type pieces struct {
	letters
	longest *int
}

func (p pieces) Encode(text string) []int {
	*p.longest = max(*p.longest, len(text))
	return p.letters.Encode(text)
}

func (p pieces) Cut(text string) (end, next int) {
	at := max(0, strings.LastIndexByte(text, ' '))
	return at, at
}

// A long text is not held in memory: it is read and encoded piece by piece, to the same windows.
func TestLongTextsArePieces(t *testing.T) {
	var lines, documents strings.Builder
	for i := range 400_000 {
		fmt.Fprintf(&lines, "line %d of é\n", i)
	}
	whole := lines.String()
	for i := 0; i < len(whole); i += 50_001 {
		fmt.Fprintf(&documents, "{\"text\":%q}\n", strings.ToValidUTF8(whole[i:min(i+50_000, len(whole))], "?"))
	}
	dir := t.TempDir()
	for name, content := range map[string]string{"long.txt": whole, "docs.jsonl": documents.String(), "short.txt": "Short."} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	join := func(names ...string) (paths []string) {
		for _, n := range names {
			paths = append(paths, filepath.Join(dir, n))
		}
		return paths
	}
	for _, c := range []struct {
		paths []string
		want  string // the text; "": of the first file alone
	}{
		{join("long.txt"), whole},
		{join("long.txt", "short.txt"), whole + "\n\nShort."},
		{join("short.txt", "long.txt", "short.txt"), "Short.\n\n" + whole + "\n\nShort."},
		{join("docs.jsonl"), ""},
	} {
		corpus, err := data.ReadCorpus(c.paths)
		if err != nil {
			t.Fatal(err)
		}
		if corpus.Text != "" {
			t.Fatalf("%v: %d bytes are held", c.paths, len(corpus.Text))
		}
		var longest int
		tok := pieces{letters{bos: 7}, &longest}
		set, err := data.Calibration(tok, corpus, data.Windows{Samples: 50, Length: 999, Seed: 2})
		if err != nil {
			t.Fatal(err)
		}
		windows, tokens, err := data.EvalWindows(tok, corpus, 999, 0)
		if err != nil {
			t.Fatal(err)
		}
		if longest > 2<<20 {
			t.Errorf("%v: %d bytes were encoded at once", c.paths, longest)
		}
		if c.want == "" {
			continue
		}
		held := text(c.want)
		held.Files = corpus.Files
		// letters is no Cutter: the text is encoded in one piece.
		wantSet, _ := data.Calibration(letters{bos: 7}, held, data.Windows{Samples: 50, Length: 999, Seed: 2})
		wantWindows, wantTokens, _ := data.EvalWindows(letters{bos: 7}, held, 999, 0)
		if !reflect.DeepEqual(set, wantSet) || tokens != wantTokens || !reflect.DeepEqual(windows, wantWindows) {
			t.Errorf("%v: other windows than of the text in one piece (%d tokens, want %d)", c.paths, tokens, wantTokens)
		}
		if _, _, err := data.EvalWindows(letters{bos: 7}, corpus, 999, 3); err != nil {
			t.Errorf("%v without a Cutter: %v", c.paths, err)
		}
	}
	// What is wrong far into a long text is found when it is read.
	if err := os.WriteFile(filepath.Join(dir, "bad.txt"), []byte(whole+"\xff"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := data.ReadCorpus(join("bad.txt")); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("line 400001: not UTF-8: byte 0xff at offset %d", len(whole))) {
		t.Errorf("a bad byte at the end: %v", err)
	}
	// And a text that changes meanwhile.
	corpus, err := data.ReadCorpus(join("long.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "long.txt")); err != nil {
		t.Fatal(err)
	}
	if _, err := data.Calibration(letters{}, corpus, data.Windows{Samples: 1, Length: 9}); err == nil || !strings.Contains(err.Error(), "cannot open") {
		t.Errorf("a text that is gone: %v", err)
	}
}

// ending is letters with a token behind every text.
type ending struct{ letters }

func (ending) End() []int { return []int{7} }

func TestIDs(t *testing.T) {
	c, err := data.ReadText("stdin", strings.NewReader("\ufeffab"))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := data.IDs(letters{}, c)
	if err != nil || len(plain) < 2 {
		t.Fatalf("%v, %v", plain, err)
	}
	if got, err := data.IDs(ending{}, c); err != nil || !reflect.DeepEqual(got, append(plain, 7)) {
		t.Errorf("got %v, %v, want %v and 7", got, err, plain)
	}
	if c, err := data.ReadText("stdin", strings.NewReader("")); err != nil || c.Text != "" {
		t.Errorf("an empty text: %+v, %v", c, err)
	}
	if _, err := data.ReadText("stdin", strings.NewReader("\xff")); err == nil {
		t.Error("bytes that are no text were taken")
	}
}
