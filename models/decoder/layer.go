package decoder

import (
	"fmt"
	"slices"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/nn"
)

// branch is one of the two sub-blocks of a layer: maps that read its input, what is made of their outputs,
// and the map that leads back to the residual stream.
type branch struct {
	in     []*nn.Linear
	target nn.Target // of the maps in
	inner  []norm    // of what the maps in put out
	middle func(c *nn.Context, y []*autograd.Var) *autograd.Var
	out    *nn.Linear
	norm   norm // in front of the branch or behind the sum; nil where it shares another's or has none
	behind norm // of what the branch adds to the residual stream; nil for none
}

// linears returns the maps of the branch in the order of execution.
func (b *branch) linears() []*nn.Linear { return append(slices.Clone(b.in), b.out) }

// Layer is one decoder layer. It implements models.DecoderLayer.
type Layer struct {
	spec      *Spec
	name      string
	attention branch
	mlp       branch   // empty where there are experts
	experts   *experts // nil: none
	groups    []nn.Group
	chain     *nn.Chain
}

func (s *Spec) newLayer(i int, core *nn.Attention, act nn.Activation) *Layer {
	l := &Layer{spec: s, name: fmt.Sprintf(s.Names.Layer, i)}
	path := l.name + "."
	l.attention = s.newAttention(path, core)
	if x := s.MLP.Experts; x.Count > 0 && (x.Plain == nil || !x.Plain[i]) {
		return l.withExperts(path, act)
	}
	l.mlp = s.newMLP(path, act)
	if s.Placement != AfterBranch {
		l.attention.norm = s.newNorm(path + s.Names.AttentionNorm)
		if s.Placement != ParallelOneNorm {
			l.mlp.norm = s.newNorm(path + s.Names.MLPNorm)
		}
	}
	switch s.Placement {
	case AfterBranch, Sandwich:
		l.attention.behind, l.mlp.behind = s.newNorm(path+s.Names.AttentionOutNorm), s.newNorm(path+s.Names.MLPOutNorm)
	}
	switch s.Placement {
	case ParallelOneNorm, ParallelTwoNorm:
		l.groups = l.parallel()
	default:
		l.groups = append(l.sequential(&l.attention), l.sequential(&l.mlp)...)
	}
	l.chain = s.newChain(path+"mlp", &l.mlp, act)
	return l
}

// withExperts completes a layer whose norms stand in front of attention and of experts. It has no chain.
func (l *Layer) withExperts(path string, act nn.Activation) *Layer {
	l.experts = l.spec.newExperts(path, act)
	l.attention.norm = l.spec.newNorm(path + l.spec.Names.AttentionNorm)
	l.groups = l.sequential(&l.attention)
	l.groups[1].Leave = func(c *nn.Context, _ nn.Signals, y []*autograd.Var) nn.Signals { return l.experts.route(c, y[0]) }
	l.groups = append(l.groups, l.experts.groups()...)
	return l
}

// sequential returns the groups of a branch whose sum with the residual stream is what comes next. The
// signals are the stream and, in front of the last map, the branch.
func (l *Layer) sequential(b *branch) []nn.Group {
	first := nn.Group{Linears: b.in, Target: b.target,
		Leave: func(c *nn.Context, s nn.Signals, y []*autograd.Var) nn.Signals {
			return nn.Signals{s[0], b.middle(c, y)}
		}}
	last := nn.Group{Linears: []*nn.Linear{b.out}, Target: nn.Residual, Scale: l.spec.ResidualScale}
	switch {
	case l.spec.Placement == AfterSum:
		last.Leave = func(c *nn.Context, _ nn.Signals, y []*autograd.Var) nn.Signals {
			return nn.Signals{b.norm.Forward(c, y[0])}
		}
	case b.norm != nil:
		first.Enter = func(c *nn.Context, s nn.Signals) *autograd.Var { return b.norm.Forward(c, s[0]) }
	}
	if b.behind != nil {
		// No output of the map brings the sum to a given value: the norm fixes how long what it adds is.
		last.Target, last.Scale = nn.DenseOutputs, 0
		last.Leave = func(c *nn.Context, s nn.Signals, y []*autograd.Var) nn.Signals {
			add := b.behind.Forward(c, y[0])
			if f := l.spec.ResidualScale; f != 0 {
				add = autograd.Scale(add, f)
			}
			return nn.Signals{autograd.Add(s[0], add)}
		}
	}
	return []nn.Group{first, last}
}

