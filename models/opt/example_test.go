package opt_test

import (
	"fmt"

	"github.com/adagp/adagp/models/decoder"
	"github.com/adagp/adagp/models/opt"
	"github.com/adagp/adagp/nn"
)

// The feed-forward block of a layer declares itself as a chain, which is all AdaGP needs to know.
func ExampleParseConfig() {
	spec, err := opt.ParseConfig([]byte(`{
		"vocab_size": 50272, "hidden_size": 768, "ffn_dim": 3072,
		"num_hidden_layers": 12, "num_attention_heads": 12
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := decoder.New(spec)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(nn.Count(m.Walk), "parameters")
	c := m.Layers()[0].Chain()
	for _, l := range c.Links {
		fmt.Println(l.Linear.Name(), l.In, "→", l.Out)
	}
	for _, j := range c.Joins {
		fmt.Println(j.Activation.Name(), j.In, "→", j.Out)
	}
	// Output:
	// 125239296 parameters
	// model.decoder.layers.0.fc1 x → z
	// model.decoder.layers.0.fc2 a → y
	// relu [z] → a
}
