package tokenizer_test

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/adagp/adagp/data/tokenizer"
	"github.com/adagp/adagp/internal/golden"
)

// folderOf makes a model folder from names and contents; a nil content leaves the file out.
func folderOf(files map[string][]byte) fs.FS {
	m := fstest.MapFS{}
	for name, b := range files {
		if b != nil {
			m[name] = &fstest.MapFile{Data: b}
		}
	}
	return m
}

func TestBOS(t *testing.T) {
	llama, opt := golden.Path("tokenizers/llama-mini"), golden.Path("tokenizers/opt-mini")
	model := readAll(t, llama, "tokenizer.model")
	vocab, merges := readAll(t, opt, "vocab.json"), readAll(t, opt, "merges.txt")
	gpt2 := []byte(strings.NewReplacer(`"<s>"`, `"<a>"`, `"</s>"`, `"<b>"`).Replace(string(vocab)))
	template := func(single []object) []byte {
		return byteLevelJSON(t, opt, func(file, _ object) {
			file["post_processor"] = object{"type": "TemplateProcessing", "single": single}
		})
	}
	roberta := byteLevelJSON(t, opt, func(file, _ object) {
		file["post_processor"] = object{"type": "RobertaProcessing", "sep": []any{"</s>", 2}, "cls": []any{"<s>", 0}}
	})
	none := byteLevelJSON(t, opt, func(file, _ object) { file["post_processor"] = nil })
	for _, c := range []struct {
		name  string
		files map[string][]byte
		want  int // -1: none
	}{
		{"LLaMA, no config", map[string][]byte{"tokenizer.model": model}, 1},
		{"LLaMA, config says nothing", map[string][]byte{"tokenizer.model": model, "tokenizer_config.json": []byte(`{"tokenizer_class":"LlamaTokenizer"}`)}, 1},
		{"LLaMA, off", map[string][]byte{"tokenizer.model": model, "tokenizer_config.json": []byte(`{"add_bos_token":false,"bos_token":"<s>"}`)}, -1},
		{"LLaMA, another token", map[string][]byte{"tokenizer.model": model, "tokenizer_config.json": []byte(`{"add_bos_token":true,"bos_token":"</s>"}`)}, 2},
		{"OPT, no config", map[string][]byte{"vocab.json": vocab, "merges.txt": merges}, 2},
		{"OPT, token as object", map[string][]byte{"vocab.json": vocab, "merges.txt": merges,
			"tokenizer_config.json": []byte(`{"add_bos_token":true,"bos_token":{"__type":"AddedToken","content":"</s>","lstrip":false}}`)}, 2},
		{"OPT, off", map[string][]byte{"vocab.json": vocab, "merges.txt": merges, "tokenizer_config.json": []byte(`{"add_bos_token":false}`)}, -1},
		{"GPT-2, no config", map[string][]byte{"vocab.json": gpt2, "merges.txt": merges}, -1},
		{"GPT-2, on", map[string][]byte{"vocab.json": gpt2, "merges.txt": merges, "tokenizer_config.json": []byte(`{"add_bos_token":true,"bos_token":"<b>"}`)}, 2},
		{"tokenizer.json, template", map[string][]byte{"tokenizer.json": template([]object{{"SpecialToken": object{"id": "<unk>"}}, {"Sequence": object{"id": "A"}}})}, 3},
		{"tokenizer.json, template without", map[string][]byte{"tokenizer.json": template([]object{{"Sequence": object{"id": "A"}}})}, -1},
		{"tokenizer.json, config decides", map[string][]byte{"tokenizer.json": template([]object{{"Sequence": object{"id": "A"}}}), "tokenizer_config.json": []byte(`{"add_bos_token":true,"bos_token":"<s>"}`)}, 0},
		{"tokenizer.json, roberta", map[string][]byte{"tokenizer.json": roberta}, 0},
		{"tokenizer.json, OPT without post-processor", map[string][]byte{"tokenizer.json": none}, 2},
		{"tokenizer.json, LLaMA", map[string][]byte{"tokenizer.json": llamaJSON(t, llama, func(file, _ object) { file["post_processor"] = nil })}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			tok, err := tokenizer.Open(folderOf(c.files))
			if err != nil {
				t.Fatal(err)
			}
			id, ok := tok.BOS()
			if !ok {
				id = -1
			}
			if id != c.want {
				t.Errorf("BOS %d, want %d", id, c.want)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	opt, llama := golden.Path("tokenizers/opt-mini"), golden.Path("tokenizers/llama-mini")
	vocab, merges := readAll(t, opt, "vocab.json"), readAll(t, opt, "merges.txt")
	json := func(edit func(file, model object)) map[string][]byte {
		return map[string][]byte{"tokenizer.json": byteLevelJSON(t, opt, edit)}
	}
	blank := func(edit func(file, model object)) map[string][]byte {
		return map[string][]byte{"tokenizer.json": llamaJSON(t, llama, edit)}
	}
	pre := func(steps ...object) func(file, model object) {
		return func(file, _ object) {
			file["pre_tokenizer"] = object{"type": "Sequence", "pretokenizers": steps}
		}
	}
	split := func(regex string) object {
		return object{"type": "Split", "pattern": object{"Regex": regex}, "behavior": "Isolated"}
	}
	for _, c := range []struct {
		name  string
		files map[string][]byte
		file  string   // named by the error
		says  []string // parts of the message
	}{
		{"vocab without merges", map[string][]byte{"vocab.json": vocab}, "merges.txt", []string{"cannot read"}},
		{"vocab empty", map[string][]byte{"vocab.json": {}, "merges.txt": merges}, "vocab.json", []string{"is empty"}},
		{"vocab not JSON", map[string][]byte{"vocab.json": []byte("{"), "merges.txt": merges}, "vocab.json", []string{"malformed JSON"}},
		{"vocab a list", map[string][]byte{"vocab.json": []byte(`["a"]`), "merges.txt": merges}, "vocab.json", []string{"want an object, got a list"}},
		{"vocab null", map[string][]byte{"vocab.json": []byte(`null`), "merges.txt": merges}, "vocab.json", []string{"no vocabulary"}},
		{"vocab, negative id", map[string][]byte{"vocab.json": []byte(`{"a":-1}`), "merges.txt": merges}, "vocab.json", []string{`"a"`, "-1"}},
		{"vocab, huge id", map[string][]byte{"vocab.json": []byte(`{"a":99999999999}`), "merges.txt": merges}, "vocab.json", []string{`"a"`, "99999999999"}},
		{"vocab, id twice", map[string][]byte{"vocab.json": []byte(`{"a":1,"b":1}`), "merges.txt": merges}, "vocab.json", []string{"id 1", `"a"`, `"b"`}},
		{"vocab, empty token", map[string][]byte{"vocab.json": []byte(`{"":1}`), "merges.txt": merges}, "vocab.json", []string{"id 1", "empty"}},
		{"vocab of another alphabet", map[string][]byte{"vocab.json": []byte(`{"▁a":0,"a":1}`), "merges.txt": []byte("#version: 0.2\n")}, "vocab.json", []string{"without a token for the space"}},
		{"merge of one", map[string][]byte{"vocab.json": vocab, "merges.txt": []byte("#version: 0.2\nĠ t\nthe\n")}, "merges.txt", []string{"line 3", `"the"`}},
		{"merge unknown", map[string][]byte{"vocab.json": vocab, "merges.txt": []byte("Ġ qqqq\n")}, "merges.txt", []string{"merge 1", `"qqqq"`}},
		{"merge result unknown", map[string][]byte{"vocab.json": vocab, "merges.txt": []byte("q q\n")}, "merges.txt", []string{`"qq"`}},
		{"config not JSON", map[string][]byte{"vocab.json": vocab, "merges.txt": merges, "tokenizer_config.json": []byte("x")}, "tokenizer_config.json", []string{"malformed JSON"}},
		{"config, BOS unknown", map[string][]byte{"vocab.json": vocab, "merges.txt": merges, "tokenizer_config.json": []byte(`{"add_bos_token":true,"bos_token":"<x>"}`)}, "tokenizer_config.json", []string{"<x>"}},
		{"config, BOS a number", map[string][]byte{"vocab.json": vocab, "merges.txt": merges, "tokenizer_config.json": []byte(`{"bos_token":7}`)}, "tokenizer_config.json", []string{"want a token as a string"}},
		{"json cut short", map[string][]byte{"tokenizer.json": []byte(`{"model":`)}, "tokenizer.json", []string{"malformed JSON"}},
		{"json without model", map[string][]byte{"tokenizer.json": []byte(`{}`)}, "tokenizer.json", []string{"no model"}},
		{"json, WordPiece", json(func(_, m object) { m["type"] = "WordPiece" }), "tokenizer.json", []string{"WordPiece", "want BPE or Unigram"}},
		{"json, Unigram without unk_id", map[string][]byte{"tokenizer.json": []byte(`{"model":{"type":"Unigram","vocab":[["a",-1.0]]}}`)}, "tokenizer.json", []string{"Unigram", "unk_id"}},
		{"json, Unigram, a token twice", map[string][]byte{"tokenizer.json": []byte(`{"model":{"type":"Unigram","unk_id":0,"vocab":[["a",-1.0],["a",-2]]}}`)}, "tokenizer.json", []string{`"a" comes twice`}},
		{"json, Unigram, no pairs", map[string][]byte{"tokenizer.json": []byte(`{"model":{"type":"Unigram","unk_id":0,"vocab":[["a"]]}}`)}, "tokenizer.json", []string{`["token", score]`}},
		{"json, template of two", json(func(f, _ object) {
			f["post_processor"] = object{"type": "TemplateProcessing", "single": []object{{"SpecialToken": object{"id": "<s>"}}, {"SpecialToken": object{"id": "<pad>"}}, {"Sequence": object{"id": "A"}}}}
		}), "tokenizer.json", []string{"post_processor", `["<s>" "<pad>"]`}},
		{"json, template without text", json(func(f, _ object) {
			f["post_processor"] = object{"type": "TemplateProcessing", "single": []object{{"SpecialToken": object{"id": "<s>"}}}}
		}), "tokenizer.json", []string{"0 Sequences"}},
		{"json, end unknown", json(func(f, _ object) {
			f["post_processor"] = object{"type": "TemplateProcessing", "single": []object{{"Sequence": object{"id": "A"}}, {"SpecialToken": object{"id": "<zzz>"}}}}
		}), "tokenizer.json", []string{"<zzz>"}},
		{"json, Metaspace of two", json(pre(object{"type": "Metaspace", "replacement": "ab"})), "tokenizer.json", []string{"Metaspace", `"ab"`}},
		{"json, prepend_scheme", json(pre(object{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "last"})), "tokenizer.json", []string{"prepend_scheme", "last"}},
		{"json, Replace without a pattern", json(func(f, _ object) { f["normalizer"] = object{"type": "Replace"} }), "tokenizer.json", []string{"Replace without a pattern"}},
		{"json, Replace with a pattern beyond us", json(func(f, _ object) {
			f["normalizer"] = object{"type": "Replace", "pattern": object{"Regex": "(?<=a)b"}}
		}), "tokenizer.json", []string{"Replace", "(?<=a)b"}},
		{"json, dropout", json(func(_, m object) { m["dropout"] = 0.1 }), "tokenizer.json", []string{"dropout 0.1"}},
		{"json, suffix", json(func(_, m object) { m["end_of_word_suffix"] = "</w>" }), "tokenizer.json", []string{"</w>"}},
		{"json, merge of three", json(func(_, m object) { m["merges"] = []any{[]string{"a", "b", "c"}} }), "tokenizer.json", []string{"a merge must be"}},
		{"json, unknown unk", json(func(_, m object) { m["unk_token"] = "<zzz>" }), "tokenizer.json", []string{"<zzz>"}},
		{"json, added id taken", json(func(f, _ object) { f["added_tokens"] = []object{{"id": 5, "content": "<new>"}} }), "tokenizer.json", []string{"id 5"}},
		{"json, normalizer", json(func(f, _ object) { f["normalizer"] = object{"type": "BertNormalizer"} }), "tokenizer.json", []string{"normalizer BertNormalizer", "NFC"}},
		{"json, other pattern", json(pre(split(`\w+`), object{"type": "ByteLevel", "use_regex": false, "add_prefix_space": false})), "tokenizer.json", []string{`\\w+`}},
		{"json, behavior", json(pre(object{"type": "Split", "pattern": object{"Regex": tokenizer.PatternGPT2}, "behavior": "Sideways"}, object{"type": "ByteLevel"})), "tokenizer.json", []string{"pre_tokenizer Split", "Sideways", "MergedWithNext"}},
		{"json, decoder", json(func(f, _ object) { f["decoder"] = object{"type": "WordPiece"} }), "tokenizer.json", []string{"decoder WordPiece"}},
		{"json, added token of a kilobyte", json(func(f, _ object) {
			f["added_tokens"] = []object{{"id": 4000, "content": strings.Repeat("x", 1025)}}
		}), "tokenizer.json", []string{"added token 4000", "1025 bytes"}},
		{"json, post-processor", json(func(f, _ object) { f["post_processor"] = object{"type": "Mystery"} }), "tokenizer.json", []string{"Mystery"}},
		{"json, whitespace", blank(func(f, _ object) { f["pre_tokenizer"] = object{"type": "UnicodeScripts"} }), "tokenizer.json", []string{"pre_tokenizer UnicodeScripts", "Digits"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := tokenizer.Open(folderOf(c.files))
			var bad *tokenizer.FormatError
			if !errors.As(err, &bad) || bad.File != c.file {
				t.Fatalf("got %v, want a *FormatError naming %s", err, c.file)
			}
			for _, part := range c.says {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %q does not say %q", err, part)
				}
			}
		})
	}
	if _, err := tokenizer.Open(folderOf(nil)); !errors.Is(err, tokenizer.ErrNoTokenizer) {
		t.Errorf("empty folder: got %v, want ErrNoTokenizer", err)
	}
}

// Other files beside a tokenizer.json say less than it does, so they never stand in for one that is refused.
func TestOpenNeverFallsBack(t *testing.T) {
	opt, llama := golden.Path("tokenizers/opt-mini"), golden.Path("tokenizers/llama-mini")
	scripts := byteLevelJSON(t, opt, func(file, _ object) { file["pre_tokenizer"] = object{"type": "UnicodeScripts"} })
	unigram := []byte("\n\x09\n\x05<unk>\x18\x02") // the default model type
	for _, c := range []struct {
		name  string
		files map[string][]byte
		says  string
	}{
		{"tokenizer.json", map[string][]byte{"tokenizer.json": scripts, "tokenizer.model": readAll(t, llama, "tokenizer.model")}, "pre_tokenizer UnicodeScripts"},
		{"tokenizer.model", map[string][]byte{"tokenizer.model": unigram}, "model type 1"},
	} {
		c.files["vocab.json"], c.files["merges.txt"] = readAll(t, opt, "vocab.json"), readAll(t, opt, "merges.txt")
		_, err := tokenizer.Open(folderOf(c.files))
		if !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), c.name) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want a refusal that says %q", c.name, err, c.says)
		}
	}
}

