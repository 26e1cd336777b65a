package decoder

import "github.com/adagp/adagp/models"

// ReadExperts reads a mixture of experts. absent are the values of fields that a file leaves out; a width of a shared
// expert that is 0 there means that the family has none.
func ReadExperts(f *models.Fields, absent Experts) Experts {
	x := absent
	x.Count = f.IntOr(f.First("num_local_experts", "num_experts"), absent.Count, 1, models.MaxWidth)
	x.Active = f.IntOr("num_experts_per_tok", absent.Active, 1, models.MaxWidth)
	if x.Active > x.Count {
		f.Fail("num_experts_per_tok", "%d of %d experts", x.Active, x.Count)
	}
	x.Width = f.IntOr("moe_intermediate_size", absent.Width, 1, models.MaxWidth)
	x.Normalised = f.BoolOr("norm_topk_prob", absent.Normalised)
	if absent.SharedWidth > 0 {
		x.SharedWidth = f.IntOr("shared_expert_intermediate_size", absent.SharedWidth, 1, models.MaxWidth)
	}
	return x
}

// ReadPlainLayers reads which layers have a plain feed-forward block in place of experts: those of mlp_only_layers, and
// those whose number, counted from 1, decoder_sparse_step does not divide.
func ReadPlainLayers(f *models.Fields, layers int) []bool {
	step := f.IntOr("decoder_sparse_step", 1, 1, models.MaxLayers)
	plain := Sliding(layers, func(i int) bool { return (i+1)%step != 0 })
	if f.Has("mlp_only_layers") && !f.IsEmpty("mlp_only_layers") {
		for _, i := range f.Ints("mlp_only_layers") {
			if i < 0 || i >= layers {
				f.Fail("mlp_only_layers", "%d is the number of no layer, want 0 to %d", i, layers-1)
				break
			}
			plain[i] = true
		}
	}
	return plain
}
