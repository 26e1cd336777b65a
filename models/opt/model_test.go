package opt_test

import (
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
	embed := []string{"model.decoder.embed_tokens.weight", "model.decoder.embed_positions.weight"}
	const prefix = "model.decoder.layers.0."
	layer := []string{
		prefix + "self_attn_layer_norm.weight", prefix + "self_attn_layer_norm.bias",
		prefix + "self_attn.q_proj.weight", prefix + "self_attn.q_proj.bias",
		prefix + "self_attn.k_proj.weight", prefix + "self_attn.k_proj.bias",
		prefix + "self_attn.v_proj.weight", prefix + "self_attn.v_proj.bias",
		prefix + "self_attn.out_proj.weight", prefix + "self_attn.out_proj.bias",
		prefix + "final_layer_norm.weight", prefix + "final_layer_norm.bias",
		prefix + "fc1.weight", prefix + "fc1.bias", prefix + "fc2.weight", prefix + "fc2.bias",
	}
	bare := []string{
		prefix + "self_attn.q_proj.weight", prefix + "self_attn.k_proj.weight", prefix + "self_attn.v_proj.weight",
		prefix + "self_attn.out_proj.weight", prefix + "fc1.weight", prefix + "fc2.weight",
	}
	finalNorm := []string{"model.decoder.final_layer_norm.weight", "model.decoder.final_layer_norm.bias"}
	tests := []struct {
		name    string
		changes fields
		want    []string
	}{
		{"pre-norm, tied", nil, slices.Concat(embed, layer, finalNorm)},
		{"untied", fields{"tie_word_embeddings": false}, slices.Concat(embed, layer, finalNorm, []string{"lm_head.weight"})},
		{"350m", fields{"do_layer_norm_before": false, "word_embed_proj_dim": 32}, slices.Concat(embed,
			[]string{"model.decoder.project_in.weight"}, layer, []string{"model.decoder.project_out.weight"})},
		{"final norm removed", fields{"_remove_final_layer_norm": true}, slices.Concat(embed, layer)},
		{"no biases, plain norms", fields{"enable_bias": false, "layer_norm_elementwise_affine": false}, slices.Concat(embed, bare)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			changes := fields{"num_hidden_layers": 1}
			for k, v := range tt.changes {
				changes[k] = v
			}
			if got := nn.Names(newModel(t, changes).Walk); !slices.Equal(got, tt.want) {
				t.Errorf("names:\n got %v\nwant %v", got, tt.want)
			}
		})
	}
}

func TestShapes(t *testing.T) {
	m := newModel(t, fields{"word_embed_proj_dim": 32, "tie_word_embeddings": false})
	want := map[string][]int{
		"model.decoder.embed_tokens.weight":    {96, 32},
		"model.decoder.embed_positions.weight": {66, 48}, // two rows in front
		"model.decoder.project_in.weight":      {48, 32},
		"model.decoder.project_out.weight":     {32, 48},
		"model.decoder.layers.1.fc1.weight":    {80, 48},
		"model.decoder.layers.1.fc1.bias":      {80},
		"model.decoder.layers.1.fc2.weight":    {48, 80},
		"lm_head.weight":                       {96, 32},
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

func TestLayerDeclarations(t *testing.T) {
	m := newModel(t, nil)
	if m.LMHead.Weight != m.Embedding.Weight {
		t.Error("the tied head has a weight of its own")
	}
	l := m.Layers()[0]
	var names []string
	for _, lin := range l.Linears() {
		names = append(names, lin.Name())
	}
	const prefix = "model.decoder.layers.0."
	want := []string{
		prefix + "self_attn.q_proj", prefix + "self_attn.k_proj", prefix + "self_attn.v_proj",
		prefix + "self_attn.out_proj", prefix + "fc1", prefix + "fc2",
	}
	if !slices.Equal(names, want) {
		t.Errorf("linears: got %v, want %v", names, want)
	}
	c := l.Chain()
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	if c.Joins[0].Activation.Name() != "relu" {
		t.Errorf("chain: got %+v, want relu", c)
	}
}
