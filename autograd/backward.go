package autograd

import (
	"fmt"

	"github.com/adagp/adagp/tensor"
)

// Backward adds the gradient of loss, a variable with one element, to every
// leaf and parameter it was computed from. It may be called again, on the
// same or on another result of the tape: gradients keep adding up until the
// caller clears them. Reset the tape to free what was recorded.
func (t *Tape) Backward(loss *Var) {
	if loss.Value.Len() != 1 {
		panic(shapeError("Backward", loss.Value.Shape(), []int{1}))
	}
	one := tensor.New(loss.Value.Shape()...)
	one.Fill(1)
	t.BackwardFrom(loss, one)
}

// BackwardFrom is Backward for a result y of any shape, given the gradient dy
// of some function with respect to y. It does not write to dy.
func (t *Tape) BackwardFrom(y *Var, dy *tensor.Tensor) {
	switch {
	case t == nil:
		panic("autograd: Backward on the nil tape, which records nothing")
	case y.tape == nil:
		panic("autograd: Backward from a constant: no input of it is on a tape")
	case y.tape != t:
		panic("autograd: Backward from a variable of another tape")
	case y.epoch != t.epoch:
		panic("autograd: Backward from a variable made before Tape.Reset")
	}
	wantSameShape("BackwardFrom", dy, y.Value)
	y.accumulate(dy, false)
	for i := len(t.nodes) - 1; i >= 0; i-- {
		n := &t.nodes[i]
		dy, owned := n.out.takeGradient()
		if dy == nil {
			continue // y does not depend on this operation
		}
		for j, dx := range n.backward(dy) {
			x := n.inputs[j]
			if dx == nil || !needsGrad(x) {
				continue
			}
			if !equalShapes(dx.Shape(), x.Value.Shape()) {
				panic(shapeError(fmt.Sprintf("%s, gradient of input %d", n.op, j), dx.Shape(), x.Value.Shape()))
			}
			fresh := !sameStorage(dx, dy)
			owned = owned && fresh // otherwise dy lives on as the gradient of x
			x.accumulate(dx, fresh)
		}
		if owned {
			t.memory.release(dy)
		}
	}
}

// accumulate adds dx to the gradient that flows into v. fresh says that
// nobody else holds dx, so that it may be kept and written to.
func (v *Var) accumulate(dx *tensor.Tensor, fresh bool) {
	if v.leaf {
		v.addToGrad(dx, fresh)
		return
	}
	switch {
	case v.flow == nil:
		v.flow, v.owned = dx, fresh
	case v.owned:
		tensor.AddInto(v.flow, v.flow, dx)
		if fresh {
			v.tape.memory.release(dx)
		}
	case fresh:
		tensor.AddInto(dx, v.flow, dx)
		v.flow, v.owned = dx, true
	default:
		sum := emptyLike(v.tape.memory, dx)
		tensor.AddInto(sum, v.flow, dx)
		v.flow, v.owned = sum, true
	}
}

// takeGradient returns the complete gradient of an operation's result, and
// whether nobody else holds it, and clears it, so that each Backward starts from
// nothing.
func (v *Var) takeGradient() (dy *tensor.Tensor, owned bool) {
	dy, owned = v.flow, v.owned
	v.flow = nil
	switch {
	case dy == nil || !v.retain:
	case owned && v.Grad == nil && v.tape.memory != nil:
		v.Grad, owned = dy, false // not released before Reset
	default:
		v.addToGrad(dy, false)
	}
	return dy, owned
}

// addToGrad adds dx to Grad, which lives until the caller clears it.
func (v *Var) addToGrad(dx *tensor.Tensor, fresh bool) {
	switch {
	case v.Grad != nil:
		tensor.AddInto(v.Grad, v.Grad, dx)
		if fresh {
			v.tape.memory.release(dx)
		}
	case fresh:
		v.tape.memory.giveAway(dx)
		v.Grad = dx
	default:
		v.Grad = dx.Clone()
	}
}

// sameStorage reports whether a is b or a reshaped view of it.
func sameStorage(a, b *tensor.Tensor) bool {
	return a.Len() > 0 && b.Len() > 0 && &a.Data()[0] == &b.Data()[0]
}
