package eval_test

import (
	"context"
	"fmt"
	"log"

	"github.com/adagp/adagp/data"
	"github.com/adagp/adagp/data/tokenizer"
	"github.com/adagp/adagp/eval"
	"github.com/adagp/adagp/models"
	_ "github.com/adagp/adagp/models/all"
)

// The perplexity of an embedded model on the beginning of the embedded evaluation text.
func ExamplePerplexity() {
	m, err := models.Open("demo:llama")
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	if err := m.LoadAll(); err != nil {
		log.Fatal(err)
	}
	tok, err := tokenizer.Open(m.FS)
	if err != nil {
		log.Fatal(err)
	}
	windows, _, err := data.EvalWindows(tok, data.DefaultEvaluation(), m.Config().MaxPositions, 8)
	if err != nil {
		log.Fatal(err)
	}
	r, err := eval.Perplexity(context.Background(), m, windows, eval.Options{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.1f on %d windows of %d tokens\n", r.Perplexity, r.Windows, r.SeqLen)
	// Output: 25.4 on 8 windows of 256 tokens
}
