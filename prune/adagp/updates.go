package adagp

import (
	"fmt"
	"math"
	"slices"

	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/linalg"
)

// An update moves one auxiliary variable towards the minimum of the objective, all others fixed. The
// objective splits into one small problem per token, so an update works on a chunk of tokens at a time.
type update interface {
	variable() *variable
	// prepare is called once after the weights have changed.
	prepare() error
	// apply writes new values into the variable's chunk.
	apply()
}

// ofVariable is what updates have in common: the variable, and that most need no preparation.
type ofVariable struct{ v *variable }

func (u ofVariable) variable() *variable { return u.v }
func (u ofVariable) prepare() error      { return nil }

// reads lists the variables whose present values an update uses: all that stand in a term with its own, which itself
// only matters where the update goes on from it.
func reads(u update) (vs []*variable) {
	v := u.variable()
	vs = append(vs, v.source.in...)
	for _, t := range v.readers() {
		vs = append(append(vs, t.out), t.in...)
	}
	if _, goesOn := u.(*descent); goesOn {
		return append(vs, v)
	}
	return slices.DeleteFunc(vs, func(w *variable) bool { return w == v })
}

// chooseUpdates gives every auxiliary variable its rule: activations first, from the output to the input, then
// pre-activations in the order of the links.
func (e *engine) chooseUpdates() (updates []update) {
	var pre []update
	for _, l := range e.links {
		for _, v := range slices.Backward(l.outs) { // side by side: what is gated moves before its gate, as published
			if !v.given && len(v.joins) > 0 {
				pre = append(pre, chooseUpdate(v, e.o))
			}
		}
	}
	for _, v := range slices.Backward(e.vars) {
		if !v.given && !slices.ContainsFunc(pre, func(u update) bool { return u.variable() == v }) {
			updates = append(updates, chooseUpdate(v, e.o))
		}
	}
	return append(updates, pre...)
}

// chooseUpdate gives an auxiliary variable its rule: exact least squares if only linear maps read it,
// the activation's own closed form if it offers one, steps downhill otherwise.
func chooseUpdate(v *variable, o *Options) update {
	if len(v.joins) == 0 {
		if slices.ContainsFunc(v.links, func(l *link) bool { return l.Operates() }) {
			return conjugate{ofVariable{v}}
		}
		return &leastSquares{ofVariable: ofVariable{v}}
	}
	if len(v.links) == 0 && len(v.joins) == 1 {
		j := v.joins[0]
		if i := slices.Index(j.in, v); !slices.Contains(j.in[i+1:], v) {
			if closedForm(j.Activation, i) {
				return pointwise{ofVariable{v}, j, i}
			}
			if o.Newton {
				return newtonDescent(v, j)
			}
		}
	}
	return gradientDescent(v, o.Safeguard)
}

// closedForm reports whether the activation solves for its argument i, by asking it to.
func closedForm(a nn.Activation, i int) bool {
	m, ok := a.(nn.Minimizer)
	if !ok {
		return false
	}
	in := make([]*tensor.Tensor, a.Arity())
	for k := range in {
		in[k] = tensor.New(1, 1)
	}
	return m.Minimize(i, in, tensor.New(1, 1), tensor.New(1, 1), 1, 1)
}

// leastSquares is the exact update of a variable that only linear maps read. With φ what the network
// computes for v, γ the penalty of that, and links l with target t_l and penalty w_l,
//
//	v = argmin Σ_l w_l ‖t_l − b_l − W_l v‖² + γ‖v − φ‖² = (Σ_l w_l W_lᵀW_l + γI)⁻¹ (Σ_l w_l W_lᵀ(t_l − b_l) + γφ).
//
// With S the matrices √w_l·W_l on top of each other it is evaluated as a correction of φ,
//
//	v = φ + Σ_l √w_l G_l (t_l − b_l − W_l φ),   G = Sᵀ(SSᵀ + γI)⁻¹ = (SᵀS + γI)⁻¹Sᵀ,
//
// which factors the smaller of the two Gram matrices and multiplies tokens with matrices of W's size
// only, instead of one of v's width squared.
type leastSquares struct {
	ofVariable
	gain []*tensor.Tensor // √w_l·G_l [width of v, out of l], one per link that reads v
}

func (u *leastSquares) prepare() error {
	rows, width := 0, u.v.links[0].w.Cols
	for _, l := range u.v.links {
		rows += l.w.Rows
	}
	stack := linalg.New(rows, width)
	at := 0
	for _, l := range u.v.links {
		at += copy(stack.Data[at:], linalg.Scale(l.w, math.Sqrt(l.penalty())).Data)
	}
	gram, right := linalg.MulNT, stack
	if rows > width {
		gram, right = linalg.MulTN, stack.T()
	}
	k := gram(stack, stack)
	k.AddDiag(u.v.source.penalty)
	gain, err := linalg.SolveSPD(k, right)
	if err != nil {
		return fmt.Errorf("update of %s: %w", u.v.name, err)
	}
	if rows <= width {
		gain = gain.T() // to [width, rows]
	}
	u.gain = u.gain[:0]
	lo := 0
	for _, l := range u.v.links {
		part, scale := tensor.New(width, l.w.Rows), math.Sqrt(l.penalty())
		for i := range width {
			dst := part.Row(i)
			for k, g := range gain.Row(i)[lo : lo+l.w.Rows] {
				dst[k] = float32(scale * g)
			}
		}
		u.gain = append(u.gain, part)
		lo += l.w.Rows
	}
	return nil
}

func (u *leastSquares) apply() {
	phi := u.v.source.prediction()
	u.v.at.CopyFrom(phi)
	for i, l := range u.v.links {
		r := l.apply(u.v.tape.Const(phi)).Value
		tensor.SubInto(r, l.output(), r)
		tensor.MatMulNTAdd(u.v.at, r, u.gain[i])
	}
}

// pointwise is the exact update of a variable that one activation reads and solves for: elementwise
// argmin α(u − m)² + γ(a − φ(…u…))², m being what the network computes for u.
type pointwise struct {
	ofVariable
	join *join
	arg  int // of the activation
}

func (u pointwise) apply() {
	in := make([]*tensor.Tensor, len(u.join.in))
	for i, v := range u.join.in {
		in[i] = v.at
	}
	alpha, gamma := float32(u.v.source.penalty), float32(u.join.penalty)
	u.join.Activation.(nn.Minimizer).Minimize(u.arg, in, u.v.source.prediction(), u.join.out.at, alpha, gamma)
}
