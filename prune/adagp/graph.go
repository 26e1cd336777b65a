package adagp

import (
	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/linalg"
)

// variable is a signal of the chain, [tokens, width]. Its value within the chunk of tokens at hand is
// at; values holds all tokens, for given variables and those that must survive from one pass over
// the data to the next.
type variable struct {
	name   string
	given  bool           // the chain's input or output: not updated
	source term           // what computes it in the network; nil for the input
	links  []*link        // linear maps that read it
	joins  []*join        // non-linearities that read it
	values *tensor.Tensor // [tokens, width], or nil
	at     *tensor.Tensor // [chunk, width]
	tape   *autograd.Tape // memory of what is computed from it in a chunk, the same for all variables
	gram   *linalg.Matrix // sum of vᵀv over all tokens, kept while a link reads it
}

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
	in       *variable
	outs     []*variable
	terms    []term
	penalty  float64
	frozen   bool            // keeps its dense weights
	steps    int             // gradient steps of a refit; 0: a regression
	start    *linalg.Matrix  // weights at the start [out, in]
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
func (l *link) inputs() []*variable { return []*variable{l.in} }
func (l *link) weight() float64     { return l.penalty }

func (l *link) predict(value func(*variable) *autograd.Var) *autograd.Var {
	return autograd.Linear(value(l.in), autograd.Const(l.w32), l.bias())
}

// bias returns the bias as a constant, nil if there is none. Biases never change.
func (l *link) bias() *autograd.Var {
	if l.Linear.Bias == nil {
		return nil
	}
	return autograd.Const(l.Linear.Bias.Value)
}

// aim returns what W·in is to be in the chunk at hand, out − b.
func (l *link) aim() *tensor.Tensor {
	out, b := l.output(), l.Linear.Bias
	if b == nil {
		return out
	}
	if l.unbiased == nil || !tensor.SameShape(l.unbiased, out) {
		l.unbiased = tensor.New(out.Shape()...)
	}
	tensor.AddBiasInto(l.unbiased, out, tensor.Scale(b.Value, -1))
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
	all := p.link.predict(value)
	w := p.width()
	return autograd.SliceCols(all, p.number*w, (p.number+1)*w)
}

func (p *part) width() int { return p.w.Rows / len(p.outs) }

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
	vars  []*variable // each after the ones it is computed from; the input first
	links []*link     // in refit order
	joins []*join
	terms []term // links, then joins
	x, y  *variable
	tape  *autograd.Tape // reset for each chunk
}

// newGraph resolves the names of a checked chain; weights are the dense ones. alpha, beta and gamma
// are the penalties of pre-activations, output and activations.
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
		l := &link{Link: d, in: get(d.In), penalty: penalty(d.Out, alpha)}
		l.start, l.w32 = linalg.FromTensor(d.Linear.Weight.Value), d.Linear.Weight.Value
		l.w = l.start
		l.in.links = append(l.in.links, l)
		for i, name := range d.Names() {
			v, t := get(name), term(l)
			if len(d.Outs) > 0 {
				t = &part{l, i}
			}
			v.source = t
			l.outs, l.terms = append(l.outs, v), append(l.terms, t)
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

// prediction computes a term's target from the present values in the chunk. It is good for that chunk.
func prediction(t term) *tensor.Tensor {
	return t.predict(func(v *variable) *autograd.Var { return v.tape.Const(v.at) }).Value
}
