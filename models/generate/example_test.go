package generate_test

import (
	"context"
	"fmt"

	"github.com/adagp/adagp/data/tokenizer"
	"github.com/adagp/adagp/models"
	_ "github.com/adagp/adagp/models/all"
	"github.com/adagp/adagp/models/generate"
)

// A prompt is continued by the likeliest tokens unless the options say otherwise.
func ExampleText() {
	m, err := models.Open("demo:llama")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer m.Close()
	if err := m.LoadStored(m.Walk); err != nil {
		fmt.Println(err)
		return
	}
	t, err := tokenizer.Open(m.FS)
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := generate.Text(context.Background(), m, t, "Once upon a time", generate.Options{MaxTokens: 12})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(text)
	// Output:
	// .
	// "It is a moment," said
}
