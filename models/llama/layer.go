package llama

import (
	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/nn"
)

// Layer is one LLaMA decoder layer: h += attention(norm1(h)), then h += mlp(norm2(h)).
type Layer struct {
	InputNorm         *nn.RMSNorm
	Attention         *nn.Attention
	PostAttentionNorm *nn.RMSNorm
	MLP               *nn.GatedMLP

	name string
}

func newLayer(name string, c *Config, rope *nn.RoPE) *Layer {
	attn, mlp := name+".self_attn.", name+".mlp."
	q, kv := c.Heads*c.HeadDim, c.KVHeads*c.HeadDim
	return &Layer{
		name:      name,
		InputNorm: nn.NewRMSNorm(name+".input_layernorm", c.HiddenSize, c.RMSNormEps),
		Attention: &nn.Attention{
			Heads: c.Heads, KVHeads: c.KVHeads, HeadDim: c.HeadDim, RoPE: rope,
			Q: nn.NewLinear(attn+"q_proj", c.HiddenSize, q, c.AttentionBias),
			K: nn.NewLinear(attn+"k_proj", c.HiddenSize, kv, c.AttentionBias),
			V: nn.NewLinear(attn+"v_proj", c.HiddenSize, kv, c.AttentionBias),
			O: nn.NewLinear(attn+"o_proj", q, c.HiddenSize, c.AttentionBias),
		},
		PostAttentionNorm: nn.NewRMSNorm(name+".post_attention_layernorm", c.HiddenSize, c.RMSNormEps),
		MLP: &nn.GatedMLP{
			Gate:       nn.NewLinear(mlp+"gate_proj", c.HiddenSize, c.IntermediateSize, c.MLPBias),
			Up:         nn.NewLinear(mlp+"up_proj", c.HiddenSize, c.IntermediateSize, c.MLPBias),
			Down:       nn.NewLinear(mlp+"down_proj", c.IntermediateSize, c.HiddenSize, c.MLPBias),
			Activation: nn.SwiGLU,
		},
	}
}

// Name returns the layer's path.
func (l *Layer) Name() string { return l.name }

// Forward maps hidden states [batch·SeqLen, hidden] to hidden states.
func (l *Layer) Forward(c *nn.Context, h *autograd.Var) *autograd.Var {
	return nn.ForwardGroups(c, l.Groups(), h)
}

// Groups returns the layer as groups of linear maps with a common input: q, k, v; o; gate, up; down. The
// signals between them are the residual stream h and, in front of o and down, the branch that they end.
func (l *Layer) Groups() []nn.Group {
	type vars = []*autograd.Var
	a, m := l.Attention, l.MLP
	return []nn.Group{
		{
			Linears: []*nn.Linear{a.Q, a.K, a.V}, Target: nn.DenseOutputs,
			Enter: func(c *nn.Context, s nn.Signals) *autograd.Var { return l.InputNorm.Forward(c, s[0]) },
			Leave: func(c *nn.Context, s nn.Signals, y vars) nn.Signals {
				return nn.Signals{s[0], a.Attend(c, y[0], y[1], y[2])}
			},
		},
		{Linears: []*nn.Linear{a.O}, Target: nn.Residual},
		{
			Linears: []*nn.Linear{m.Gate, m.Up}, Target: nn.OwnOutputs,
			Enter: func(c *nn.Context, s nn.Signals) *autograd.Var { return l.PostAttentionNorm.Forward(c, s[0]) },
			Leave: func(c *nn.Context, s nn.Signals, y vars) nn.Signals {
				return nn.Signals{s[0], m.Activation.Apply(y...)}
			},
		},
		{Linears: []*nn.Linear{m.Down}, Target: nn.Residual},
	}
}

// Linears returns q, k, v, o, gate, up and down.
func (l *Layer) Linears() []*nn.Linear {
	return append(l.Attention.Linears(), l.MLP.Linears()...)
}

// chainPenalty is the published alpha = beta = gamma of AdaGP for LLaMA's blocks.
const chainPenalty = 5

// Chain declares (gate, up) → SwiGLU → down with the variables of the paper: z behind up, s behind
// gate, a in front of down. The links are in the published update order.
func (l *Layer) Chain() *nn.Chain {
	return &nn.Chain{
		Name: l.name + ".mlp",
		Links: []nn.Link{
			{Linear: l.MLP.Up, In: nn.Input, Out: "z"},
			{Linear: l.MLP.Down, In: "a", Out: nn.Output},
			{Linear: l.MLP.Gate, In: nn.Input, Out: "s"},
		},
		Joins:   []nn.Join{{Activation: l.MLP.Activation, In: []string{"s", "z"}, Out: "a"}},
		Penalty: chainPenalty,
	}
}

// Walk visits the parameters in the order of execution.
func (l *Layer) Walk(visit func(*nn.Param)) {
	l.InputNorm.Walk(visit)
	l.Attention.Walk(visit)
	l.PostAttentionNorm.Walk(visit)
	l.MLP.Walk(visit)
}
