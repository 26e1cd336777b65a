package tokenizer_test

import (
	"slices"
	"testing"

	"github.com/adagp/adagp/data/tokenizer"
)

// Byte-level vocabularies hold the bytes that occurred in training. The ids are those of the library
// tokenizers: an unknown token for each missing byte, or for each run of them within a word with fuse_unk,
// or nothing.
func TestMissingBytes(t *testing.T) {
	vocab := map[string]int{"a": 0, "b": 1, "Ġ": 2, "ab": 3, "Ġa": 4, "?": 5}
	file := func(unk any, fuse bool) []byte {
		return toJSON(t, object{
			"pre_tokenizer": object{"type": "ByteLevel", "add_prefix_space": false, "use_regex": true},
			"model":         object{"type": "BPE", "unk_token": unk, "fuse_unk": fuse, "vocab": vocab, "merges": []string{"a b", "Ġ a"}}})
	}
	slow := folderOf(map[string][]byte{"vocab.json": toJSON(t, vocab), "merges.txt": []byte("a b\nĠ a\n")})
	for _, c := range []struct {
		text                    string
		nothing, unknown, fused []int
	}{
		{"ab a", []int{3, 4}, []int{3, 4}, []int{3, 4}},
		{"ayb", []int{3}, []int{0, 5, 1}, []int{0, 5, 1}}, // nothing: a and b become neighbours
		{"yy", []int{}, []int{5, 5}, []int{5}},
		{"yyy yay", []int{4}, []int{5, 5, 5, 2, 5, 0, 5}, []int{5, 2, 5, 0, 5}},
		{"é\x04", []int{}, []int{5, 5, 5}, []int{5, 5}}, // two words
		{"\xff\x00a", []int{0}, []int{5, 5, 0}, []int{5, 0}},
	} {
		for name, k := range map[string]struct {
			unk  any
			fuse bool
			want []int
		}{"no unk_token": {nil, true, c.nothing}, "unk_token": {"?", false, c.unknown}, "fuse_unk": {"?", true, c.fused}} {
			if got := openJSON(t, file(k.unk, k.fuse)).Encode(c.text); !slices.Equal(got, k.want) {
				t.Errorf("%s: Encode(%q) = %v, want %v", name, c.text, got, k.want)
			}
		}
		tok, err := tokenizer.Open(slow)
		if err != nil {
			t.Fatal(err)
		}
		if got := tok.Encode(c.text); !slices.Equal(got, c.nothing) {
			t.Errorf("vocab.json: Encode(%q) = %v, want %v", c.text, got, c.nothing)
		}
	}
}
