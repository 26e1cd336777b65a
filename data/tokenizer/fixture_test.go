package tokenizer_test

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/adagp/adagp/data"
	"github.com/adagp/adagp/data/tokenizer"
	"github.com/adagp/adagp/internal/golden"
)

// object is a JSON object; the fixtures are written with it the way the Hugging Face libraries
// write tokenizer.json.
type object = map[string]any

func readAll(t testing.TB, folder, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func toJSON(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// byteLevelModel makes the model of a tokenizer.json from vocab.json and merges.txt.
func byteLevelModel(t testing.TB, folder string) (model object, vocab map[string]int) {
	t.Helper()
	if err := json.Unmarshal(readAll(t, folder, "vocab.json"), &vocab); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(readAll(t, folder, "merges.txt"))), "\n")
	return object{
		"type": "BPE", "dropout": nil, "unk_token": nil, "continuing_subword_prefix": "", "end_of_word_suffix": "",
		"fuse_unk": false, "byte_fallback": false, "ignore_merges": false, "vocab": vocab, "merges": lines[1:],
	}, vocab
}

// byteLevelJSON is the tokenizer.json of an OPT or GPT-2 model; edit may change it.
func byteLevelJSON(t testing.TB, folder string, edit func(file, model object)) []byte {
	t.Helper()
	model, vocab := byteLevelModel(t, folder)
	var added []object
	for _, name := range []string{"<s>", "<pad>", "</s>", "<unk>"} {
		added = append(added, object{"id": vocab[name], "content": name, "single_word": false, "lstrip": false, "rstrip": false, "normalized": true, "special": true})
	}
	file := object{
		"version": "1.0", "truncation": nil, "padding": nil, "added_tokens": added, "normalizer": nil,
		"pre_tokenizer": object{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
		"post_processor": object{"type": "TemplateProcessing",
			"single":         []object{{"SpecialToken": object{"id": "</s>", "type_id": 0}}, {"Sequence": object{"id": "A", "type_id": 0}}},
			"special_tokens": object{"</s>": object{"id": "</s>", "ids": []int{2}, "tokens": []string{"</s>"}}}},
		"decoder": object{"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
		"model":   model,
	}
	if edit != nil {
		edit(file, model)
	}
	return toJSON(t, file)
}

// llamaJSON converts a SentencePiece model to tokenizer.json by the published rule: a merge for
// every way to put a piece together from two pieces, the best score first, then the longest parts.
func llamaJSON(t testing.TB, folder string, edit func(file, model object)) []byte {
	t.Helper()
	pieces := tokenizer.Pieces(readAll(t, folder, "tokenizer.model"))
	vocab := make(map[string]int, len(pieces))
	for id, p := range pieces {
		vocab[p.Text] = id
	}
	type scored struct {
		left, right string
		score       float32
	}
	var all []scored
	for _, p := range pieces {
		for i := range p.Text {
			left, okLeft := vocab[p.Text[:i]]
			right, okRight := vocab[p.Text[i:]]
			if i > 0 && okLeft && okRight && left > 2 && right > 2 {
				all = append(all, scored{p.Text[:i], p.Text[i:], p.Score})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b scored) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(len(b.left), len(a.left)), cmp.Compare(len(b.right), len(a.right)))
	})
	var merges []string
	for _, m := range all {
		merges = append(merges, m.left+" "+m.right)
	}
	model := object{"type": "BPE", "dropout": nil, "unk_token": "<unk>", "continuing_subword_prefix": nil, "end_of_word_suffix": nil,
		"fuse_unk": true, "byte_fallback": true, "vocab": vocab, "merges": merges}
	var added []object
	for id, name := range []string{"<unk>", "<s>", "</s>"} {
		added = append(added, object{"id": id, "content": name, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true})
	}
	file := object{
		"version": "1.0", "truncation": nil, "padding": nil, "added_tokens": added,
		"normalizer": object{"type": "Sequence", "normalizers": []object{
			{"type": "Prepend", "prepend": "▁"},
			{"type": "Replace", "pattern": object{"String": " "}, "content": "▁"}}},
		"pre_tokenizer": nil,
		"post_processor": object{"type": "TemplateProcessing",
			"single":         []object{{"SpecialToken": object{"id": "<s>", "type_id": 0}}, {"Sequence": object{"id": "A", "type_id": 0}}},
			"special_tokens": object{"<s>": object{"id": "<s>", "ids": []int{1}, "tokens": []string{"<s>"}}}},
		"decoder": object{"type": "Sequence", "decoders": []object{
			{"type": "Replace", "pattern": object{"String": "▁"}, "content": " "},
			{"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}}},
		"model": model,
	}
	if edit != nil {
		edit(file, model)
	}
	return toJSON(t, file)
}

func openJSON(t testing.TB, file []byte) *tokenizer.Tokenizer {
	t.Helper()
	tok, err := tokenizer.Open(fstest.MapFS{"tokenizer.json": {Data: file}})
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// head is what a message shows of a list of ids.
func head(ids []int) []int { return ids[:min(len(ids), 20)] }

// sameTokenizer compares got with want on the recorded strings and on the embedded texts.
func sameTokenizer(t *testing.T, got, want *tokenizer.Tokenizer) {
	t.Helper()
	texts := append(readRecorded(t).Strings, data.DefaultEvaluation().Text, data.DefaultCalibration().Text)
	for _, s := range texts {
		ids := want.Encode(s)
		if g := got.Encode(s); !slices.Equal(g, ids) {
			t.Errorf("Encode(%.80q): %d ids %d, want %d ids %d", s, len(g), head(g), len(ids), head(ids))
		}
		if g, w := got.Decode(ids), want.Decode(ids); g != w {
			t.Errorf("Decode of %.80q = %.80q, want %.80q", s, g, w)
		}
	}
	gotBOS, gotOK := got.BOS()
	wantBOS, wantOK := want.BOS()
	if gotBOS != wantBOS || gotOK != wantOK || got.VocabSize() != want.VocabSize() {
		t.Errorf("BOS %d %t and vocabulary %d, want %d %t and %d", gotBOS, gotOK, got.VocabSize(), wantBOS, wantOK, want.VocabSize())
	}
}

func TestTokenizerJSONByteLevel(t *testing.T) {
	folder := golden.Path("tokenizers/opt-mini")
	for name, edit := range map[string]func(file, model object){
		"as written by GPT-2 and OPT": nil,
		"merges as pairs": func(_, model object) {
			var pairs [][]string
			for _, m := range model["merges"].([]string) {
				pairs = append(pairs, strings.Split(m, " "))
			}
			model["merges"] = pairs
		},
		"pattern in a Split": func(file, _ object) {
			file["pre_tokenizer"] = object{"type": "Sequence", "pretokenizers": []object{
				{"type": "Split", "pattern": object{"Regex": tokenizer.PatternGPT2}, "behavior": "Isolated", "invert": false},
				{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false}}}
		},
		"pattern in a Split and again in ByteLevel": func(file, _ object) { // cuts nothing more
			file["pre_tokenizer"] = object{"type": "Sequence", "pretokenizers": []object{
				{"type": "Split", "pattern": object{"Regex": tokenizer.PatternGPT2}, "behavior": "Removed", "invert": true},
				{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}}}
		},
		"no post-processor": func(file, _ object) { file["post_processor"] = nil },
		"post-processor in a sequence": func(file, _ object) {
			file["post_processor"] = object{"type": "Sequence", "processors": []object{{"type": "ByteLevel"}, file["post_processor"].(object)}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			sameTokenizer(t, openJSON(t, byteLevelJSON(t, folder, edit)), open(t, folder))
		})
	}
}

func TestTokenizerJSONLlama(t *testing.T) {
	metaspace := func(fields object) func(file, model object) {
		return func(file, _ object) {
			fields["type"], fields["replacement"] = "Metaspace", "▁"
			file["normalizer"], file["pre_tokenizer"] = nil, fields
		}
	}
	for _, folder := range []string{golden.Path("tokenizers/llama-mini"), golden.Path("models/stories260k")} {
		t.Run(filepath.Base(folder)+"/normalizer", func(t *testing.T) {
			sameTokenizer(t, openJSON(t, llamaJSON(t, folder, nil)), open(t, folder))
		})
	}
	t.Run("llama2/normalizer", func(t *testing.T) {
		folder := golden.Shared(t, "tokenizers/llama2")
		sameTokenizer(t, openJSON(t, llamaJSON(t, folder, nil)), open(t, folder))
	})
	t.Run("metaspace", func(t *testing.T) {
		folder := golden.Path("tokenizers/llama-mini")
		got := openJSON(t, llamaJSON(t, folder, metaspace(object{"prepend_scheme": "first", "split": false})))
		want := open(t, folder)
		// Metaspace puts no second blank before a text that starts with one.
		for _, s := range append(readRecorded(t).Strings, data.DefaultEvaluation().Text) {
			ids := want.Encode(strings.TrimPrefix(s, " "))
			if strings.HasPrefix(s, "  ") {
				continue
			}
			if g := got.Encode(s); s != " " && !slices.Equal(g, ids) {
				t.Errorf("Encode(%.80q) = %d, want %d", s, head(g), head(ids))
			}
		}
	})
	t.Run("metaspace with split", func(t *testing.T) {
		got := openJSON(t, llamaJSON(t, golden.Path("tokenizers/llama-mini"), metaspace(object{"add_prefix_space": true})))
		if g, w := got.Encode("a  b"), append(got.Encode("a"), got.Encode("▁▁b")...); !slices.Equal(g, w) {
			t.Errorf("Encode(a, two blanks, b) = %v, want %v", g, w)
		}
	})
}

// Llama 3's form: its pattern, ByteLevel without one, and whole words looked up before merging.
func TestTokenizerJSONLlama3(t *testing.T) {
	folder := golden.Path("tokenizers/opt-mini")
	llama3 := func(ignoreMerges bool) []byte {
		return byteLevelJSON(t, folder, func(file, model object) {
			model["ignore_merges"] = ignoreMerges
			file["pre_tokenizer"] = object{"type": "Sequence", "pretokenizers": []object{
				{"type": "Split", "pattern": object{"Regex": tokenizer.PatternLlama3}, "behavior": "Isolated", "invert": false},
				{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false}}}
		})
	}
	opt, plain, whole := open(t, folder), openJSON(t, llama3(false)), openJSON(t, llama3(true))
	for _, s := range append(readRecorded(t).Strings, data.DefaultEvaluation().Text) {
		ids := plain.Encode(s)
		if back := plain.Decode(ids); back != s {
			t.Errorf("Decode(Encode(%.60q)) = %.60q", s, back)
		}
		// The vocabulary was trained with merges, so looking words up changes nothing.
		if g := whole.Encode(s); !slices.Equal(g, ids) {
			t.Errorf("ignore_merges: Encode(%.60q) = %d, want %d", s, head(g), head(ids))
		}
	}
	// Words that both patterns cut alike.
	for _, s := range []string{"Hello world, this is text.", "don't you? we'll see"} {
		if g, w := plain.Encode(s), opt.Encode(s); !slices.Equal(g, w) {
			t.Errorf("Encode(%q) = %v, want %v as with GPT-2's pattern", s, g, w)
		}
	}
	// And one that they do not: digits go by threes.
	if g, w := plain.Encode("12345"), append(opt.Encode("123"), opt.Encode("45")...); !slices.Equal(g, w) {
		t.Errorf("Encode(12345) = %v, want %v", g, w)
	}
}
