package opt

import (
	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/nn"
)

// Layer is one OPT decoder layer. With norms before the sub-blocks it is h += attention(norm1(h)),
// h += mlp(norm2(h)); with norms behind them h = norm1(h + attention(h)), h = norm2(h + mlp(h)).
type Layer struct {
	AttentionNorm *nn.LayerNorm // self_attn_layer_norm
	Attention     *nn.Attention
	MLPNorm       *nn.LayerNorm // final_layer_norm of the layer
	MLP           *nn.MLP
	NormBefore    bool

	name string
}

func newLayer(name string, c *Config, act nn.Activation) *Layer {
	d, attn := c.HiddenSize, name+".self_attn."
	return &Layer{
		name:          name,
		NormBefore:    c.NormBefore,
		AttentionNorm: nn.NewLayerNorm(name+".self_attn_layer_norm", d, normEps, c.NormAffine),
		Attention: &nn.Attention{
			Heads: c.Heads, KVHeads: c.KVHeads, HeadDim: c.HeadDim,
			Q: nn.NewLinear(attn+"q_proj", d, d, c.Bias),
			K: nn.NewLinear(attn+"k_proj", d, d, c.Bias),
			V: nn.NewLinear(attn+"v_proj", d, d, c.Bias),
			O: nn.NewLinear(attn+"out_proj", d, d, c.Bias),
		},
		MLPNorm: nn.NewLayerNorm(name+".final_layer_norm", d, normEps, c.NormAffine),
		MLP: &nn.MLP{
			Up:         nn.NewLinear(name+".fc1", d, c.IntermediateSize, c.Bias),
			Down:       nn.NewLinear(name+".fc2", c.IntermediateSize, d, c.Bias),
			Activation: act,
		},
	}
}

// Name returns the layer's path.
func (l *Layer) Name() string { return l.name }

// Forward maps hidden states [batch·SeqLen, hidden] to hidden states.
func (l *Layer) Forward(c *nn.Context, h *autograd.Var) *autograd.Var {
	return nn.ForwardGroups(c, l.Groups(), h)
}

// Groups returns the layer as groups of linear maps with a common input: q, k, v; out; fc1; fc2. The
// signals between them are the residual stream h and, in front of out and fc2, the branch that they end.
// Norms behind the sub-blocks come after the sums that out and fc2 are asked to restore.
func (l *Layer) Groups() []nn.Group {
	type vars = []*autograd.Var
	a, m := l.Attention, l.MLP
	gs := []nn.Group{
		{
			Linears: []*nn.Linear{a.Q, a.K, a.V}, Target: nn.DenseOutputs,
			Leave: func(c *nn.Context, s nn.Signals, y vars) nn.Signals {
				return nn.Signals{s[0], a.Attend(c, y[0], y[1], y[2])}
			},
		},
		{Linears: []*nn.Linear{a.O}, Target: nn.Residual},
		{
			Linears: []*nn.Linear{m.Up}, Target: nn.OwnOutputs,
			Leave: func(c *nn.Context, s nn.Signals, y vars) nn.Signals {
				return nn.Signals{s[0], m.Activation.Apply(y...)}
			},
		},
		{Linears: []*nn.Linear{m.Down}, Target: nn.Residual},
	}
	for i, norm := range []*nn.LayerNorm{l.AttentionNorm, l.MLPNorm} {
		if l.NormBefore {
			gs[2*i].Enter = func(c *nn.Context, s nn.Signals) *autograd.Var { return norm.Forward(c, s[0]) }
		} else {
			gs[2*i+1].Leave = func(c *nn.Context, _ nn.Signals, y vars) nn.Signals {
				return nn.Signals{norm.Forward(c, y[0])}
			}
		}
	}
	return gs
}

// Linears returns q, k, v, out, fc1 and fc2.
func (l *Layer) Linears() []*nn.Linear {
	return append(l.Attention.Linears(), l.MLP.Linears()...)
}

const (
	// chainPenalty is the published alpha = beta = gamma of AdaGP for OPT's blocks.
	chainPenalty = 0.1
	// fc2GradientSteps is how the published code refits fc2: by this many gradient steps.
	fc2GradientSteps = 10
)

// Chain declares fc1 → activation → fc2 with the variables of the paper: z behind fc1, a in front
// of fc2.
func (l *Layer) Chain() *nn.Chain {
	return &nn.Chain{
		Name: l.name + ".mlp",
		Links: []nn.Link{
			{Linear: l.MLP.Up, In: nn.Input, Out: "z"},
			{Linear: l.MLP.Down, In: "a", Out: nn.Output, GradientSteps: fc2GradientSteps},
		},
		Joins:   []nn.Join{{Activation: l.MLP.Activation, In: []string{"z"}, Out: "a"}},
		Penalty: chainPenalty,
	}
}

// Walk visits the parameters in the order of execution.
func (l *Layer) Walk(visit func(*nn.Param)) {
	l.AttentionNorm.Walk(visit)
	l.Attention.Walk(visit)
	l.MLPNorm.Walk(visit)
	l.MLP.Walk(visit)
}
