package decoder

import (
	"fmt"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

// experts are feed-forward blocks of which each token goes through a few, chosen by a router (Shazeer et al. 2017): the
// sum of what they put out, each times a weight, joins the residual stream. Signals are the stream, the normalised
// states x, which experts each token has chosen and with which weights [tokens, Active], and in front of the last map of
// an expert what it reads.
//
// In a calibration pass an expert may be shown all tokens (ShowAll); those that have not chosen it have the weight 0
// there.
type experts struct {
	spec       *Spec
	norm       norm
	router     *nn.Param // [Count, hidden]
	each       []branch
	shared     *branch   // of all tokens; nil for none
	sharedGate *nn.Param // [1, hidden]
	everyone   []bool    // by expert: calibration shows it all tokens
}

// newExperts declares the experts of a layer.
func (s *Spec) newExperts(path string, act nn.Activation) *experts {
	n, m := s.Names, &s.MLP.Experts
	x := &experts{spec: s, norm: s.newNorm(path + n.MLPNorm), router: nn.NewParam(path+n.Router+".weight", m.Count, s.HiddenSize)}
	x.everyone = make([]bool, m.Count)
	for i := range m.Count {
		x.each = append(x.each, s.newExpert(path+fmt.Sprintf(n.Expert, i)+".", m.Width, [3]string{n.ExpertGate, n.ExpertUp, n.ExpertDown}, act))
	}
	if m.SharedWidth > 0 {
		b := s.newExpert(path+n.Shared+".", m.SharedWidth, [3]string{n.ExpertGate, n.ExpertUp, n.ExpertDown}, act)
		x.shared, x.sharedGate = &b, nn.NewParam(path+n.SharedGate+".weight", 1, s.HiddenSize)
	}
	return x
}

func (s *Spec) newExpert(path string, width int, names [3]string, act nn.Activation) branch {
	return branch{
		target: nn.OwnOutputs,
		in:     []*nn.Linear{nn.NewLinear(path+names[0], s.HiddenSize, width, false), nn.NewLinear(path+names[1], s.HiddenSize, width, false)},
		middle: func(_ *nn.Context, y []*autograd.Var) *autograd.Var { return act.Apply(y...) },
		out:    nn.NewLinear(path+names[2], width, s.HiddenSize, false),
	}
}

// branches returns all of them, the shared one last.
func (x *experts) branches() []*branch {
	var all []*branch
	for i := range x.each {
		all = append(all, &x.each[i])
	}
	if x.shared != nil {
		all = append(all, x.shared)
	}
	return all
}

// route returns the signals in front of the experts for the residual stream h.
func (x *experts) route(c *nn.Context, h *autograd.Var) nn.Signals {
	m := &x.spec.MLP.Experts
	states := x.norm.Forward(c, h)
	scores := autograd.Linear(states, x.router.On(c), nil)
	if !m.Normalised {
		scores = autograd.Softmax(scores)
	}
	weights, chosen := autograd.TopK(scores, m.Active)
	if m.Normalised { // the same as dividing the largest probabilities by their sum
		weights = autograd.Softmax(weights)
	}
	picks := tensor.New(states.Value.Dim(0), m.Active)
	for i, e := range chosen {
		picks.Data()[i] = float32(e)
	}
	return nn.Signals{h, states, c.Const(picks), weights}
}

// tokens returns the rows of the tokens that have chosen an expert, and where in the weights theirs are.
func (x *experts) tokens(picks *autograd.Var, expert int) (rows, at []int) {
	active := picks.Value.Dim(1)
	for i, e := range picks.Value.Data() {
		if int(e) == expert {
			rows, at = append(rows, i/active), append(at, i)
		}
	}
	return rows, at
}

// showsAll reports whether the pass shows an expert all tokens.
func (x *experts) showsAll(c *nn.Context, expert int) bool {
	return c.Calibration && x.everyone[expert]
}

// enter returns what an expert reads of the states of all tokens.
func (x *experts) enter(c *nn.Context, s nn.Signals, expert int) *autograd.Var {
	if x.showsAll(c, expert) {
		return s[1]
	}
	rows, _ := x.tokens(s[2], expert)
	return autograd.GatherRows(s[1], rows)
}

// added returns what an expert adds to the stream, for what it puts out.
func (x *experts) added(c *nn.Context, s nn.Signals, expert int, y *autograd.Var) *autograd.Var {
	rows, at := x.tokens(s[2], expert)
	n := s[0].Value.Dim(0)
	weights := autograd.GatherRows(autograd.Reshape(s[3], s[3].Value.Len(), 1), at)
	if x.showsAll(c, expert) {
		return autograd.ScaleRows(y, autograd.Reshape(autograd.ScatterRows(weights, rows, n), n))
	}
	return autograd.ScatterRows(autograd.ScaleRows(y, autograd.Reshape(weights, len(at))), rows, n)
}

// groups returns the groups behind attention, whose last group must leave what route returns.
func (x *experts) groups() []nn.Group {
	var list []nn.Group
	for e := range x.each {
		b := &x.each[e]
		list = append(list, nn.Group{
			Linears: b.in, Target: b.target,
			Enter: func(c *nn.Context, s nn.Signals) *autograd.Var { return x.enter(c, s, e) },
			Leave: func(c *nn.Context, s nn.Signals, y []*autograd.Var) nn.Signals {
				return append(s[:4:4], b.middle(c, y))
			},
		}, nn.Group{
			Linears: []*nn.Linear{b.out}, Target: b.target,
			Leave: func(c *nn.Context, s nn.Signals, y []*autograd.Var) nn.Signals {
				return x.join(s, x.added(c, s, e, y[0]), e == len(x.each)-1 && x.shared == nil)
			},
		})
	}
	if x.shared == nil {
		return list
	}
	return append(list, nn.Group{
		Linears: x.shared.in, Target: x.shared.target,
		Enter: func(_ *nn.Context, s nn.Signals) *autograd.Var { return s[1] },
		Leave: func(c *nn.Context, s nn.Signals, y []*autograd.Var) nn.Signals {
			return append(s[:4:4], x.shared.middle(c, y))
		},
	}, nn.Group{
		Linears: []*nn.Linear{x.shared.out}, Target: x.shared.target,
		Leave: func(c *nn.Context, s nn.Signals, y []*autograd.Var) nn.Signals {
			gate := autograd.Sigmoid(autograd.Linear(s[1], x.sharedGate.On(c), nil))
			return x.join(s, autograd.ScaleRows(y[0], autograd.Reshape(gate, gate.Value.Dim(0))), true)
		},
	})
}

// join adds to the residual stream; behind the last expert that is all that is left.
func (x *experts) join(s nn.Signals, add *autograd.Var, last bool) nn.Signals {
	h := autograd.Add(s[0], add)
	if last {
		return nn.Signals{h}
	}
	return nn.Signals{h, s[1], s[2], s[3]}
}

// Walk visits the parameters: the norm and the router first.
func (x *experts) Walk(visit func(*nn.Param)) {
	x.norm.Walk(visit)
	visit(x.router)
	for _, b := range x.branches() {
		for _, lin := range b.linears() {
			lin.Walk(visit)
		}
	}
	if x.sharedGate != nil {
		visit(x.sharedGate)
	}
}

// mergedViews notes where the parameters of the experts are in checkpoints as transformers 5 may write them: one tensor
// [experts, 2·width, hidden] has the gates and the maps up of all, the gate of each first, another one
// [experts, hidden, width] the maps down. The names are the same in all families.
func (x *experts) mergedViews(path string, views map[*nn.Param][]models.View) {
	width, hidden := x.spec.MLP.Experts.Width, x.spec.HiddenSize
	part := func(name string, from, rows int) []models.View {
		return []models.View{{Tensor: path + name, Merged: true, From: from, To: from + rows}}
	}
	views[x.router] = []models.View{{Tensor: path + "mlp.gate.weight"}}
	for e := range x.each {
		b := &x.each[e]
		views[b.in[0].Weight] = part("mlp.experts.gate_up_proj", 2*e*width, width)
		views[b.in[1].Weight] = part("mlp.experts.gate_up_proj", (2*e+1)*width, width)
		views[b.out.Weight] = part("mlp.experts.down_proj", e*hidden, hidden)
	}
}
