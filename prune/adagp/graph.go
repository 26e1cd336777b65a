package adagp

import (
	"slices"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/calib"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/linalg"
)

// graph is a chain with its variables resolved.
type graph struct {
	vars   []*variable // each after the ones it is computed from; the input first
	inputs []*input    // of links, in the order of vars
	links  []*link     // in refit order
	joins  []*join
	x, y   *variable
	tape   *autograd.Tape // memory of what is computed in a chunk of tokens
}

// variable is a signal of the chain, [tokens, width].
type variable struct {
	name    string
	given   bool // the chain's input or output: not updated
	width   int
	source  *term          // what computes it in the network; nil for the input
	links   []*link        // linear maps that read it
	joins   []*join        // non-linearities that read it
	at      *tensor.Tensor // its value within the chunk of tokens at hand [chunk, width]
	stored  *tensor.Tensor // its values of all tokens, where they persist from one pass to the next; or nil
	scratch *tensor.Tensor // memory for a chunk of a variable that is neither stored nor computed
	tape    *autograd.Tape // that of the graph
}

// term is one summand of the objective, penalty·‖out − prediction‖².
type term struct {
	out     *variable
	in      []*variable
	penalty float64
	// predict computes out from values of in, with a tape if they have one.
	predict func(value func(*variable) *autograd.Var) *autograd.Var
}

// prediction computes a term's target from the present values in the chunk. It is good for that chunk.
func (t *term) prediction() *tensor.Tensor {
	return t.predict(func(v *variable) *autograd.Var { return v.tape.Const(v.at) }).Value
}

// input is what some links multiply with their weights: a variable, or what the operator of one link makes of it.
// They share its sums over tokens.
type input struct {
	v       *variable
	links   []*link
	gram    *linalg.Matrix // of its rows [width, width]
	more    *calib.Stats   // other statistics, for the local solver; nil: none asked for
	summing bool           // the next pass adds to these
}

// rows returns the input in the chunk at hand [rows, width].
func (in *input) rows() *tensor.Tensor { return in.links[0].Enters(in.v.tape.Const(in.v.at)).Value }

// link is the term α‖out − W·in − b‖², or β when out is the chain's output. Where several variables stand side by
// side in what it puts out, each of them has a term of its own, with the same penalty.
type link struct {
	nn.Link
	in       *input
	outs     []*variable
	terms    []*term
	frozen   bool            // keeps its present weights
	steps    int             // gradient steps of a refit; 0: a regression
	dense    *linalg.Matrix  // weights of the dense network [out, in]
	w        *linalg.Matrix  // present weights
	w32      *tensor.Tensor  // the same for products with activations
	cross    *linalg.Matrix  // sum of (out − b)ᵀ·in over all tokens [out, in]; nil: not taken
	power    float64         // sum of ‖out − b‖² over the same tokens
	loss     float64         // sum of ‖out − b − W·in‖², for notes
	unbiased *tensor.Tensor  // memory of target
	solution *local.Solution // the present weights with their mask
}

// join is the term γ‖out − φ(in…)‖², or β when out is the chain's output.
type join struct {
	nn.Join
	*term
	loss float64 // sum of ‖out − φ(in…)‖² over all tokens, for notes
}

// load gives the link the weights that its map has. They are the dense ones too, unless others are given.
func (l *link) load(dense *tensor.Tensor) {
	l.w32 = l.Linear.Weight.Value()
	l.w = linalg.FromTensor(l.w32)
	if l.dense = l.w; dense != nil {
		l.dense = linalg.FromTensor(dense)
	}
}

// set gives the link new weights.
func (l *link) set(w *linalg.Matrix) { l.w, l.w32 = w, w.Tensor() }

func (l *link) penalty() float64 { return l.terms[0].penalty }

// apply returns W·in + b, all outputs side by side.
func (l *link) apply(in *autograd.Var) *autograd.Var {
	var bias *autograd.Var // biases never change
	if l.Linear.Bias != nil {
		bias = autograd.Const(l.Linear.Bias.Value())
	}
	return l.Leaves(autograd.Linear(l.Enters(in), autograd.Const(l.w32), bias))
}

// output returns the present values of what the map puts out in the chunk at hand.
func (l *link) output() *tensor.Tensor {
	if len(l.outs) == 1 {
		return l.outs[0].at
	}
	parts := make([]*autograd.Var, len(l.outs))
	for i, v := range l.outs {
		parts[i] = v.tape.Const(v.at)
	}
	return autograd.ConcatCols(parts...).Value
}

// target returns what W·in is fitted to in the chunk at hand, out − b, row by row.
func (l *link) target() *tensor.Tensor {
	out, b := l.Returns(l.output()), l.Linear.Bias
	if b == nil {
		return out
	}
	if l.unbiased == nil || !tensor.SameShape(l.unbiased, out) {
		l.unbiased = tensor.New(out.Shape()...)
	}
	tensor.AddBiasInto(l.unbiased, out, tensor.Scale(b.Value(), -1))
	return l.unbiased
}

