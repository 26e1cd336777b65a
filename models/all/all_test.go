package all_test

import (
	"fmt"

	"github.com/adagp/adagp/models"
	_ "github.com/adagp/adagp/models/all"
)

// One blank import makes every architecture known.
func Example() {
	for _, a := range models.Architectures() {
		fmt.Println(a)
	}
	// Output:
	// LlamaForCausalLM
	// OPTForCausalLM
}
