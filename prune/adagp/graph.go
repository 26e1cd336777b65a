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

// variable is a signal of the chain, [tokens, width].
type variable struct {
	name    string
	given   bool // the chain's input or output: not updated
	width   int
	source  term           // what computes it in the network; nil for the input
	links   []*link        // linear maps that read it
	joins   []*join        // non-linearities that read it
	at      *tensor.Tensor // its value within the chunk of tokens at hand [chunk, width]
	stored  *tensor.Tensor // its values of all tokens, where they persist from one pass to the next; or nil
	scratch *tensor.Tensor // memory for a chunk of a variable that is neither stored nor computed
	tape    *autograd.Tape // memory of what is computed from it in a chunk, the same for all variables
}

// input is what some links multiply with their weights: a variable, or what the operator of one link makes of it.
// They share its Gram matrix.
type input struct {
	v     *variable
	links []*link
	gram  *linalg.Matrix // sum of the products of its rows over all tokens [width, width]
	more  *calib.Stats   // other sums over its rows, for the local solver; nil: none asked for
}

// rows returns the input in the chunk at hand [rows, width].
func (in *input) rows() *tensor.Tensor { return in.links[0].Enters(in.v.tape.Const(in.v.at)).Value }

// term is one summand of the objective, weight · ‖target − prediction‖², with the variable it computes
// as the target.
type term interface {
	target() *variable
	inputs() []*variable
	weight() float64
	// predict computes the target from the inputs' present values, with a tape if they have one.
	predict(value func(*variable) *autograd.Var) *autograd.Var
}

// link is the term α‖out − W·in − b‖², or β when out is the chain's output. Where several variables stand side by
// side in what it puts out, each of them has a term of its own, a [part] of this one.
type link struct {
	nn.Link
	in       *input
	outs     []*variable
	terms    []term
	penalty  float64
	frozen   bool            // keeps its present weights
	steps    int             // gradient steps of a refit; 0: a regression
	dense    *linalg.Matrix  // weights of the dense network [out, in]
	w        *linalg.Matrix  // present weights
	w32      *tensor.Tensor  // the same for products with activations
	cross    *linalg.Matrix  // sum of (out − b)ᵀ·in over all tokens [out, in], or nil
	power    float64         // sum of ‖out − b‖² over the same tokens
	unbiased *tensor.Tensor  // see aim
	solution *local.Solution // of the last pruning
}

// join is the term γ‖out − φ(in…)‖², or β when out is the chain's output.
type join struct {
	nn.Join
	in      []*variable
	out     *variable
	penalty float64
}

func (l *link) target() *variable   { return l.outs[0] }
func (l *link) inputs() []*variable { return []*variable{l.in.v} }
func (l *link) weight() float64     { return l.penalty }

func (l *link) predict(value func(*variable) *autograd.Var) *autograd.Var {
	return l.Leaves(autograd.Linear(l.Enters(value(l.in.v)), autograd.Const(l.w32), l.bias()))
}

// bias returns the bias as a constant, nil if there is none. Biases never change.
func (l *link) bias() *autograd.Var {
	if l.Linear.Bias == nil {
		return nil
	}
	return autograd.Const(l.Linear.Bias.Value())
}

