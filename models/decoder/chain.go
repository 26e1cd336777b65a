package decoder

import "github.com/adagp/adagp/nn"

// newChain declares the feed-forward block with the variables of the paper: z behind up, s behind gate, a in
// front of down. The links are in the published update order. A matrix of gate and up together computes two
// variables at once, which no link can say: such a block has no chain.
func (s *Spec) newChain(name string, b *branch, act nn.Activation) *nn.Chain {
	if s.MLP.Stacked {
		return nil
	}
	if !s.MLP.Gated {
		return &nn.Chain{
			Name: name,
			Links: []nn.Link{
				{Linear: b.in[0], In: nn.Input, Out: "z"},
				{Linear: b.out, In: "a", Out: nn.Output},
			},
			Joins: []nn.Join{{Activation: act, In: []string{"z"}, Out: "a"}},
		}
	}
	return &nn.Chain{
		Name: name,
		Links: []nn.Link{
			{Linear: b.in[1], In: nn.Input, Out: "z"},
			{Linear: b.out, In: "a", Out: nn.Output},
			{Linear: b.in[0], In: nn.Input, Out: "s"},
		},
		Joins: []nn.Join{{Activation: act, In: []string{"s", "z"}, Out: "a"}},
	}
}
