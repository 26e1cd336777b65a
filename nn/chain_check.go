package nn

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/tensor"
)

// ChainError is a fault in the declaration of a chain.
type ChainError struct {
	Chain string // name of the chain
	Part  string // link or join that is at fault, as "link z→a"; "" for the whole
	Msg   string // what is wrong, and what was wanted
}

// Error names the chain and the part of it.
func (e *ChainError) Error() string {
	if e.Part == "" {
		return fmt.Sprintf("chain %s: %s", e.Chain, e.Msg)
	}
	return fmt.Sprintf("chain %s: %s: %s", e.Chain, e.Part, e.Msg)
}

// fault is the error about some part of the chain, or about the whole.
func (c *Chain) fault(err error) *ChainError {
	var e *ChainError
	if !errors.As(err, &e) {
		e = &ChainError{Msg: err.Error()}
	}
	e.Chain = c.Name
	return e
}

// faulty is a fault of one part; the chain's name comes later.
func (s step) faulty(format string, args ...any) error {
	kind := "link"
	if s.join != nil {
		kind = "join"
	}
	return &ChainError{Part: fmt.Sprintf("%s %s→%s", kind, strings.Join(s.in(), ","), strings.Join(s.outs(), ",")), Msg: fmt.Sprintf(format, args...)}
}

// Check reports the first fault of the declaration as a *ChainError: a variable that is computed twice,
// never or from itself, one that nothing uses, widths that do not meet, a wrong number of arguments, weights
// that stand in two links, which would be fitted to one of them and then to the other, or an activation that
// does not work on each element by itself. To see that it is tried, so its parameters must be loaded if it has
// any.
func (c *Chain) Check() error {
	if err := c.check(); err != nil {
		return c.fault(err)
	}
	return nil
}

func (c *Chain) check() error {
	if len(c.Links) == 0 {
		return errors.New("no linear map")
	}
	for i := range c.Links {
		l, s := &c.Links[i], step{link: &c.Links[i]}
		if l.Linear == nil {
			return s.faulty("no linear map")
		}
		if n := len(l.Outs); n > 0 && (l.Out != "" || slices.Contains(l.Outs, Output) || l.Linear.Out()%n != 0) {
			return s.faulty("%d variables side by side in %d outputs: want a divisor of that number, inner variables, and none besides", n, l.Linear.Out())
		}
		if err := checkOperators(l); err != nil {
			return s.faulty("%s", err)
		}
	}
	for i := range c.Joins {
		j, s := &c.Joins[i], step{join: &c.Joins[i]}
		if j.Activation == nil {
			return s.faulty("no activation")
		}
		if len(j.In) != j.Activation.Arity() {
			return s.faulty("%s takes %d arguments, got %d", j.Activation.Name(), j.Activation.Arity(), len(j.In))
		}
	}
	steps, err := c.order()
	if err != nil {
		return err
	}
	widths, err := c.widths(steps)
	if err != nil {
		return err
	}
	if err := c.checkShared(); err != nil {
		return err
	}
	for i := range c.Joins {
		if err := checkElementwise(&c.Joins[i], widths[c.Joins[i].Out]); err != nil {
			return err
		}
	}
	return nil
}

// checkShared refuses weights that stand in two links.
func (c *Chain) checkShared() error {
	seen := map[*Param]*Link{}
	for i := range c.Links {
		l := &c.Links[i]
		if other := seen[l.Linear.Weight]; other != nil {
			return step{link: l}.faulty("the weights of %s stand in link %s→%s as well: want each link to have its own", l.Linear.Name(), other.In, strings.Join(other.Names(), ","))
		}
		seen[l.Linear.Weight] = l
	}
	return nil
}

// widths returns the width of each variable that a map reads or computes, and of each that such a width
// determines, and checks that it is the same wherever the variable is used. The width of the input is that of
// the first map that reads it.
func (c *Chain) widths(steps []step) (map[string]int, error) {
	width := map[string]int{}
	set := func(v string, w int) error {
		if old, ok := width[v]; ok && old != w {
			return fmt.Errorf("variable %q has width %d in one place and %d in another", v, old, w)
		}
		width[v] = w
		return nil
	}
	for _, s := range steps {
		if s.link != nil {
			in, _, out := s.link.Sizes()
			if err := set(s.link.In, in); err != nil {
				return nil, err
			}
			for _, v := range s.outs() {
				if err := set(v, out/len(s.outs())); err != nil {
					return nil, err
				}
			}
			continue
		}
		for _, v := range s.join.In {
			w, ok := width[v]
			if !ok {
				continue // the input itself, read by no map before
			}
			if err := set(s.join.Out, w); err != nil {
				return nil, err
			}
		}
	}
	return width, nil
}

