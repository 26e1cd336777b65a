package gemma

import (
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/models/decoder"
)

// Architecture3 is the name of the third generation in config.json, Architecture3Images that of models which read
// images too, whose language model is in a part of it.
const (
	Architecture3       = "Gemma3ForCausalLM"
	Architecture3Images = "Gemma3ForConditionalGeneration"
)

func init() {
	decoder.RegisterFamily(Architecture3, func(f *models.Fields) *decoder.Spec { return read3(f, Architecture3) })
	decoder.RegisterFamily(Architecture3Images, read3Images)
}

// read3 reads config.json of the third generation, or the part of one that is about the language model. Its bound of
// the scores is one that no program heeds.
func read3(f *models.Fields, architecture string) *decoder.Spec {
	d := defaults(4)
	d.MaxPositions, d.Names.Activation = 131072, "hidden_activation"
	// Files of models which read images leave out even these.
	d.Vocab, d.Hidden, d.Intermediate, d.Layers, d.Heads = 262208, 2304, 9216, 26, 8
	s := common(f, architecture, d)
	sandwich(f, s, 0)
	s.Attention.QKNorm = decoder.QKNormPerHead
	sliding := decoder.ReadSliding(f, s.NumLayers, decoder.AllButEvery(f.IntOr("sliding_window_pattern", 6, 1, models.MaxLayers)))
	s.Attention.Window = decoder.Windows(sliding, decoder.ReadWindow(f, 4096))
	s.Position = decoder.ReadRotaryPair(f, s.Config,
		decoder.RotaryDefaults{Theta: 1e6}, decoder.RotaryDefaults{ThetaName: "rope_local_base_freq"}, sliding)
	return s
}

// read3Images reads config.json of a model that reads images, of which only the part for texts is used.
func read3Images(f *models.Fields) *decoder.Spec {
	text := f.Object("text_config")
	if text == nil {
		f.Fail("text_config", "want an object that describes the language model")
		return nil
	}
	s := read3(text, Architecture3Images)
	s.TieWordEmbeddings = f.BoolOr("tie_word_embeddings", s.TieWordEmbeddings)
	n := &s.Names
	for _, name := range []*string{&n.Embedding, &n.Layer, &n.FinalNorm, &n.Head} {
		*name = "language_model." + *name
	}
	n.Prefix, n.OtherPrefixes = "language_model.model.", []string{"model.language_model."}
	for _, part := range []string{"vision_tower.", "multi_modal_projector."} {
		n.IgnorePrefixes = append(n.IgnorePrefixes, part, "model."+part)
	}
	if s.TieWordEmbeddings {
		n.Ignore = append(n.Ignore, "lm_head.weight")
	}
	return s
}
