package decoder

import (
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
)

// ReadSizes reads the sizes that most families call by the same names. Fields that older files leave out
// have the values they had then: as many key/value heads as heads, and heads that share the hidden size.
func ReadSizes(f *models.Fields, architecture string) models.Config {
	c := models.Config{
		Architecture:     architecture,
		VocabSize:        f.Int("vocab_size", 1, models.MaxVocab),
		HiddenSize:       f.Int("hidden_size", 1, models.MaxWidth),
		IntermediateSize: f.Int("intermediate_size", 1, models.MaxWidth),
		NumLayers:        f.Int("num_hidden_layers", 1, models.MaxLayers),
		Heads:            f.Int("num_attention_heads", 1, models.MaxWidth),
		MaxPositions:     f.IntOr("max_position_embeddings", 2048, 1, models.MaxPositions),
	}
	c.KVHeads = f.IntOr("num_key_value_heads", c.Heads, 1, models.MaxWidth)
	if f.Err() != nil {
		return c // the divisions below need sound sizes
	}
	if c.Heads%c.KVHeads != 0 {
		f.Fail("num_key_value_heads", "%d does not divide num_attention_heads %d", c.KVHeads, c.Heads)
		return c
	}
	switch {
	case f.Has("head_dim"):
		c.HeadDim = f.Int("head_dim", 1, models.MaxWidth)
	case c.HiddenSize%c.Heads != 0:
		f.Fail("num_attention_heads", "%d does not divide hidden_size %d", c.Heads, c.HiddenSize)
	default:
		c.HeadDim = c.HiddenSize / c.Heads
	}
	if c.Heads*c.HeadDim > models.MaxWidth {
		f.Fail("head_dim", "%d heads of width %d are wider than %d", c.Heads, c.HeadDim, models.MaxWidth)
	}
	return c
}

// ReadRotary reads the rotary embedding of heads of the given width. Files name the kind "rope_type" or,
// older, "type"; the newest ones put everything, the base too, under "rope_parameters".
func ReadRotary(f *models.Fields, headDim int, theta float64) Position {
	r := RotaryEmbedding{Theta: f.PositiveOr("rope_theta", theta)}
	if headDim%2 != 0 {
		f.Fail("head_dim", "%d is odd, rotary positions need pairs", headDim)
	}
	name := "rope_scaling"
	s := f.Object(name)
	if s == nil {
		name = "rope_parameters"
		s = f.Object(name)
	}
	if s != nil {
		r.Theta = s.PositiveOr("rope_theta", r.Theta)
		r.Scaling = nn.RoPEScaling{
			Type:              s.StringOr("rope_type", s.StringOr("type", "default")),
			Factor:            s.FloatOr("factor", 0),
			LowFreq:           s.FloatOr("low_freq_factor", 0),
			HighFreq:          s.FloatOr("high_freq_factor", 0),
			OriginalPositions: s.IntOr("original_max_position_embeddings", 0, 1, models.MaxPositions),
		}
		if err := r.Scaling.Check(); err != nil && f.Err() == nil {
			f.Fail(name, "%v", err)
		}
	}
	return Position{Kind: Rotary, Rotary: []RotaryEmbedding{r}}
}