// newGraph resolves the names of a checked chain, whose weights need not be loaded. alpha, beta and gamma are the penalties of pre-activations, output and activations.
func newGraph(c *nn.Chain, alpha, beta, gamma float64) *graph {
	g := &graph{tape: autograd.NewTape().Recycle()}
	for _, d := range c.Links {
		g.addLink(d, alpha)
	}
	for _, d := range c.Joins {
		g.addJoin(d, gamma)
	}
	g.x, g.y = g.variable(nn.Input), g.variable(nn.Output)
	for _, t := range g.terms() {
		if t.out == g.y {
			t.penalty = beta
		}
	}
	g.vars = nil
	g.order(g.y)
	slices.SortStableFunc(g.inputs, func(a, b *input) int { return slices.Index(g.vars, a.v) - slices.Index(g.vars, b.v) })
	for range g.joins { // widths that only joins know pass through one of them at a time
		for _, j := range g.joins {
			for _, v := range j.in {
				width := max(v.width, j.out.width)
				v.width, j.out.width = width, width
			}
		}
	}
	return g
}

// variable returns the variable of that name.
func (g *graph) variable(name string) *variable {
	for _, v := range g.vars {
		if v.name == name {
			return v
		}
	}
	v := &variable{name: name, given: name == nn.Input || name == nn.Output, tape: g.tape}
	g.vars = append(g.vars, v)
	return v
}

func (g *graph) addLink(d nn.Link, penalty float64) {
	in, _, all := d.Sizes()
	v, width := g.variable(d.In), all/len(d.Names())
	v.width = in
	l := &link{Link: d, in: g.input(v, d)}
	v.links, l.in.links, g.links = append(v.links, l), append(l.in.links, l), append(g.links, l)
	for i, name := range d.Names() {
		out := g.variable(name)
		t := &term{out: out, in: []*variable{v}, penalty: penalty, predict: func(value func(*variable) *autograd.Var) *autograd.Var {
			y := l.apply(value(v))
			if len(d.Outs) > 0 {
				y = autograd.SliceCols(y, i*width, (i+1)*width)
			}
			return y
		}}
		out.width, out.source = width, t
		l.outs, l.terms = append(l.outs, out), append(l.terms, t)
	}
}

func (g *graph) addJoin(d nn.Join, penalty float64) {
	t := &term{out: g.variable(d.Out), penalty: penalty}
	j := &join{Join: d, term: t}
	for _, name := range d.In {
		v := g.variable(name)
		t.in, v.joins = append(t.in, v), append(v.joins, j)
	}
	t.predict = func(value func(*variable) *autograd.Var) *autograd.Var {
		args := make([]*autograd.Var, len(t.in))
		for i, v := range t.in {
			args[i] = value(v)
		}
		return d.Activation.Apply(args...)
	}
	t.out.source = t
	g.joins = append(g.joins, j)
}

// terms are those of the links, then those of the joins.
func (g *graph) terms() (ts []*term) {
	for _, l := range g.links {
		ts = append(ts, l.terms...)
	}
	for _, j := range g.joins {
		ts = append(ts, j.term)
	}
	return ts
}

// order appends v to vars, after everything it is computed from.
func (g *graph) order(v *variable) {
	if v.source != nil {
		for _, u := range v.source.in {
			if !slices.Contains(g.vars, u) {
				g.order(u)
			}
		}
	}
	if !slices.Contains(g.vars, v) {
		g.vars = append(g.vars, v)
	}
}

// input returns what a link that reads v multiplies. Operators make an input of its own.
func (g *graph) input(v *variable, d nn.Link) *input {
	i := slices.IndexFunc(g.inputs, func(in *input) bool { return in.v == v && in.links[0].Enter == nil && d.Enter == nil })
	if i < 0 {
		i, g.inputs = len(g.inputs), append(g.inputs, &input{v: v})
	}
	return g.inputs[i]
}

// behind lists the variables that are computed from v.
func (g *graph) behind(v *variable) map[*variable]bool {
	reached := map[*variable]bool{}
	for _, w := range g.vars {
		if w.source != nil && slices.ContainsFunc(w.source.in, func(u *variable) bool { return u == v || reached[u] }) {
			reached[w] = true
		}
	}
	return reached
}

// readers are the terms that predict something from v.
func (v *variable) readers() (ts []*term) {
	for _, j := range v.joins { // which may read it twice
		if !slices.Contains(ts, j.term) {
			ts = append(ts, j.term)
		}
	}
	for _, l := range v.links {
		ts = append(ts, l.terms...)
	}
	return ts
}
