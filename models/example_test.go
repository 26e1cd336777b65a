package models_test

import (
	"fmt"

	"github.com/adagp/adagp/models"
	_ "github.com/adagp/adagp/models/all"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

// Open reads headers only; weights come in when asked for, here all of them.
func ExampleOpen() {
	m, err := models.Open("demo:llama")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer m.Close()
	c := m.Config()
	fmt.Printf("%s: %d layers of width %d, %d parameters\n", c.Architecture, c.NumLayers, c.HiddenSize, nn.Count(m.Walk))
	if err := m.LoadAll(); err != nil {
		fmt.Println(err)
		return
	}
	ids := [][]int{{1, 896, 331, 599, 261}} // the beginning of a story
	logits := models.Forward(&nn.Context{}, m, ids).Value
	fmt.Println("logits", logits.Shape(), "next token", tensor.ArgMax(logits.Row(4)))
	// Output:
	// LlamaForCausalLM: 4 layers of width 128, 1000576 parameters
	// logits [5 1024] next token 272
}

// A model may be larger than the memory: only the layer at work has values.
func ExampleModel_Load() {
	m, err := models.Open("demo:opt")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer m.Close()
	if err := m.Load(m.EmbedWalk); err != nil {
		fmt.Println(err)
		return
	}
	c := &nn.Context{}
	h := m.Embed(c, [][]int{{2, 50, 81, 332}})
	for _, l := range m.Layers() {
		if err := m.Load(l.Walk); err != nil {
			fmt.Println(err)
			return
		}
		h = l.Forward(c, h)
		m.Unload(l.Walk)
	}
	fmt.Println("hidden states", h.Value.Shape())
	// Output:
	// hidden states [4 128]
}
