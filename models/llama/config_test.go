package llama_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/adagp/adagp/models/decoder"
	"github.com/adagp/adagp/models/llama"
	"github.com/adagp/adagp/nn"
)

// sound is a configuration that the cases below change.
var sound = map[string]any{
	"architectures": []string{"LlamaForCausalLM"},
	"hidden_act":    "silu", "hidden_size": 48, "intermediate_size": 80,
	"max_position_embeddings": 64, "num_attention_heads": 4, "num_hidden_layers": 2,
	"num_key_value_heads": 2, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
	"tie_word_embeddings": false, "vocab_size": 96,
}

// parse parses the sound configuration with changes; a nil value removes the field.
func parse(t testing.TB, changes map[string]any) (*decoder.Spec, error) {
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
	return llama.ParseConfig(b)
}

type fields = map[string]any

func TestParseConfig(t *testing.T) {
	llama3 := fields{
		"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
		"original_max_position_embeddings": 64,
	}
	tests := []struct {
		name    string
		changes fields
		got     func(c *decoder.Spec) any
		want    any
	}{
		{"KV heads", nil, func(c *decoder.Spec) any { return c.KVHeads }, 2},
		{"no KV heads", fields{"num_key_value_heads": nil}, func(c *decoder.Spec) any { return c.KVHeads }, 4},
		{"null KV heads", fields{"num_key_value_heads": json.RawMessage("null")}, func(c *decoder.Spec) any { return c.KVHeads }, 4},
		{"head dim", nil, func(c *decoder.Spec) any { return c.HeadDim }, 12},
		{"head dim given", fields{"head_dim": 16}, func(c *decoder.Spec) any { return c.HeadDim }, 16},
		{"null head dim", fields{"head_dim": json.RawMessage("null")}, func(c *decoder.Spec) any { return c.HeadDim }, 12},
		{"theta", fields{"rope_theta": 500000}, func(c *decoder.Spec) any { return c.Position.Rotary[0].Theta }, 500000.0},
		{"no theta", fields{"rope_theta": nil}, func(c *decoder.Spec) any { return c.Position.Rotary[0].Theta }, 10000.0},
		{"no eps", fields{"rms_norm_eps": nil}, func(c *decoder.Spec) any { return c.Norm.Eps }, float32(1e-6)},
		{"untied", fields{"tie_word_embeddings": nil}, func(c *decoder.Spec) any { return c.TieWordEmbeddings }, false},
		{"no positions", fields{"max_position_embeddings": nil}, func(c *decoder.Spec) any { return c.MaxPositions }, 2048},
		{"biases", fields{"attention_bias": true}, func(c *decoder.Spec) any {
			return []bool{c.Attention.QKVBias, c.Attention.OutputBias, c.MLP.InBias, c.MLP.OutBias}
		}, []bool{true, true, false, false}},
		{"scaling by type", fields{"rope_scaling": fields{"type": "linear", "factor": 2.0}},
			func(c *decoder.Spec) any { return c.Position.Rotary[0].Scaling }, nn.RoPEScaling{Type: "linear", Factor: 2}},
		{"scaling by rope_type", fields{"rope_scaling": llama3}, func(c *decoder.Spec) any { return c.Position.Rotary[0].Scaling },
			nn.RoPEScaling{Type: "llama3", Factor: 8, LowFreq: 1, HighFreq: 4, OriginalPositions: 64}},
		{"rope_parameters", fields{"rope_theta": nil, "rope_parameters": fields{"rope_type": "default", "rope_theta": 7e5}},
			func(c *decoder.Spec) any {
				return fmt.Sprint(c.Position.Rotary[0].Theta, " ", c.Position.Rotary[0].Scaling.Type)
			}, "700000 default"},
		{"null scaling", fields{"rope_scaling": json.RawMessage("null")},
			func(c *decoder.Spec) any { return c.Position.Rotary[0].Scaling }, nn.RoPEScaling{}},
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
		{"negative hidden", fields{"hidden_size": -48}, []string{"hidden_size", "-48"}},
		{"hidden zero", fields{"hidden_size": 0}, []string{"hidden_size", "got 0"}},
		{"hidden fraction", fields{"hidden_size": 48.5}, []string{"hidden_size", "48.5"}},
		{"hidden text", fields{"hidden_size": "48"}, []string{"hidden_size", `"48"`}},
		{"hidden huge", fields{"hidden_size": 1 << 40}, []string{"hidden_size", "1099511627776"}},
		{"vocab huge", fields{"vocab_size": 1 << 62}, []string{"vocab_size", "4611686018427387904"}},
		{"negative FFN", fields{"intermediate_size": -1}, []string{"intermediate_size", "-1"}},
		{"a billion layers", fields{"num_hidden_layers": 1000000000}, []string{"num_hidden_layers", "1000000000"}},
		{"no layers", fields{"num_hidden_layers": 0}, []string{"num_hidden_layers", "got 0"}},
		{"negative positions", fields{"max_position_embeddings": -2}, []string{"max_position_embeddings", "-2"}},
		{"heads do not divide", fields{"num_attention_heads": 5, "num_key_value_heads": 5}, []string{"num_attention_heads", "5", "48"}},
		{"no heads", fields{"num_attention_heads": 0}, []string{"num_attention_heads", "got 0"}},
		{"KV heads do not divide", fields{"num_key_value_heads": 3}, []string{"num_key_value_heads", "3", "4"}},
		{"more KV heads than heads", fields{"num_key_value_heads": 8}, []string{"num_key_value_heads", "8"}},
		{"no KV heads", fields{"num_key_value_heads": 0}, []string{"num_key_value_heads", "got 0"}},
		{"odd head dim", fields{"head_dim": 15}, []string{"head_dim", "15"}},
		{"odd head dim derived", fields{"hidden_size": 12, "num_attention_heads": 4}, []string{"head_dim", "3"}},
		{"huge head dim", fields{"head_dim": 1 << 20}, []string{"head_dim", "1048576"}},
		{"negative eps", fields{"rms_norm_eps": -1e-5}, []string{"rms_norm_eps", "-0.00001"}},
		{"theta zero", fields{"rope_theta": 0}, []string{"rope_theta", "got 0"}},
		{"activation", fields{"hidden_act": "swish9"}, []string{"hidden_act", "silu", `"swish9"`}},
		{"gated activation", fields{"hidden_act": "swiglu"}, []string{"hidden_act", `"swiglu" takes 2`}},
		{"tied text", fields{"tie_word_embeddings": "yes"}, []string{"tie_word_embeddings", `"yes"`}},
		{"rope type", fields{"rope_scaling": fields{"type": "bent", "factor": 2.0}}, []string{"rope_scaling", `"bent"`}},
		{"rope factor", fields{"rope_scaling": fields{"type": "linear"}}, []string{"rope_scaling", "factor 0"}},
		{"rope factor text", fields{"rope_scaling": fields{"type": "linear", "factor": "2"}}, []string{"rope_scaling.factor", `"2"`}},
		{"rope type number", fields{"rope_scaling": fields{"type": 3}}, []string{"rope_scaling.type", "3"}},
		{"rope band", fields{"rope_scaling": fields{"rope_type": "llama3", "factor": 8, "low_freq_factor": 4, "high_freq_factor": 1, "original_max_position_embeddings": 64}},
			[]string{"rope_scaling", "low_freq_factor 4", "1"}},
		{"rope context", fields{"rope_scaling": fields{"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4, "original_max_position_embeddings": -1}},
			[]string{"rope_scaling.original_max_position_embeddings", "-1"}},
		{"scaling a number", fields{"rope_scaling": 2}, []string{"rope_scaling", "want an object, got 2"}},
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
