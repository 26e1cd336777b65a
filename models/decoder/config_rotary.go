package decoder

import (
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
)

// RotaryDefaults are what files of a family may leave out about rotary positions, and what is the family's own.
type RotaryDefaults struct {
	Theta     float64 // 0: 10000
	ThetaName string  // in files without rope_parameters; "": rope_theta
	// Partial is the share of a head that is rotated; 0: all of it, whatever a file says. PartialName is as
	// ThetaName; "": partial_rotary_factor.
	Partial     float64
	PartialName string
	Interleaved bool
	// OriginalPositions is the context before stretching; 0: max_position_embeddings.
	OriginalPositions int
	// Kinds are other names for kinds of scaling.
	Kinds map[string]string
}

// ReadRotary reads the rotary embedding of a model that has one for all layers. One that is stretched as a text
// grows multiplies the number of positions that c has. The newest files put everything under "rope_parameters",
// older ones have a base beside "rope_scaling", whose kind the oldest ones call "type".
func ReadRotary(f *models.Fields, c *models.Config, d RotaryDefaults) Position {
	r := readRotary(f, rotaryObject(f), *c, d)
	if r.Scaling.Type == "dynamic" {
		c.MaxPositions = int(min(models.MaxPositions, max(1, r.Scaling.Factor)*float64(c.MaxPositions)))
	}
	return Position{Kind: Rotary, Rotary: []RotaryEmbedding{r}}
}

// ReadRotaryPair reads the rotary embeddings of a model whose sliding layers may have another one than its full
// layers: under "rope_parameters" by the kind of layer, or in older files for the full ones as ReadRotary does, and
// for the sliding ones a base alone.
func ReadRotaryPair(f *models.Fields, c models.Config, full, sliding RotaryDefaults, isSliding []bool) Position {
	fullObject, slidingObject := f.Object("rope_scaling"), (*models.Fields)(nil)
	if p := f.Object("rope_parameters"); p != nil {
		if !p.Has(fullLayer) && !p.Has(slidingLayer) {
			f.Fail("rope_parameters", "want %s and %s in it", fullLayer, slidingLayer)
		}
		slidingObject = p.Object(slidingLayer)
		if fullObject == nil {
			fullObject = p.Object(fullLayer)
		}
	}
	p := Position{Kind: Rotary, Rotary: []RotaryEmbedding{readRotary(f, fullObject, c, full), readRotary(f, slidingObject, c, sliding)}}
	for _, s := range isSliding {
		if s {
			p.PerLayer = append(p.PerLayer, 1)
		} else {
			p.PerLayer = append(p.PerLayer, 0)
		}
	}
	return p
}

// rotaryObject returns the object that says how positions are stretched, nil if there is none.
func rotaryObject(f *models.Fields) *models.Fields {
	if o := f.Object("rope_scaling"); o != nil {
		return o
	}
	return f.Object("rope_parameters")
}

// readRotary reads one rotary embedding, of which o, which may be nil, has what f does not.
func readRotary(f, o *models.Fields, c models.Config, d RotaryDefaults) RotaryEmbedding {
	r := RotaryEmbedding{Theta: f.PositiveOr(or(d.ThetaName, "rope_theta"), or(d.Theta, 10000)), Interleaved: d.Interleaved}
	partial := 1.0
	if d.Partial != 0 {
		partial = f.PositiveOr(or(d.PartialName, "partial_rotary_factor"), d.Partial)
	}
	if o != nil {
		r.Theta = o.PositiveOr("rope_theta", r.Theta)
		if d.Partial != 0 {
			partial = o.PositiveOr("partial_rotary_factor", partial)
		}
		r.Scaling = readScaling(f, o, c, d)
		if err := r.Scaling.Check(); err != nil && f.Err() == nil {
			o.Fail("rope_type", "%v", err)
		}
	}
	width := int(float64(c.HeadDim) * partial)
	if r.Dims = width; width < 2 || width%2 != 0 || width > c.HeadDim {
		f.Fail("head_dim", "%d elements of heads of width %d are rotated, want an even number of them", width, c.HeadDim)
	}
	if n := len(r.Scaling.LongFactor); n > 0 && n != width/2 {
		o.Fail("long_factor", "%d values, want one for each of %d pairs", n, width/2)
	}
	return r
}

// readScaling reads how positions are stretched. Values that follow from others are computed here.
func readScaling(f, o *models.Fields, c models.Config, d RotaryDefaults) nn.RoPEScaling {
	s := nn.RoPEScaling{Type: o.StringOr("rope_type", o.StringOr("type", "default"))}
	if kind, ok := d.Kinds[s.Type]; ok {
		s.Type = kind
	}
	if s.Type == "default" {
		return s
	}
	s.Factor = o.FloatOr("factor", 0)
	s.OriginalPositions = f.IntOr("original_max_position_embeddings",
		o.IntOr("original_max_position_embeddings", or(d.OriginalPositions, c.MaxPositions), 1, models.MaxPositions), 1, models.MaxPositions)
	s.AttentionFactor = o.FloatOr("attention_factor", 0)
	if f.Err() != nil {
		return s
	}
	stretch := o.FloatOr("factor", float64(c.MaxPositions)/float64(s.OriginalPositions))
	switch s.Type {
	case "linear":
		s.OriginalPositions = 0
	case "dynamic":
		s.OriginalPositions = c.MaxPositions
	case "llama3":
		s.LowFreq, s.HighFreq = o.FloatOr("low_freq_factor", 0), o.FloatOr("high_freq_factor", 0)
	case "yarn":
		s.Factor = stretch
		s.BetaFast, s.BetaSlow = or(o.FloatOr("beta_fast", 0), 32), or(o.FloatOr("beta_slow", 0), 1)
		s.Fractional = !o.BoolOr("truncate", true)
		m, all := o.FloatOr("mscale", 0), o.FloatOr("mscale_all_dim", 0)
		switch {
		case s.AttentionFactor != 0:
		case m != 0 && all != 0:
			s.AttentionFactor = nn.YarnAttentionFactor(stretch, m) / nn.YarnAttentionFactor(stretch, all)
		default:
			s.AttentionFactor = nn.YarnAttentionFactor(stretch, 1)
		}
	case "longrope":
		s.ShortFactor, s.LongFactor = o.Floats("short_factor"), o.Floats("long_factor")
		if s.AttentionFactor == 0 {
			s.AttentionFactor = nn.LongRoPEAttentionFactor(stretch, s.OriginalPositions)
		}
	}
	return s
}
