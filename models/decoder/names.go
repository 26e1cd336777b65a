package decoder

import (
	"slices"
	"strings"
)

// Names are the paths of a model's parts in its files. Those of a layer's parts are relative to the layer.
type Names struct {
	Embedding, Positions, ProjectIn string

	Layer         string // with %d for the number of the layer
	AttentionNorm string // the only one of ParallelOneNorm
	Query         string
	Key           string
	Value         string
	QueryKeyValue string // of layouts other than Separate
	Output        string
	MLPNorm       string
	Gate, Up      string
	Down          string

	FinalNorm, ProjectOut, Head string

	// OptionalPrefix is one that some files leave out, having been saved from the model without its head.
	OptionalPrefix string
	// Ignore are the ends of names that files may hold and no model needs, such as tables that follow from
	// the configuration.
	Ignore []string
}

// StandardNames returns the names that most families have.
func StandardNames() Names {
	return Names{
		Embedding:     "model.embed_tokens",
		Layer:         "model.layers.%d",
		AttentionNorm: "input_layernorm",
		Query:         "self_attn.q_proj",
		Key:           "self_attn.k_proj",
		Value:         "self_attn.v_proj",
		Output:        "self_attn.o_proj",
		MLPNorm:       "post_attention_layernorm",
		Gate:          "mlp.gate_proj",
		Up:            "mlp.up_proj",
		Down:          "mlp.down_proj",
		FinalNorm:     "model.norm",
		Head:          "lm_head",
		Ignore:        []string{".rotary_emb.inv_freq"},
	}
}

// StoredNames implements models.TensorNamer.
func (m *Model) StoredNames(name string) []string {
	if short, ok := strings.CutPrefix(name, m.spec.Names.OptionalPrefix); ok && short != name {
		return []string{name, short}
	}
	return []string{name}
}

// Ignorable implements models.TensorNamer. Besides what the family names, a file may hold a tied head.
func (m *Model) Ignorable(stored string) bool {
	return m.spec.TieWordEmbeddings && stored == m.spec.Names.Head+".weight" ||
		slices.ContainsFunc(m.spec.Names.Ignore, func(end string) bool { return strings.HasSuffix(stored, end) })
}
