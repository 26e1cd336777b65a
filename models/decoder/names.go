package decoder

import (
	"slices"
	"strings"

	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
)

// Names are the paths of a model's parts in its files. Those of a layer's parts are relative to the layer.
type Names struct {
	Embedding, EmbeddingNorm, Positions, ProjectIn string

	Layer            string // with %d for the number of the layer
	AttentionNorm    string // the only one of ParallelOneNorm
	Query            string
	Key              string
	Value            string
	QueryKeyValue    string // of layouts other than Separate
	QueryNorm        string
	KeyNorm          string
	Output           string
	AttentionOutNorm string // behind attention
	MLPNorm          string
	Gate, Up         string
	GateUp           string // both in one matrix
	Down             string
	MLPOutNorm       string // behind the feed-forward block

	Router, Expert                   string // Expert with %d for its number
	Shared, SharedGate               string // the expert of all tokens
	ExpertGate, ExpertUp, ExpertDown string // relative to an expert

	FinalNorm, ProjectOut, Head string

	// Prefix is what names begin with that some files begin in another way, one of OtherPrefixes; "" is none.
	Prefix        string
	OtherPrefixes []string
	// Ignore are the ends of names that files may hold and no model needs, such as tables that follow from
	// the configuration, and IgnorePrefixes the beginnings of the names of parts that are no language model.
	Ignore, IgnorePrefixes []string
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
		QueryNorm:     "self_attn.q_norm",
		KeyNorm:       "self_attn.k_norm",
		Output:        "self_attn.o_proj",
		MLPNorm:       "post_attention_layernorm",
		Gate:          "mlp.gate_proj",
		Up:            "mlp.up_proj",
		Down:          "mlp.down_proj",
		Router:        "mlp.gate",
		Expert:        "mlp.experts.%d",
		Shared:        "mlp.shared_expert",
		SharedGate:    "mlp.shared_expert_gate",
		ExpertGate:    "gate_proj",
		ExpertUp:      "up_proj",
		ExpertDown:    "down_proj",
		FinalNorm:     "model.norm",
		Head:          "lm_head",
		Ignore:        []string{".rotary_emb.inv_freq"},
	}
}

// StoredNames implements models.TensorNamer.
func (m *Model) StoredNames(name string) []string {
	names := []string{name}
	if rest, ok := strings.CutPrefix(name, m.spec.Names.Prefix); ok {
		for _, p := range m.spec.Names.OtherPrefixes {
			names = append(names, p+rest)
		}
	}
	return names
}

// StoredViews implements models.TensorViewer.
func (m *Model) StoredViews(p *nn.Param) []models.View {
	return append([]models.View{{Tensor: p.Name, Transposed: m.transposed[p]}}, m.merged[p]...)
}

// Ignorable implements models.TensorNamer. Besides what the family names, a file may hold a tied head.
func (m *Model) Ignorable(stored string) bool {
	n := &m.spec.Names
	return m.spec.TieWordEmbeddings && slices.Contains(m.StoredNames(n.Head+".weight"), stored) ||
		slices.ContainsFunc(n.Ignore, func(end string) bool { return strings.HasSuffix(stored, end) }) ||
		slices.ContainsFunc(n.IgnorePrefixes, func(begin string) bool { return strings.HasPrefix(stored, begin) })
}
