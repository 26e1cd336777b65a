package llama

import "strings"

// Paths of the parts in a checkpoint; the layers' own are in newLayer.
const (
	embedName = "model.embed_tokens"
	layerName = "model.layers.%d"
	normName  = "model.norm"
	headName  = "lm_head"
)

// StoredNames implements models.TensorNamer: LLaMA checkpoints use one name per tensor.
func (m *Model) StoredNames(name string) []string { return []string{name} }

// Ignorable implements models.TensorNamer. Old checkpoints store the inverse frequencies of each
// layer's rotary embedding, which follow from the configuration; some store a tied head as well.
func (m *Model) Ignorable(stored string) bool {
	return strings.HasSuffix(stored, ".rotary_emb.inv_freq") ||
		m.config.TieWordEmbeddings && stored == headName+".weight"
}
