package tokenizer_test

import (
	"strings"
	"testing"

	"github.com/adagp/adagp/data"
	"github.com/adagp/adagp/data/tokenizer"
	"github.com/adagp/adagp/internal/golden"
)

// BenchmarkEncode reads the embedded calibration text in one piece; the second text has not one
// blank, so nothing can be cut or remembered.
func BenchmarkEncode(b *testing.B) {
	text := data.DefaultCalibration().Text
	oneWord := strings.Map(func(r rune) rune {
		if r == ' ' || r == '\n' {
			return -1
		}
		return r
	}, text)
	for _, tok := range []struct {
		name string
		*tokenizer.Tokenizer
	}{
		{"sentencepiece", open(b, golden.Path("tokenizers/llama-mini"))},
		{"bytelevel", open(b, golden.Path("tokenizers/opt-mini"))},
		{"json-llama", openJSON(b, llamaJSON(b, golden.Path("tokenizers/llama-mini"), nil))},
	} {
		for _, s := range []struct{ name, text string }{{"prose", text}, {"no-blanks", oneWord}} {
			b.Run(tok.name+"/"+s.name, func(b *testing.B) {
				b.SetBytes(int64(len(s.text)))
				for b.Loop() {
					tok.Encode(s.text)
				}
			})
		}
	}
}
