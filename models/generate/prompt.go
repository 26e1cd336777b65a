package generate

import (
	"context"

	"github.com/adagp/adagp/models"
)

// Encoder turns a text into ids; a data.Tokenizer is one.
type Encoder interface {
	Tokenizer
	Encode(text string) []int
	BOS() (id int, ok bool)
}

// Text continues one prompt and returns the continuation. All weights of the model must be loaded. When ctx
// is cancelled the error is ctx's, and the text is what there is so far.
func Text(ctx context.Context, m models.CausalLM, t Encoder, prompt string, o Options) (string, error) {
	ids := t.Encode(prompt)
	if bos, ok := t.BOS(); ok {
		ids = append([]int{bos}, ids...)
	}
	results, _, err := Run(ctx, m, t, [][]int{ids}, o)
	if len(results) == 0 {
		return "", err
	}
	return results[0].Text, err
}
