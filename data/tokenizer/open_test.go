package tokenizer_test

import (
	"errors"
	"io/fs"
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
		{"tokenizer.json, template", map[string][]byte{"tokenizer.json": template([]object{{"SpecialToken": object{"id": "<unk>"}}})}, 3},
		{"tokenizer.json, template without", map[string][]byte{"tokenizer.json": template([]object{{"Sequence": object{"id": "A"}}})}, -1},
		{"tokenizer.json, config decides", map[string][]byte{"tokenizer.json": template(nil), "tokenizer_config.json": []byte(`{"add_bos_token":true,"bos_token":"<s>"}`)}, 0},
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
		{"json, WordPiece", json(func(_, m object) { m["type"] = "WordPiece" }), "tokenizer.json", []string{"WordPiece", "want BPE"}},
		{"json, Unigram", map[string][]byte{"tokenizer.json": []byte(`{"model":{"type":"Unigram","vocab":[["a",-1.0]]}}`)}, "tokenizer.json", []string{"Unigram"}},
		{"json, dropout", json(func(_, m object) { m["dropout"] = 0.1 }), "tokenizer.json", []string{"dropout 0.1"}},
		{"json, suffix", json(func(_, m object) { m["end_of_word_suffix"] = "</w>" }), "tokenizer.json", []string{"</w>"}},
		{"json, merge of three", json(func(_, m object) { m["merges"] = []any{[]string{"a", "b", "c"}} }), "tokenizer.json", []string{"a merge must be"}},
		{"json, unknown unk", json(func(_, m object) { m["unk_token"] = "<zzz>" }), "tokenizer.json", []string{"<zzz>"}},
		{"json, added id taken", json(func(f, _ object) { f["added_tokens"] = []object{{"id": 5, "content": "<new>"}} }), "tokenizer.json", []string{"id 5"}},
		{"json, normalizer", json(func(f, _ object) { f["normalizer"] = object{"type": "StripAccents"} }), "tokenizer.json", []string{"normalizer StripAccents", "NFC"}},
		{"json, other pattern", json(pre(split(`\w+`), object{"type": "ByteLevel", "use_regex": false, "add_prefix_space": false})), "tokenizer.json", []string{`\\w+`}},
		{"json, behavior", json(pre(object{"type": "Split", "pattern": object{"Regex": tokenizer.PatternGPT2}, "behavior": "MergedWithNext"}, object{"type": "ByteLevel"})), "tokenizer.json", []string{"pre_tokenizer Split", "MergedWithNext"}},
		{"json, prefix behind digits", json(pre(object{"type": "Digits"}, object{"type": "ByteLevel"})), "tokenizer.json", []string{"add_prefix_space behind Digits"}},
		{"json, two ByteLevels", json(pre(object{"type": "ByteLevel"}, object{"type": "ByteLevel"})), "tokenizer.json", []string{"pre_tokenizer ByteLevel in front of ByteLevel"}},
		{"json, digits behind", json(pre(object{"type": "ByteLevel"}, object{"type": "Digits"})), "tokenizer.json", []string{"pre_tokenizer ByteLevel in front of Digits"}},
		{"json, decoder", json(func(f, _ object) { f["decoder"] = object{"type": "WordPiece"} }), "tokenizer.json", []string{"decoder WordPiece"}},
		{"json, added token of a kilobyte", json(func(f, _ object) {
			f["added_tokens"] = []object{{"id": 4000, "content": strings.Repeat("x", 1025)}}
		}), "tokenizer.json", []string{"added token 4000", "1025 bytes"}},
		{"json, post-processor", json(func(f, _ object) { f["post_processor"] = object{"type": "Mystery"} }), "tokenizer.json", []string{"Mystery"}},
		{"json, whitespace", blank(func(f, _ object) { f["pre_tokenizer"] = object{"type": "Whitespace"} }), "tokenizer.json", []string{"Whitespace"}},
		{"json, no blanks", blank(func(f, _ object) { f["normalizer"] = nil }), "tokenizer.json", []string{"neither is byte-level"}},
		{"json, lower case", blank(func(f, _ object) { f["normalizer"] = object{"type": "Lowercase"} }), "tokenizer.json", []string{"Lowercase"}},
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

// A tokenizer.json that we cannot follow gives way to the SentencePiece model beside it; a broken
// one does not.
func TestOpenFallsBack(t *testing.T) {
	folder := golden.Path("tokenizers/llama-mini")
	model := readAll(t, folder, "tokenizer.model")
	lower := llamaJSON(t, folder, func(f, _ object) { f["normalizer"] = object{"type": "Lowercase"} })
	tok, err := tokenizer.Open(folderOf(map[string][]byte{"tokenizer.json": lower, "tokenizer.model": model}))
	if err != nil {
		t.Fatal(err)
	}
	checkRecorded(t, tok, "llama-mini")
	if _, err := tokenizer.Open(folderOf(map[string][]byte{"tokenizer.json": []byte("{"), "tokenizer.model": model})); err == nil {
		t.Error("a broken tokenizer.json was passed over")
	}
}

// vocab.json and merges.txt do not say how a text is cut, so they cannot stand in for a file that does.
func TestOpenNeverFallsBackToVocabAndMerges(t *testing.T) {
	opt, llama := golden.Path("tokenizers/opt-mini"), golden.Path("tokenizers/llama-mini")
	beside := func(files map[string][]byte) fs.FS {
		files["vocab.json"], files["merges.txt"] = readAll(t, opt, "vocab.json"), readAll(t, opt, "merges.txt")
		return folderOf(files)
	}
	punctuation := byteLevelJSON(t, opt, func(file, _ object) {
		file["pre_tokenizer"] = object{"type": "Sequence", "pretokenizers": []object{{"type": "Punctuation"}, {"type": "ByteLevel"}}}
	})
	unigram := []byte("\n\x09\n\x05<unk>\x18\x02") // the default model type
	for _, c := range []struct {
		name  string
		files map[string][]byte
		says  []string
	}{
		{"tokenizer.json", map[string][]byte{"tokenizer.json": punctuation}, []string{"tokenizer.json", "pre_tokenizer Punctuation"}},
		{"tokenizer.model", map[string][]byte{"tokenizer.model": unigram}, []string{"tokenizer.model", "model type 1"}},
		{"both", map[string][]byte{"tokenizer.json": punctuation, "tokenizer.model": unigram}, []string{"tokenizer.json", "pre_tokenizer Punctuation", "tokenizer.model", "model type 1"}},
	} {
		_, err := tokenizer.Open(beside(c.files))
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: got %v, want what is not supported", c.name, err)
			continue
		}
		for _, part := range c.says {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: error %q does not say %q", c.name, err, part)
			}
		}
	}
	// tokenizer.model is complete by itself.
	tok, err := tokenizer.Open(beside(map[string][]byte{"tokenizer.json": punctuation, "tokenizer.model": readAll(t, llama, "tokenizer.model")}))
	if err != nil {
		t.Fatal(err)
	}
	checkRecorded(t, tok, "llama-mini")
}
