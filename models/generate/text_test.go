package generate

import (
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/adagp/adagp/data/tokenizer"
	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/models/demo"
)

// bytesTokenizer has a token for every byte and puts U+FFFD in place of what is no UTF-8.
type bytesTokenizer struct{}

func (bytesTokenizer) Decode(ids []int) string {
	var b strings.Builder
	for _, id := range ids {
		b.WriteByte(byte(id))
	}
	return strings.ToValidUTF8(b.String(), "\ufffd")
}

// play feeds ids to a stream and returns the pieces.
func play(s *stream, ids []int) (pieces []string) {
	for _, id := range ids {
		if piece := s.add(id); piece != "" {
			pieces = append(pieces, piece)
		}
		if s.stopped {
			break
		}
	}
	if piece := s.finish(); piece != "" {
		pieces = append(pieces, piece)
	}
	return pieces
}

func toIDs(text string) []int {
	ids := make([]int, len(text))
	for i := range len(text) {
		ids[i] = int(text[i])
	}
	return ids
}

// Bytes become characters, and no piece has a part of one.
func TestStreamCharacters(t *testing.T) {
	for _, text := range []string{"plain", "grüße", "日本語", "a👍🏽b", "\u00a0é", "👍"} {
		for _, prompt := range []string{"", "ü", "long prompt 👍"} {
			pieces := play(newStream(bytesTokenizer{}, nil, toIDs(prompt)), toIDs(text))
			if got := strings.Join(pieces, ""); got != text {
				t.Errorf("%q behind %q: got %q", text, prompt, pieces)
			}
			for _, p := range pieces {
				if !utf8.ValidString(p) || strings.Contains(p, "\ufffd") {
					t.Errorf("%q: piece %q", text, p)
				}
			}
		}
	}
	// What is no UTF-8 is shown as such, at the latest at the end.
	if got := strings.Join(play(newStream(bytesTokenizer{}, nil, nil), []int{'a', 0xe6, 0x97}), ""); !strings.HasPrefix(got, "a\ufffd") {
		t.Errorf("half a character: got %q", got)
	}
}

// Stop strings are found wherever tokens cut them, and nothing of them is shown.
func TestStreamStop(t *testing.T) {
	for _, c := range []struct {
		text string
		stop []string
		want string
	}{
		{"one two three", []string{"two"}, "one "},
		{"one two three", []string{"three", "wo t"}, "one t"},
		{"ababac", []string{"abac"}, "ab"},
		{"aab", []string{"aaab"}, "aab"},
		{"x\n\ny", []string{"\n\n"}, "x"},
		{"größe", []string{"ße"}, "grö"},
		{"stop", []string{"stop"}, ""},
		{"almost sto", []string{"stop"}, "almost sto"},
		{"first then second", []string{"second", "then"}, "first "},
	} {
		if got := strings.Join(play(newStream(bytesTokenizer{}, c.stop, nil), toIDs(c.text)), ""); got != c.want {
			t.Errorf("%q with stop %q: got %q, want %q", c.text, c.stop, got, c.want)
		}
	}
}

// Streamed pieces are what the tokenizer makes of all tokens at once, blanks in front included.
func TestStreamTokenizers(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 1))
	llama, _ := demo.FS("llama")
	opt, _ := demo.FS("opt")
	for _, fsys := range []interface {
		Decode([]int) string
		Encode(string) []int
	}{
		mustOpen(tokenizer.Open(os.DirFS(golden.Path("models/stories260k")))), mustOpen(tokenizer.Open(llama)), mustOpen(tokenizer.Open(opt)),
	} {
		tok := fsys
		for _, text := range []string{"Once upon a time, there was a girl.", " leading blank", "x  y\n\nz", "naïve – “quotes” 日本 👍", "don't stop"} {
			ids := tok.Encode(text)
			for range 10 {
				cut := rng.IntN(len(ids))
				got := strings.Join(play(newStream(tok, nil, ids[:cut]), ids[cut:]), "")
				if want := tok.Decode(ids); tok.Decode(ids[:cut])+got != want && !strings.Contains(tok.Decode(ids[:cut]), "\ufffd") {
					t.Errorf("%v: %q cut at %d: %q and %q, want %q", tok, text, cut, tok.Decode(ids[:cut]), got, want)
				}
			}
		}
	}
}

func mustOpen[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

func TestReadEOS(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	for _, c := range []struct {
		name  string
		files fstest.MapFS
		want  []int
		bad   bool
	}{
		{"no files", fstest.MapFS{}, nil, false},
		{"one", fstest.MapFS{"config.json": file(`{"eos_token_id":2}`)}, []int{2}, false},
		{"several", fstest.MapFS{"config.json": file(`{"eos_token_id":[2,5]}`)}, []int{2, 5}, false},
		{"generation first", fstest.MapFS{"config.json": file(`{"eos_token_id":2}`), "generation_config.json": file(`{"eos_token_id":[7]}`)}, []int{7}, false},
		{"generation silent", fstest.MapFS{"config.json": file(`{"eos_token_id":2}`), "generation_config.json": file(`{}`)}, []int{2}, false},
		{"null", fstest.MapFS{"config.json": file(`{"eos_token_id":null}`)}, nil, false},
		{"null in a list", fstest.MapFS{"config.json": file(`{"eos_token_id":[2,null]}`)}, nil, true},
		{"text", fstest.MapFS{"config.json": file(`{"eos_token_id":"</s>"}`)}, nil, true},
		{"negative", fstest.MapFS{"config.json": file(`{"eos_token_id":-1}`)}, nil, true},
		{"no JSON", fstest.MapFS{"generation_config.json": file(`{`)}, nil, true},
	} {
		got, err := ReadEOS(c.files)
		if (err != nil) != c.bad || len(got) != len(c.want) {
			t.Errorf("%s: got %v, %v, want %v", c.name, got, err, c.want)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: got %v, want %v", c.name, got, c.want)
			}
		}
	}
}
