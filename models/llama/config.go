package llama

import (
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
)

// Config is what config.json says about a LLaMA model.
type Config struct {
	models.Config
	RMSNormEps    float32
	RopeTheta     float64
	RopeScaling   nn.RoPEScaling
	AttentionBias bool // biases on q, k, v and o
	MLPBias       bool // biases on gate, up and down
}

// ParseConfig reads and checks the bytes of a config.json. Fields that older files leave out have
// the values they had then: as many key/value heads as heads, theta 10000, a head of its own.
// Errors quote the field and the value.
func ParseConfig(config []byte) (*Config, error) {
	f, err := models.ParseFields(config)
	if err != nil {
		return nil, err
	}
	c := &Config{Config: models.Config{
		Architecture:      Architecture,
		VocabSize:         f.Int("vocab_size", 1, models.MaxVocab),
		HiddenSize:        f.Int("hidden_size", 1, models.MaxWidth),
		IntermediateSize:  f.Int("intermediate_size", 1, models.MaxWidth),
		NumLayers:         f.Int("num_hidden_layers", 1, models.MaxLayers),
		Heads:             f.Int("num_attention_heads", 1, models.MaxWidth),
		MaxPositions:      f.IntOr("max_position_embeddings", 2048, 1, models.MaxPositions),
		Activation:        f.StringOr("hidden_act", "silu"),
		TieWordEmbeddings: f.BoolOr("tie_word_embeddings", false),
	}}
	c.KVHeads = f.IntOr("num_key_value_heads", c.Heads, 1, models.MaxWidth)
	c.RMSNormEps = float32(f.PositiveOr("rms_norm_eps", 1e-6))
	c.AttentionBias = f.BoolOr("attention_bias", false)
	c.MLPBias = f.BoolOr("mlp_bias", false)
	c.readHeads(f)
	c.readRope(f)
	if c.Activation != "silu" {
		f.Fail("hidden_act", "want silu, got %q", c.Activation)
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	return c, nil
}

// readHeads derives the head width and checks that the heads fit.
func (c *Config) readHeads(f *models.Fields) {
	if f.Err() != nil {
		return // the divisions below need sound sizes
	}
	if c.Heads%c.KVHeads != 0 {
		f.Fail("num_key_value_heads", "%d does not divide num_attention_heads %d", c.KVHeads, c.Heads)
		return
	}
	if f.Has("head_dim") {
		c.HeadDim = f.Int("head_dim", 1, models.MaxWidth)
	} else {
		if c.HiddenSize%c.Heads != 0 {
			f.Fail("num_attention_heads", "%d does not divide hidden_size %d", c.Heads, c.HiddenSize)
			return
		}
		c.HeadDim = c.HiddenSize / c.Heads
	}
	if c.HeadDim%2 != 0 {
		f.Fail("head_dim", "%d is odd, rotary positions need pairs", c.HeadDim)
	}
	if c.Heads*c.HeadDim > models.MaxWidth {
		f.Fail("head_dim", "%d heads of width %d are wider than %d", c.Heads, c.HeadDim, models.MaxWidth)
	}
}

// readRope reads the rotary embedding. Files name the kind "rope_type" or, older, "type"; the newest
// ones put everything, theta included, under "rope_parameters".
func (c *Config) readRope(f *models.Fields) {
	c.RopeTheta = f.PositiveOr("rope_theta", 10000)
	name := "rope_scaling"
	s := f.Object(name)
	if s == nil {
		name = "rope_parameters"
		s = f.Object(name)
	}
	if s == nil {
		return
	}
	c.RopeTheta = s.PositiveOr("rope_theta", c.RopeTheta)
	c.RopeScaling = nn.RoPEScaling{
		Type:              s.StringOr("rope_type", s.StringOr("type", "default")),
		Factor:            s.FloatOr("factor", 0),
		LowFreq:           s.FloatOr("low_freq_factor", 0),
		HighFreq:          s.FloatOr("high_freq_factor", 0),
		OriginalPositions: s.IntOr("original_max_position_embeddings", 0, 1, models.MaxPositions),
	}
	if f.Err() != nil {
		return
	}
	if err := c.RopeScaling.Check(); err != nil {
		f.Fail(name, "%v", err)
	}
}
