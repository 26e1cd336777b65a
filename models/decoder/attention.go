package decoder

import (
	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/nn"
)

// newAttention declares attention: the maps to queries, keys and values are asked for what they put out in
// the dense network, since a softmax has no residual stream that could make up for it.
func (s *Spec) newAttention(path string, core *nn.Attention) branch {
	n, q := s.Names, s.Heads*s.HeadDim
	b := branch{target: nn.DenseOutputs, out: nn.NewLinear(path+n.Output, q, s.HiddenSize, s.Attention.OutputBias)}
	b.in = s.newQKV(path)
	qNorm, kNorm := s.newQKNorm(path+n.QueryNorm, s.Heads), s.newQKNorm(path+n.KeyNorm, s.KVHeads)
	if qNorm != nil {
		b.inner = []norm{qNorm, kNorm}
	}
	b.middle = func(c *nn.Context, y []*autograd.Var) *autograd.Var {
		q, k, v := s.splitQKV(y)
		if qNorm != nil {
			q, k = qNorm.Forward(c, q), kNorm.Forward(c, k)
		}
		if clip := s.Attention.Clip; clip != 0 {
			q, k, v = autograd.Clamp(q, clip), autograd.Clamp(k, clip), autograd.Clamp(v, clip)
		}
		return core.Attend(c, q, k, v)
	}
	return b
}

// newQKV returns the maps to queries, keys and values, one or three.
func (s *Spec) newQKV(path string) []*nn.Linear {
	n, d, q, kv, bias := s.Names, s.HiddenSize, s.Heads*s.HeadDim, s.KVHeads*s.HeadDim, s.Attention.QKVBias
	if s.Attention.Layout != Separate {
		return []*nn.Linear{nn.NewLinear(path+n.QueryKeyValue, d, q+2*kv, bias)}
	}
	return []*nn.Linear{
		nn.NewLinear(path+n.Query, d, q, bias),
		nn.NewLinear(path+n.Key, d, kv, bias),
		nn.NewLinear(path+n.Value, d, kv, bias),
	}
}

// splitQKV returns queries [tokens, Heads·HeadDim], keys and values [tokens, KVHeads·HeadDim] of what the maps
// of newQKV put out.
func (s *Spec) splitQKV(y []*autograd.Var) (q, k, v *autograd.Var) {
	if s.Attention.Layout == Separate {
		return y[0], y[1], y[2]
	}
	all, tokens := y[0], y[0].Value.Dim(0)
	groups := s.qkvGroups()
	if groups > 1 { // as if each were a token
		all = autograd.Reshape(all, tokens*groups, all.Value.Dim(1)/groups)
	}
	nq, nkv := s.Heads/groups*s.HeadDim, s.KVHeads/groups*s.HeadDim
	parts := [3]*autograd.Var{autograd.SliceCols(all, 0, nq), autograd.SliceCols(all, nq, nq+nkv), autograd.SliceCols(all, nq+nkv, nq+2*nkv)}
	if groups > 1 {
		for i, p := range parts {
			parts[i] = autograd.Reshape(p, tokens, groups*p.Value.Dim(1))
		}
	}
	return parts[0], parts[1], parts[2]
}

// qkvGroups is in how many groups of queries, keys and values the rows of the one matrix are ordered.
func (s *Spec) qkvGroups() int {
	switch s.Attention.Layout {
	case PerHead, PerGroup:
		return s.KVHeads
	}
	return 1
}

// newCores returns what queries and keys do in each layer.
func (s *Spec) newCores() ([]*nn.Attention, error) {
	ropes := make([]*nn.RoPE, len(s.Position.Rotary))
	for i, r := range s.Position.Rotary {
		var err error
		if ropes[i], err = nn.NewRoPE(or(r.Dims, s.HeadDim), r.Theta, r.Scaling); err != nil {
			return nil, err
		}
		ropes[i].HeadDim, ropes[i].Interleaved = s.HeadDim, r.Interleaved
	}
	b := s.Position.ALiBi
	alibi := &nn.ALiBi{Slopes: b.Slopes, Rounded: b.Rounded, Scale: b.Factor} // of all layers
	cores := make([]*nn.Attention, s.NumLayers)
	for i := range cores {
		a := &nn.Attention{Heads: s.Heads, KVHeads: s.KVHeads, HeadDim: s.HeadDim, Scale: s.Attention.Scale, SoftCap: s.Attention.SoftCap}
		switch s.Position.Kind {
		case Rotary:
			use := 0
			if s.Position.PerLayer != nil {
				use = s.Position.PerLayer[i]
			}
			if use >= 0 {
				a.RoPE = ropes[use]
			}
		case ALiBi:
			a.ALiBi = alibi
		}
		if s.Attention.Window != nil {
			a.Window = s.Attention.Window[i]
		}
		cores[i] = a
	}
	return cores, nil
}
