package llama_test

import (
	"fmt"

	"github.com/adagp/adagp/models/decoder"
	"github.com/adagp/adagp/models/llama"
	"github.com/adagp/adagp/nn"
)

// A model is made from a configuration alone; its parameters have names and shapes but no values.
func ExampleParseConfig() {
	spec, err := llama.ParseConfig([]byte(`{
		"vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 11008,
		"num_hidden_layers": 32, "num_attention_heads": 32
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
	for _, l := range m.Layers()[31].Linears() {
		fmt.Println(l.Weight.Name, l.Weight.Shape)
	}
	// Output:
	// 6738415616 parameters
	// model.layers.31.self_attn.q_proj.weight [4096 4096]
	// model.layers.31.self_attn.k_proj.weight [4096 4096]
	// model.layers.31.self_attn.v_proj.weight [4096 4096]
	// model.layers.31.self_attn.o_proj.weight [4096 4096]
	// model.layers.31.mlp.gate_proj.weight [11008 4096]
	// model.layers.31.mlp.up_proj.weight [11008 4096]
	// model.layers.31.mlp.down_proj.weight [4096 11008]
}