// parallel returns the groups of two branches that read the same stream. Maps that share a norm share their
// input, and all that read the layer's input are asked for what they put out in the dense network. The
// signals in front of the two last maps are the stream and the branches that are still to join it.
func (l *Layer) parallel() []nn.Group {
	a, m := &l.attention, &l.mlp
	enter := func(n norm) func(*nn.Context, nn.Signals) *autograd.Var {
		return func(c *nn.Context, s nn.Signals) *autograd.Var { return n.Forward(c, s[0]) }
	}
	join := []nn.Group{
		{
			Linears: []*nn.Linear{a.out}, Target: nn.Residual, Scale: l.spec.ResidualScale,
			Enter: func(_ *nn.Context, s nn.Signals) *autograd.Var { return s[1] },
			Leave: func(_ *nn.Context, s nn.Signals, y []*autograd.Var) nn.Signals { return nn.Signals{y[0], s[2]} },
		},
		{Linears: []*nn.Linear{m.out}, Target: nn.Residual, Scale: l.spec.ResidualScale},
	}
	if m.norm == nil {
		return append([]nn.Group{{
			Linears: slices.Concat(a.in, m.in), Target: nn.DenseOutputs, Enter: enter(a.norm),
			Leave: func(c *nn.Context, s nn.Signals, y []*autograd.Var) nn.Signals {
				return nn.Signals{s[0], a.middle(c, y[:len(a.in)]), m.middle(c, y[len(a.in):])}
			},
		}}, join...)
	}
	return append([]nn.Group{
		{
			Linears: a.in, Target: nn.DenseOutputs, Enter: enter(a.norm),
			Leave: func(c *nn.Context, s nn.Signals, y []*autograd.Var) nn.Signals {
				return nn.Signals{s[0], a.middle(c, y)}
			},
		},
		{
			Linears: m.in, Target: nn.DenseOutputs, Enter: enter(m.norm),
			Leave: func(c *nn.Context, s nn.Signals, y []*autograd.Var) nn.Signals {
				return nn.Signals{s[0], s[1], m.middle(c, y)}
			},
		},
	}, join...)
}

// Name returns the layer's path.
func (l *Layer) Name() string { return l.name }

// Forward maps hidden states [batch·SeqLen, hidden] to hidden states.
func (l *Layer) Forward(c *nn.Context, h *autograd.Var) *autograd.Var {
	return nn.ForwardGroups(c, l.groups, h)
}

// Groups returns the layer as groups of linear maps with a common input. Nobody may change them.
func (l *Layer) Groups() []nn.Group { return l.groups }

// Chain returns the feed-forward block for AdaGP, nil where there are experts. Nobody may change it.
func (l *Layer) Chain() *nn.Chain { return l.chain }

// Experts implements models.Mixture; a layer without experts has none.
func (l *Layer) Experts() [][]*nn.Linear {
	if l.experts == nil {
		return nil
	}
	var all [][]*nn.Linear
	for i := range l.experts.each {
		all = append(all, l.experts.each[i].linears())
	}
	return all
}

// ShowAll implements models.Mixture.
func (l *Layer) ShowAll(expert int, all bool) { l.experts.everyone[expert] = all }

// Linears returns the linear maps: those of attention, then those of the feed-forward block.
func (l *Layer) Linears() []*nn.Linear {
	if l.experts == nil {
		return append(l.attention.linears(), l.mlp.linears()...)
	}
	all := l.attention.linears()
	for _, b := range l.experts.branches() {
		all = append(all, b.linears()...)
	}
	return all
}

// Walk visits the parameters, attention with its norms first.
func (l *Layer) Walk(visit func(*nn.Param)) {
	branches := []*branch{&l.attention, &l.mlp}
	if l.experts != nil {
		defer l.experts.Walk(visit)
		branches = branches[:1]
	}
	for _, b := range branches {
		if b.norm != nil {
			b.norm.Walk(visit)
		}
		for _, lin := range b.linears() {
			lin.Walk(visit)
		}
		for _, n := range b.inner {
			n.Walk(visit)
		}
		if b.behind != nil {
			b.behind.Walk(visit)
		}
	}
}
