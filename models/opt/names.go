package opt

import "strings"

// Paths of the parts in a checkpoint; the layers' own are in newLayer.
const (
	embedName      = "model.decoder.embed_tokens"
	positionName   = "model.decoder.embed_positions"
	projectInName  = "model.decoder.project_in"
	projectOutName = "model.decoder.project_out"
	layerName      = "model.decoder.layers.%d"
	finalNormName  = "model.decoder.final_layer_norm"
	headName       = "lm_head"
)

// StoredNames implements models.TensorNamer: some published checkpoints leave out the first "model."
// (decoder.layers.0...), having been saved from the model without its head.
func (m *Model) StoredNames(name string) []string {
	if short, ok := strings.CutPrefix(name, "model."); ok {
		return []string{name, short}
	}
	return []string{name}
}

// Ignorable implements models.TensorNamer: some checkpoints store a tied head as well.
func (m *Model) Ignorable(stored string) bool {
	return m.config.TieWordEmbeddings && stored == headName+".weight"
}