// checkOperators tries the operators of a link on two tokens: their sizes must fit the weights, their adjoints must
// be that, and that of Leave its inverse.
func checkOperators(l *Link) error {
	if !l.Operates() {
		return nil
	}
	if len(l.Outs) > 0 {
		return errors.New("operators, and variables side by side: want one or the other")
	}
	if l.Enter != nil {
		in, out := l.Enter.Sizes()
		if in < 1 || out < 1 || out%l.Linear.In() != 0 {
			return fmt.Errorf("operator from %d to %d values in front of weights that multiply %d: want a multiple of these", in, out, l.Linear.In())
		}
		if err := checkAdjoint(l.Enter, false); err != nil {
			return err
		}
	}
	if l.Leave == nil {
		return nil
	}
	_, rows, _ := l.Sizes()
	if in, out := l.Leave.Sizes(); in != rows*l.Linear.Out() || out != in {
		return fmt.Errorf("operator from %d to %d values behind %d rows of %d: want a rearrangement of these", in, out, rows, l.Linear.Out())
	}
	return checkAdjoint(l.Leave, true)
}

func checkAdjoint(o Operator, inverse bool) error {
	in, out := o.Sizes()
	x, y := waves(1, 2, in), waves(2, 2, out)
	there, back := o.Apply(x), o.Adjoint(y)
	if !tensor.SameShape(there, y) || !tensor.SameShape(back, x) {
		return fmt.Errorf("operator %T makes the shapes %v and, by its adjoint, %v: want %v and %v", o, there.Shape(), back.Shape(), y.Shape(), x.Shape())
	}
	a, b := dot(there, y), dot(x, back)
	if scale := math.Sqrt(dot(there, there) * dot(y, y)); !(math.Abs(a-b) <= 1e-4*(scale+1)) {
		return fmt.Errorf("operator %T: ⟨Apply(x), y⟩ is %g and ⟨x, Adjoint(y)⟩ %g: want a linear map and its adjoint", o, a, b)
	}
	if inverse && !nearlyEqual(o.Adjoint(there), x) {
		return fmt.Errorf("operator %T behind weights is not undone by its adjoint: want a rearrangement", o)
	}
	return nil
}

// waves is a tensor of values that have little to do with each other.
func waves(phase float64, shape ...int) *tensor.Tensor {
	t := tensor.New(shape...)
	for k := range t.Data() {
		t.Data()[k] = float32(math.Sin(phase + 7*float64(k) + 0.1*float64(k%13)))
	}
	return t
}

func dot(a, b *tensor.Tensor) (sum float64) {
	for k, v := range a.Data() {
		sum += float64(v) * float64(b.Data()[k])
	}
	return sum
}

func nearlyEqual(a, b *tensor.Tensor) bool {
	for k, v := range a.Data() {
		if !nearly(v, b.Data()[k]) {
			return false
		}
	}
	return true
}

// checkElementwise tries a join's activation on two tokens of the given width: the result must have the shape of
// the arguments, and an element must not change when others do. Places that differ differ in a bit of their
// number, so for each bit the elements with and those without it are changed in turn.
func checkElementwise(j *Join, width int) error {
	if width == 0 { // nothing says what it is
		width = 8
	}
	in := make([]*autograd.Var, len(j.In))
	for i := range in {
		t := tensor.New(2, width)
		for k := range t.Data() {
			t.Data()[k] = float32(math.Sin(float64(7*k + 3*i + 1)))
		}
		in[i] = autograd.Const(t)
	}
	first := j.Activation.Apply(in...).Value
	if !tensor.SameShape(first, in[0].Value) {
		return step{join: j}.faulty("%s makes the shape %v of %v: want an activation that works on each element by itself",
			j.Activation.Name(), first.Shape(), in[0].Value.Shape())
	}
	for b := 1; b < first.Len(); b <<= 1 {
		for _, changed := range []int{0, b} {
			other := make([]*autograd.Var, len(in))
			for i, v := range in {
				t := v.Value.Clone()
				for k := range t.Data() {
					if k&b == changed {
						t.Data()[k] = 8 - t.Data()[k]
					}
				}
				other[i] = autograd.Const(t)
			}
			now := j.Activation.Apply(other...).Value
			for k, v := range first.Data() {
				if k&b != changed && !nearly(now.Data()[k], v) {
					return step{join: j}.faulty("element %d of %s changes with other elements of its arguments: want an activation that works on each element by itself, such as %s",
						k%width, j.Activation.Name(), ReLU.Name())
				}
			}
		}
	}
	return nil
}

// nearly allows for kernels that round in other ways where other elements are.
func nearly(a, b float32) bool {
	return a == b || a != a && b != b || math.Abs(float64(a)-float64(b)) <= 1e-4*(1+math.Abs(float64(b)))
}
