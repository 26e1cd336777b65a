package decoder

import (
	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/nn"
)

// activation returns what stands between the maps of the feed-forward block.
func (s *Spec) activation() (nn.Activation, error) {
	act, err := nn.ActivationByName(s.Config.Activation)
	if err != nil || !s.MLP.Gated && s.MLP.Experts.Count == 0 {
		return act, err
	}
	return nn.Gated(act)
}

// newMLP declares the feed-forward block.
func (s *Spec) newMLP(path string, act nn.Activation) branch {
	n, d, inner := s.Names, s.HiddenSize, s.IntermediateSize
	b := branch{target: nn.OwnOutputs, out: nn.NewLinear(path+n.Down, inner, d, s.MLP.OutBias)}
	if s.MLP.Stacked {
		b.in = []*nn.Linear{nn.NewLinear(path+n.GateUp, d, 2*inner, s.MLP.InBias)}
		b.middle = func(_ *nn.Context, y []*autograd.Var) *autograd.Var {
			return act.Apply(autograd.SliceCols(y[0], 0, inner), autograd.SliceCols(y[0], inner, 2*inner))
		}
		return b
	}
	if s.MLP.Gated {
		b.in = append(b.in, nn.NewLinear(path+n.Gate, d, inner, s.MLP.InBias))
	}
	b.in = append(b.in, nn.NewLinear(path+n.Up, d, inner, s.MLP.InBias))
	b.middle = func(_ *nn.Context, y []*autograd.Var) *autograd.Var { return act.Apply(y...) }
	return b
}
