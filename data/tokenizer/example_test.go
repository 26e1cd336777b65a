package tokenizer_test

import (
	"fmt"
	"log"
	"os"

	"github.com/adagp/adagp/data/tokenizer"
	"github.com/adagp/adagp/internal/golden"
)

// Any model folder will do; the form of its tokenizer is found out.
func Example() {
	tok, err := tokenizer.Open(os.DirFS(golden.Path("models/stories260k")))
	if err != nil {
		log.Fatal(err)
	}
	ids := tok.Encode("Once upon a time")
	bos, _ := tok.BOS()
	fmt.Println(bos, ids, tok.VocabSize())
	fmt.Printf("%q\n", tok.Decode(ids))
	// Output:
	// 1 [403 407 261 378] 512
	// "Once upon a time"
}