// Special tokens in a text are found where the caller asks for it, whatever file they come from.
func TestEncodeSpecial(t *testing.T) {
	opt, llama := golden.Path("tokenizers/opt-mini"), golden.Path("tokenizers/llama-mini")
	for name, files := range map[string]map[string][]byte{
		"tokenizer.model": {"tokenizer.model": readAll(t, llama, "tokenizer.model")},
		"tokenizer.json":  {"tokenizer.json": byteLevelJSON(t, opt, nil)},
		"vocab.json":      {"vocab.json": readAll(t, opt, "vocab.json"), "merges.txt": readAll(t, opt, "merges.txt"), "tokenizer_config.json": []byte(`{"eos_token":"</s>"}`)},
	} {
		tok, err := tokenizer.Open(folderOf(files))
		if err != nil {
			t.Fatal(err)
		}
		ids := tok.EncodeSpecial("the cat</s>")
		if want := append(tok.Encode("the cat"), 2); !slices.Equal(ids, want) || slices.Contains(tok.Encode("the cat</s>"), 2) {
			t.Errorf("%s: %v, want %v", name, ids, want)
		}
		if got := tok.DecodeSpecial(ids); got != "the cat</s>" || tok.Decode(ids) != "the cat" || tok.Piece(2) != "</s>" || tok.Piece(-1) != "" {
			t.Errorf("%s: DecodeSpecial %q, Decode %q, piece 2 %q", name, got, tok.Decode(ids), tok.Piece(2))
		}
	}
}

// The tokens of the template behind a text.
func TestEnd(t *testing.T) {
	for name, c := range map[string]struct {
		post any
		want []int
	}{
		"none":     {nil, nil},
		"template": {object{"type": "TemplateProcessing", "single": []object{{"Sequence": object{"id": "A"}}, {"SpecialToken": object{"id": "</s>"}}}}, []int{2}},
		"sequence": {object{"type": "Sequence", "processors": []object{{"type": "ByteLevel"}, {"type": "RobertaProcessing", "sep": []any{"</s>", 2}, "cls": []any{"<s>", 0}}}}, []int{2}},
	} {
		tok := openJSON(t, byteLevelJSON(t, golden.Path("tokenizers/opt-mini"), func(file, _ object) { file["post_processor"] = c.post }))
		if got := tok.End(); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
