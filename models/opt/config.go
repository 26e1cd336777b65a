package opt

import (
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
)

// Config is what config.json says about an OPT model.
type Config struct {
	models.Config
	// EmbedSize is the width of the token embedding (word_embed_proj_dim); where it differs from
	// HiddenSize, linear maps lead in and out.
	EmbedSize int
	// NormBefore says that each sub-block normalises its input, otherwise its sum with the
	// residual stream (opt-350m).
	NormBefore bool
	// FinalNorm says that there is a norm behind the last layer.
	FinalNorm bool
	// Bias says that the linear maps of the layers have biases.
	Bias bool
	// NormAffine says that the norms have weights and biases.
	NormAffine bool
}

// ParseConfig reads and checks the bytes of a config.json. Fields that older files leave out have
// the values they had then: tied head, biases, affine norms. Errors quote the field and the value.
func ParseConfig(config []byte) (*Config, error) {
	f, err := models.ParseFields(config)
	if err != nil {
		return nil, err
	}
	c := &Config{Config: models.Config{
		Architecture:      Architecture,
		VocabSize:         f.Int("vocab_size", 1, models.MaxVocab),
		HiddenSize:        f.Int("hidden_size", 1, models.MaxWidth),
		IntermediateSize:  f.Int("ffn_dim", 1, models.MaxWidth),
		NumLayers:         f.Int("num_hidden_layers", 1, models.MaxLayers),
		Heads:             f.Int("num_attention_heads", 1, models.MaxWidth),
		MaxPositions:      f.IntOr("max_position_embeddings", 2048, 1, models.MaxPositions),
		Activation:        f.StringOr("activation_function", "relu"),
		TieWordEmbeddings: f.BoolOr("tie_word_embeddings", true),
	}}
	c.KVHeads = c.Heads
	c.EmbedSize = f.IntOr("word_embed_proj_dim", c.HiddenSize, 1, models.MaxWidth)
	c.NormBefore = f.BoolOr("do_layer_norm_before", true)
	c.FinalNorm = c.NormBefore && !f.BoolOr("_remove_final_layer_norm", false)
	c.Bias = f.BoolOr("enable_bias", true)
	c.NormAffine = f.BoolOr("layer_norm_elementwise_affine", true)
	if a, err := nn.ActivationByName(c.Activation); err != nil {
		f.Fail("activation_function", "%v", err)
	} else if a.Arity() != 1 {
		f.Fail("activation_function", "%q takes %d arguments, want 1", c.Activation, a.Arity())
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	if c.HiddenSize%c.Heads != 0 {
		f.Fail("num_attention_heads", "%d does not divide hidden_size %d", c.Heads, c.HiddenSize)
		return nil, f.Err()
	}
	c.HeadDim = c.HiddenSize / c.Heads
	return c, nil
}
