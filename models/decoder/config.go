package decoder

import (
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
)

// Defaults are the values of fields that files of a family may leave out, which are those of the family's class in
// the library that writes the files. Zero values are what most families have.
type Defaults struct {
	// Names are what the family calls some fields, where it is not what most do.
	Names FieldNames
	// Vocab, Hidden, Intermediate, Layers and Heads are for files that leave out even these; 0: they must not.
	Vocab, Hidden, Intermediate, Layers, Heads int
	// FourTimes the hidden size is the intermediate size of files that do not say it.
	FourTimes bool

	KVHeads      int     // 0: as many as heads
	HeadDim      int     // 0: heads share the hidden size
	MaxPositions int     // 0: 2048
	Eps          float64 // 0: 1e-6
	Activation   string  // "": silu
	Tied         bool
	Rotary       RotaryDefaults
	Unrotated    bool // positions are not rotary: their declaration is left to the family
}

// FieldNames are names of fields.
type FieldNames struct {
	Hidden       string // "": hidden_size
	Intermediate string // "": intermediate_size
	Layers       string // "": num_hidden_layers
	Heads        string // "": num_attention_heads
	Positions    string // "": max_position_embeddings
	Eps          string // "": rms_norm_eps
	Activation   string // "": hidden_act
}

// ReadStandard reads the fields that most families call by the same names, and declares what most of them have:
// root mean square norms in front of attention and of a gated feed-forward block without biases, and rotary
// positions. What a family has otherwise its package changes.
func ReadStandard(f *models.Fields, architecture string, d Defaults) *Spec {
	s := &Spec{
		Config:    ReadSizes(f, architecture, d),
		Names:     StandardNames(),
		Norm:      Norm{Kind: RMSNorm, Eps: float32(f.PositiveOr(or(d.Names.Eps, "rms_norm_eps"), or(d.Eps, 1e-6)))},
		FinalNorm: true,
		MLP:       MLP{Gated: true},
	}
	s.Activation = ReadActivation(f, or(d.Names.Activation, "hidden_act"), or(d.Activation, "silu"))
	s.TieWordEmbeddings = f.BoolOr("tie_word_embeddings", d.Tied)
	if !d.Unrotated {
		s.Position = ReadRotary(f, &s.Config, d.Rotary)
	}
	return s
}

// or returns v, or absent when v is the zero value.
func or[T comparable](v, absent T) T {
	if v == *new(T) {
		return absent
	}
	return v
}

// ReadActivation reads the name of an activation of one argument.
func ReadActivation(f *models.Fields, name, absent string) string {
	found := f.StringOr(name, absent)
	if a, err := nn.ActivationByName(found); err != nil {
		f.Fail(name, "%v", err)
	} else if a.Arity() != 1 {
		f.Fail(name, "%q takes %d arguments, want 1", found, a.Arity())
	}
	return found
}

// ReadSizes reads the sizes that most families call by the same names.
func ReadSizes(f *models.Fields, architecture string, d Defaults) models.Config {
	size := func(name string, absent, largest int) int {
		if absent == 0 {
			return f.Int(name, 1, largest)
		}
		return f.IntOr(name, absent, 1, largest)
	}
	n := d.Names
	c := models.Config{
		Architecture: architecture,
		VocabSize:    size("vocab_size", d.Vocab, models.MaxVocab),
		HiddenSize:   size(or(n.Hidden, "hidden_size"), d.Hidden, models.MaxWidth),
		NumLayers:    size(or(n.Layers, "num_hidden_layers"), d.Layers, models.MaxLayers),
		Heads:        size(or(n.Heads, "num_attention_heads"), d.Heads, models.MaxWidth),
		MaxPositions: f.IntOr(or(n.Positions, "max_position_embeddings"), or(d.MaxPositions, 2048), 1, models.MaxPositions),
	}
	if d.FourTimes {
		d.Intermediate = 4 * c.HiddenSize
	}
	c.IntermediateSize = size(or(n.Intermediate, "intermediate_size"), d.Intermediate, models.MaxWidth)
	c.KVHeads = c.Heads
	if !f.IsNull("num_key_value_heads") {
		c.KVHeads = f.IntOr("num_key_value_heads", or(d.KVHeads, c.Heads), 1, models.MaxWidth)
	}
	ReadHeadDim(f, &c, d.HeadDim)
	return c
}

// ReadHeadDim completes a configuration whose hidden size and numbers of heads are known by the width of a head,
// and checks that they fit together. absent is the width in files that do not say it; 0: heads share the hidden size.
func ReadHeadDim(f *models.Fields, c *models.Config, absent int) {
	if f.Err() != nil {
		return // the divisions below need sound sizes
	}
	if c.Heads%c.KVHeads != 0 {
		f.Fail("num_key_value_heads", "%d does not divide num_attention_heads %d", c.KVHeads, c.Heads)
		return
	}
	switch {
	case f.Has("head_dim"):
		c.HeadDim = f.Int("head_dim", 1, models.MaxWidth)
	case absent != 0 && !f.IsNull("head_dim"):
		c.HeadDim = absent
	case c.HiddenSize%c.Heads != 0:
		f.Fail("num_attention_heads", "%d does not divide hidden_size %d", c.Heads, c.HiddenSize)
	default:
		c.HeadDim = c.HiddenSize / c.Heads
	}
	if c.Heads*c.HeadDim > models.MaxWidth {
		f.Fail("head_dim", "%d heads of width %d are wider than %d", c.Heads, c.HeadDim, models.MaxWidth)
	}
}
