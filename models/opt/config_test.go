package opt_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/adagp/adagp/models/decoder"
	"github.com/adagp/adagp/models/opt"
)

// sound is a configuration that the cases below change.
var sound = map[string]any{
	"architectures":       []string{"OPTForCausalLM"},
	"activation_function": "relu", "do_layer_norm_before": true, "ffn_dim": 80, "hidden_size": 48,
	"max_position_embeddings": 64, "num_attention_heads": 4, "num_hidden_layers": 2,
	"vocab_size": 96, "word_embed_proj_dim": 48,
}

type fields = map[string]any

// parse parses the sound configuration with changes; a nil value removes the field.
func parse(t testing.TB, changes fields) (*decoder.Spec, error) {
	t.Helper()
	m := maps.Clone(sound)
	for k, v := range changes {
		if v == nil {
			delete(m, k)
			continue
		}
		m[k] = v
	}
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return opt.ParseConfig(b)
}

func TestParseConfig(t *testing.T) {
	tests := []struct {
		name    string
		changes fields
		got     func(c *decoder.Spec) any
		want    any
	}{
		{"defaults", nil, func(c *decoder.Spec) any {
			return []bool{c.Placement == decoder.Before, c.FinalNorm, c.MLP.InBias, !c.Norm.NoWeights, c.TieWordEmbeddings}
		}, []bool{true, true, true, true, true}},
		{"head dim", nil, func(c *decoder.Spec) any { return c.HeadDim }, 12},
		{"post-norm has no final norm", fields{"do_layer_norm_before": false},
			func(c *decoder.Spec) any { return []bool{c.Placement == decoder.Before, c.FinalNorm} }, []bool{false, false}},
		{"final norm removed", fields{"_remove_final_layer_norm": true},
			func(c *decoder.Spec) any { return []bool{c.Placement == decoder.Before, c.FinalNorm} }, []bool{true, false}},
		{"no biases", fields{"enable_bias": false}, func(c *decoder.Spec) any {
			return []bool{c.Attention.QKVBias, c.Attention.OutputBias, c.MLP.InBias, c.MLP.OutBias}
		}, []bool{false, false, false, false}},
		{"plain norms", fields{"layer_norm_elementwise_affine": false}, func(c *decoder.Spec) any { return c.Norm.NoWeights }, true},
		{"embedding width", fields{"word_embed_proj_dim": 32}, func(c *decoder.Spec) any { return c.Embedding.Width }, 32},
		{"no embedding width", fields{"word_embed_proj_dim": nil}, func(c *decoder.Spec) any { return c.Embedding.Width }, 48},
		{"activation", fields{"activation_function": "gelu"}, func(c *decoder.Spec) any { return c.Activation }, "gelu"},
		{"no activation", fields{"activation_function": nil}, func(c *decoder.Spec) any { return c.Activation }, "relu"},
		{"untied", fields{"tie_word_embeddings": false}, func(c *decoder.Spec) any { return c.TieWordEmbeddings }, false},
		{"no positions", fields{"max_position_embeddings": nil}, func(c *decoder.Spec) any { return c.MaxPositions }, 2048},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := parse(t, tt.changes)
			if err != nil {
				t.Fatal(err)
			}
			if got := tt.got(c); fmt.Sprint(got) != fmt.Sprint(tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestParseConfigErrors(t *testing.T) {
	tests := []struct {
		name    string
		changes fields
		want    []string
	}{
		{"no vocab", fields{"vocab_size": nil}, []string{"vocab_size", "missing"}},
		{"no FFN", fields{"ffn_dim": nil}, []string{"ffn_dim", "missing"}},
		{"negative FFN", fields{"ffn_dim": -80}, []string{"ffn_dim", "-80"}},
		{"negative hidden", fields{"hidden_size": -48}, []string{"hidden_size", "-48"}},
		{"hidden fraction", fields{"hidden_size": 0.5}, []string{"hidden_size", "0.5"}},
		{"huge vocab", fields{"vocab_size": 1 << 50}, []string{"vocab_size", "1125899906842624"}},
		{"huge positions", fields{"max_position_embeddings": 1 << 50}, []string{"max_position_embeddings", "1125899906842624"}},
		{"huge embedding", fields{"word_embed_proj_dim": 1 << 50}, []string{"word_embed_proj_dim", "1125899906842624"}},
		{"embedding width zero", fields{"word_embed_proj_dim": 0}, []string{"word_embed_proj_dim", "got 0"}},
		{"a billion layers", fields{"num_hidden_layers": 1000000000}, []string{"num_hidden_layers", "1000000000"}},
		{"heads do not divide", fields{"num_attention_heads": 5}, []string{"num_attention_heads", "5", "48"}},
		{"no heads", fields{"num_attention_heads": 0}, []string{"num_attention_heads", "got 0"}},
		{"unknown activation", fields{"activation_function": "mish"}, []string{"activation_function", `"mish"`}},
		{"activation of two", fields{"activation_function": "swiglu"}, []string{"activation_function", `"swiglu"`, "2"}},
		{"activation a number", fields{"activation_function": 1}, []string{"activation_function", "got 1"}},
		{"norm text", fields{"do_layer_norm_before": "no"}, []string{"do_layer_norm_before", `"no"`}},
		{"bias number", fields{"enable_bias": 0}, []string{"enable_bias", "got 0"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parse(t, tt.changes)
			if err == nil {
				t.Fatalf("got no error, want one with %q", tt.want)
			}
			for _, w := range tt.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("got error %q, want %q in it", err, w)
				}
			}
		})
	}
}
