package tokenizer_test

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/adagp/adagp/data/tokenizer"
	"github.com/adagp/adagp/internal/golden"
)

// tryFolder opens a folder of untrusted files and, when that works, uses the tokenizer: whatever
// the files hold, there is an error that names one of them, or ids within the vocabulary.
func tryFolder(t *testing.T, fsys fs.FS, text string) {
	tok, err := tokenizer.Open(fsys)
	if err != nil {
		var bad *tokenizer.FormatError
		if !errors.As(err, &bad) || bad.File == "" {
			t.Fatalf("error %v (%T) names no file", err, err)
		}
		return
	}
	size := tok.VocabSize()
	if bos, ok := tok.BOS(); ok && (bos < 0 || bos >= size) {
		t.Fatalf("BOS %d, vocabulary of %d", bos, size)
	}
	for _, s := range []string{text, "", " ", "Hello world,  it's 12 ▁\n\n\xff\u00e9你<0x41>"} {
		ids := tok.Encode(s)
		for i, id := range ids {
			if id < 0 || id >= size {
				t.Fatalf("Encode(%q)[%d] = %d, vocabulary of %d", s, i, id, size)
			}
		}
		tok.Decode(ids)
	}
	tok.Decode([]int{-1, 0, 1, size - 1, size, 1 << 40})
}

func FuzzSentencePiece(f *testing.F) {
	f.Add([]byte("\n\x09\n\x05<unk>\x18\x02"), "a")
	f.Add(readAll(f, golden.Path("models/stories260k"), "tokenizer.model"), "Once upon a time")
	f.Fuzz(func(t *testing.T, model []byte, text string) {
		tryFolder(t, folderOf(map[string][]byte{"tokenizer.model": notNil(model)}), text)
	})
}

func FuzzVocabMerges(f *testing.F) {
	folder := golden.Path("tokenizers/opt-mini")
	f.Add(readAll(f, folder, "vocab.json"), readAll(f, folder, "merges.txt"), readAll(f, folder, "tokenizer_config.json"), "Once upon a time")
	f.Add([]byte(`{"a":0,"b":1,"ab":2}`), []byte("#version: 0.2\na b\n"), []byte(`{"unk_token":"a"}`), "abba")
	f.Fuzz(func(t *testing.T, vocab, merges, config []byte, text string) {
		tryFolder(t, folderOf(map[string][]byte{"vocab.json": notNil(vocab), "merges.txt": notNil(merges), "tokenizer_config.json": notNil(config)}), text)
	})
}

func FuzzTokenizerJSON(f *testing.F) {
	f.Add(byteLevelJSON(f, golden.Path("tokenizers/opt-mini"), nil), []byte(`{}`), "Once upon a time")
	f.Add(llamaJSON(f, golden.Path("models/stories260k"), nil), []byte(`{"add_bos_token":true}`), "Once upon a time")
	f.Add([]byte(`{"added_tokens":[{"id":3,"content":"<s>","special":true}],"normalizer":{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]},"pre_tokenizer":null,"post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>"}}]},"model":{"type":"BPE","unk_token":"a","fuse_unk":true,"byte_fallback":true,"vocab":{"a":0,"▁":1,"▁a":2},"merges":["▁ a"]}}`), []byte(`{}`), "a a")
	f.Add([]byte(`{"pre_tokenizer":{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":false},"model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":[["a","b"]]}}`), []byte(`{}`), "ab")
	f.Fuzz(func(t *testing.T, file, config []byte, text string) {
		tryFolder(t, folderOf(map[string][]byte{"tokenizer.json": notNil(file), "tokenizer_config.json": notNil(config)}), text)
	})
}

// notNil keeps folderOf from leaving an empty file out.
func notNil(b []byte) []byte { return append([]byte{}, b...) }
