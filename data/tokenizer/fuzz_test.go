package tokenizer_test

import (
	"errors"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/adagp/adagp/data/tokenizer"
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
		samePieces(t, tok, s)
		if _, ok := fsys.(fstest.MapFS)["tokenizer.model"]; !ok {
			tok.Decode(tok.EncodeSpecial(s))
		}
	}
	tok.Decode([]int{-1, 0, 1, size - 1, size, 1 << 30})
}

// The seeds are small on purpose: a fuzzer gets nowhere with files of real size.

func FuzzSentencePiece(f *testing.F) {
	f.Add([]byte("\n\x09\n\x05<unk>\x18\x02"), "a")
	f.Add(tokenizer.SmallModel(), "a b<sep>x")
	f.Fuzz(func(t *testing.T, model []byte, text string) {
		tryFolder(t, folderOf(map[string][]byte{"tokenizer.model": notNil(model)}), text)
	})
}

func FuzzVocabMerges(f *testing.F) {
	f.Add([]byte(`{"a":0,"b":1,"ab":2,"Ġ":3,"Ġab":4}`), []byte("#version: 0.2\na b\nĠ ab\n"), []byte(`{"unk_token":"a"}`), "ab ba ab")
	f.Add([]byte(`{"<s>":0,"<pad>":1,"</s>":2,"a":3,"b":4,"ab":5,"Ġ":6}`), []byte("a b\n"), []byte(`{"add_bos_token":true,"bos_token":{"content":"</s>"},"unk_token":"</s>","add_prefix_space":true}`), "abba")
	f.Fuzz(func(t *testing.T, vocab, merges, config []byte, text string) {
		tryFolder(t, folderOf(map[string][]byte{"vocab.json": notNil(vocab), "merges.txt": notNil(merges), "tokenizer_config.json": notNil(config)}), text)
	})
}

func FuzzTokenizerJSON(f *testing.F) {
	f.Add([]byte(`{"added_tokens":[{"id":2,"content":"</s>","special":true}],"pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"ByteLevel","add_prefix_space":true,"use_regex":true}]},"model":{"type":"BPE","ignore_merges":true,"unk_token":"a","vocab":{"a":0,"b":1,"ab":3},"merges":["a b"]}}`), []byte(`{"add_bos_token":true,"bos_token":"</s>"}`), "abba")
	f.Add([]byte(`{"added_tokens":[{"id":3,"content":"<s>","special":true}],"normalizer":{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]},"pre_tokenizer":null,"post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>"}}]},"model":{"type":"BPE","unk_token":"a","fuse_unk":true,"byte_fallback":true,"vocab":{"a":0,"▁":1,"▁a":2},"merges":["▁ a"]}}`), []byte(`{}`), "a a")
	f.Add([]byte(`{"pre_tokenizer":{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":false},"model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":[["a","b"]]}}`), []byte(`{}`), "ab")
	f.Add([]byte(`{"added_tokens":[{"id":4,"content":" é","lstrip":true,"single_word":true,"normalized":true},{"id":5,"content":"<a>","rstrip":true},{"id":6,"content":"<a>b","special":true}],"normalizer":{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"NFKC"}]},"pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Digits","individual_digits":true},{"type":"Digits"},{"type":"ByteLevel","add_prefix_space":false}]},"decoder":{"type":"ByteLevel"},"model":{"type":"BPE","unk_token":"a","fuse_unk":true,"vocab":{"a":0,"b":1,"ab":2,"Ã":3},"merges":["a b"]}}`), []byte(`{}`), "ab <a> é12 e\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301 ½")
	f.Fuzz(func(t *testing.T, file, config []byte, text string) {
		tryFolder(t, folderOf(map[string][]byte{"tokenizer.json": notNil(file), "tokenizer_config.json": notNil(config)}), text)
	})
}

// notNil keeps folderOf from leaving an empty file out.
func notNil(b []byte) []byte { return append([]byte{}, b...) }
