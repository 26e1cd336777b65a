package gemma

import (
	"math"

	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/models/decoder"
)

// Architecture2 is the name of the second generation in config.json.
const Architecture2 = "Gemma2ForCausalLM"

func init() { decoder.RegisterFamily(Architecture2, read2) }

// read2 reads config.json of the second generation.
func read2(f *models.Fields) *decoder.Spec {
	d := defaults(4)
	d.Names.Activation = "hidden_activation"
	s := common(f, Architecture2, d)
	sandwich(f, s, 30)
	s.Attention.SoftCap = readBound(f, "attn_logit_softcapping", 50)
	s.Attention.Window = decoder.Windows(decoder.ReadSliding(f, s.NumLayers, decoder.AllButEvery(2)), decoder.ReadWindow(f, 4096))
	return s
}

// sandwich declares what the second and the third generation have.
func sandwich(f *models.Fields, s *decoder.Spec, logitBound float64) {
	s.Placement = decoder.Sandwich
	n := &s.Names
	n.AttentionOutNorm, n.MLPNorm, n.MLPOutNorm = "post_attention_layernorm", "pre_feedforward_layernorm", "post_feedforward_layernorm"
	s.Attention.Scale = float32(1 / math.Sqrt(f.PositiveOr("query_pre_attn_scalar", 256)))
	s.Head.SoftCap = readBound(f, "final_logit_softcapping", logitBound)
}

// readBound reads a bound, of which null says that there is none.
func readBound(f *models.Fields, name string, absent float64) float32 {
	if f.IsNull(name) || absent == 0 && !f.Has(name) {
		return 0
	}
	return float32(f.PositiveOr(name, absent))
}
