package decoder

import "github.com/adagp/adagp/nn"

// newChain declares the feed-forward block with the variables of the paper: z behind up, s behind gate, a in
// front of down. The links are in the published update order.
func (s *Spec) newChain(name string, b *branch, act nn.Activation) *nn.Chain {
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
	links := []nn.Link{
		{Linear: b.in[0], In: nn.Input, Outs: []string{"s", "z"}},
		{Linear: b.out, In: "a", Out: nn.Output},
	}
	if !s.MLP.Stacked {
		links = []nn.Link{
			{Linear: b.in[1], In: nn.Input, Out: "z"},
			{Linear: b.out, In: "a", Out: nn.Output},
			{Linear: b.in[0], In: nn.Input, Out: "s"},
		}
	}
	return &nn.Chain{
		Name:  name,
		Links: links,
		Joins: []nn.Join{{Activation: act, In: []string{"s", "z"}, Out: "a"}},
	}
}
