package llama_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/adagp/adagp/models/decoder"
	"github.com/adagp/adagp/nn"
)

func newModel(t testing.TB, changes fields) *decoder.Model {
	t.Helper()
	c, err := parse(t, changes)
	if err != nil {
		t.Fatal(err)
	}
	m, err := decoder.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestNames(t *testing.T) {
	layer := func(i int, names ...string) (all []string) {
		for _, n := range names {
			all = append(all, fmt.Sprintf("model.layers.%d.%s", i, n))
		}
		return all
	}
	plain := []string{
		"input_layernorm.weight",
		"self_attn.q_proj.weight", "self_attn.k_proj.weight", "self_attn.v_proj.weight", "self_attn.o_proj.weight",
		"post_attention_layernorm.weight",
		"mlp.gate_proj.weight", "mlp.up_proj.weight", "mlp.down_proj.weight",
	}
	attentionBias := slices.Insert(slices.Clone(plain), 5, "self_attn.o_proj.bias")
	attentionBias = slices.Insert(attentionBias, 4, "self_attn.v_proj.bias")
	attentionBias = slices.Insert(attentionBias, 3, "self_attn.k_proj.bias")
	attentionBias = slices.Insert(attentionBias, 2, "self_attn.q_proj.bias")
	tests := []struct {
		name    string
		changes fields
		want    []string
	}{
		{"untied", nil, slices.Concat([]string{"model.embed_tokens.weight"}, layer(0, plain...), layer(1, plain...),
			[]string{"model.norm.weight", "lm_head.weight"})},
		{"tied", fields{"tie_word_embeddings": true, "num_hidden_layers": 1}, slices.Concat([]string{"model.embed_tokens.weight"},
			layer(0, plain...), []string{"model.norm.weight"})},
		{"attention bias", fields{"attention_bias": true, "num_hidden_layers": 1}, slices.Concat([]string{"model.embed_tokens.weight"},
			layer(0, attentionBias...), []string{"model.norm.weight", "lm_head.weight"})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := nn.Names(newModel(t, tt.changes).Walk); !slices.Equal(got, tt.want) {
				t.Errorf("names:\n got %v\nwant %v", got, tt.want)
			}
		})
	}
}

func TestShapes(t *testing.T) {
	m := newModel(t, fields{"head_dim": 16})
	want := map[string][]int{
		"model.embed_tokens.weight":              {96, 48},
		"model.layers.0.self_attn.q_proj.weight": {64, 48},
		"model.layers.0.self_attn.k_proj.weight": {32, 48},
		"model.layers.0.self_attn.v_proj.weight": {32, 48},
		"model.layers.0.self_attn.o_proj.weight": {48, 64},
		"model.layers.0.mlp.gate_proj.weight":    {80, 48},
		"model.layers.0.mlp.down_proj.weight":    {48, 80},
		"model.norm.weight":                      {48},
		"lm_head.weight":                         {96, 48},
	}
	for _, p := range nn.Params(m.Walk) {
		if w, ok := want[p.Name]; ok && !slices.Equal(p.Shape, w) {
			t.Errorf("%s: got %v, want %v", p.Name, p.Shape, w)
		}
		delete(want, p.Name)
	}
	if len(want) > 0 {
		t.Errorf("no parameters %v", want)
	}
}

// The head of a tied model is the embedding's parameter, visited once.
func TestTiedHead(t *testing.T) {
	m := newModel(t, fields{"tie_word_embeddings": true})
	if m.LMHead.Weight != m.Embedding.Weight {
		t.Error("the head has a weight of its own")
	}
	for name, walk := range map[string]func(func(*nn.Param)){"embed": m.EmbedWalk, "head": m.HeadWalk, "all": m.Walk} {
		var n int
		walk(func(p *nn.Param) {
			if p == m.Embedding.Weight {
				n++
			}
		})
		if n != 1 {
			t.Errorf("%s walk: the table is visited %d times, want once", name, n)
		}
	}
}

func TestLayerDeclarations(t *testing.T) {
	l := newModel(t, nil).Layers()[1]
	var names []string
	for _, lin := range l.Linears() {
		names = append(names, lin.Name())
	}
	want := []string{
		"model.layers.1.self_attn.q_proj", "model.layers.1.self_attn.k_proj", "model.layers.1.self_attn.v_proj",
		"model.layers.1.self_attn.o_proj", "model.layers.1.mlp.gate_proj", "model.layers.1.mlp.up_proj", "model.layers.1.mlp.down_proj",
	}
	if !slices.Equal(names, want) {
		t.Errorf("linears: got %v, want %v", names, want)
	}
	c := l.Chain()
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	if c.Name != "model.layers.1.mlp" {
		t.Errorf("chain: got %s, want model.layers.1.mlp", c.Name)
	}
	var order []string
	for _, k := range c.Links {
		order = append(order, k.In+"→"+k.Out)
	}
	if want := []string{"x→z", "a→y", "x→s"}; !slices.Equal(order, want) {
		t.Errorf("links: got %v, want %v", order, want)
	}
}