// aim returns what W·in is to be in the chunk at hand, out − b, row by row.
func (l *link) aim() *tensor.Tensor {
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

// part is the term of one of the variables that a link computes.
type part struct {
	*link
	number int
}

func (p *part) target() *variable { return p.outs[p.number] }

func (p *part) predict(value func(*variable) *autograd.Var) *autograd.Var {
	all, w := p.link.predict(value), p.target().width
	return autograd.SliceCols(all, p.number*w, (p.number+1)*w)
}

// set gives the link new weights.
func (l *link) set(w *linalg.Matrix) { l.w, l.w32 = w, w.Tensor() }

func (j *join) target() *variable   { return j.out }
func (j *join) inputs() []*variable { return j.in }
func (j *join) weight() float64     { return j.penalty }

func (j *join) predict(value func(*variable) *autograd.Var) *autograd.Var {
	in := make([]*autograd.Var, len(j.in))
	for i, v := range j.in {
		in[i] = value(v)
	}
	return j.Activation.Apply(in...)
}

// graph is a chain with its variables resolved.
type graph struct {
	vars   []*variable // each after the ones it is computed from; the input first
	inputs []*input    // of links, in the order of vars
	links  []*link     // in refit order
	joins  []*join
	terms  []term // links, then joins
	x, y   *variable
	tape   *autograd.Tape // reset for each chunk
}

// newGraph resolves the names of a checked chain; the present weights are the dense ones. alpha, beta and
// gamma are the penalties of pre-activations, output and activations.
func newGraph(c *nn.Chain, alpha, beta, gamma float64) *graph {
	g := &graph{tape: autograd.NewTape().Recycle()}
	byName := map[string]*variable{}
	get := func(name string) *variable {
		if byName[name] == nil {
			byName[name] = &variable{name: name, given: name == nn.Input || name == nn.Output, tape: g.tape}
		}
		return byName[name]
	}
	penalty := func(out string, inner float64) float64 {
		if out == nn.Output {
			return beta
		}
		return inner
	}
	for _, d := range c.Links {
		l := &link{Link: d, penalty: penalty(d.Out, alpha)}
		l.dense, l.w32 = linalg.FromTensor(d.Linear.Weight.Value()), d.Linear.Weight.Value()
		l.w = l.dense
		v := get(d.In)
		l.in = g.input(v, d)
		v.links, l.in.links = append(v.links, l), append(l.in.links, l)
		in, _, width := d.Sizes()
		v.width = in
		for i, name := range d.Names() {
			out, t := get(name), term(l)
			if len(d.Outs) > 0 {
				t = &part{l, i}
			}
			out.source, out.width = t, width/len(d.Names())
			l.outs, l.terms = append(l.outs, out), append(l.terms, t)
		}
		g.links, g.terms = append(g.links, l), append(g.terms, l.terms...)
	}
	for _, d := range c.Joins {
		j := &join{Join: d, out: get(d.Out), penalty: penalty(d.Out, gamma)}
		for _, name := range d.In {
			v := get(name)
			j.in = append(j.in, v)
			v.joins = append(v.joins, j)
		}
		j.out.source = j
		g.joins, g.terms = append(g.joins, j), append(g.terms, j)
	}
	g.x, g.y = get(nn.Input), get(nn.Output)
	g.visit(g.y, map[*variable]bool{})
	g.resolve()
	return g
}

// visit appends v to the order of computation, after everything it is computed from.
func (g *graph) visit(v *variable, seen map[*variable]bool) {
	if seen[v] {
		return
	}
	seen[v] = true
	if v.source != nil {
		for _, u := range v.source.inputs() {
			g.visit(u, seen)
		}
	}
	g.vars = append(g.vars, v)
}

// input returns what a link that reads v multiplies. Operators make an input of its own.
func (g *graph) input(v *variable, d nn.Link) *input {
	i := slices.IndexFunc(g.inputs, func(in *input) bool { return in.v == v && in.links[0].Enter == nil && d.Enter == nil })
	if i < 0 {
		i, g.inputs = len(g.inputs), append(g.inputs, &input{v: v})
	}
	return g.inputs[i]
}

// resolve sorts the inputs, and finds the widths of variables that only joins know.
func (g *graph) resolve() {
	slices.SortStableFunc(g.inputs, func(a, b *input) int { return slices.Index(g.vars, a.v) - slices.Index(g.vars, b.v) })
	for range g.joins { // widths pass through one join at a time
		for _, j := range g.joins {
			for _, v := range j.in {
				width := max(v.width, j.out.width)
				v.width, j.out.width = width, width
			}
		}
	}
}

// behind lists the variables that are computed from v.
func (g *graph) behind(v *variable) map[*variable]bool {
	reached := map[*variable]bool{}
	for _, w := range g.vars {
		if w.source != nil && slices.ContainsFunc(w.source.inputs(), func(u *variable) bool { return u == v || reached[u] }) {
			reached[w] = true
		}
	}
	return reached
}

// prediction computes a term's target from the present values in the chunk. It is good for that chunk.
func prediction(t term) *tensor.Tensor {
	return t.predict(func(v *variable) *autograd.Var { return v.tape.Const(v.at) }).Value
}
