package autograd

import "github.com/adagp/adagp/tensor"

// Tape records operations in the order in which they ran. The nil *Tape is
// useful: Leaf and Param then return constants, so that code written for
// training runs as inference. A Tape is not safe for concurrent use.
type Tape struct {
	nodes  []node
	epoch  int     // counts Resets; a Var of an older epoch is stale
	memory *memory // nil unless the tape recycles
}

// node is one recorded operation.
type node struct {
	op       string
	out      *Var
	inputs   []*Var // as passed to record: may hold constants and nils
	backward backwardFunc
}

// backwardFunc returns one gradient per recorded input, given the gradient dy
// of the output: either a tensor made for this call, returned once, or dy itself
// (reshaped or not, never a part of it). What it returns for an input that needs
// no gradient is ignored, and nil where there would be work to do. It never
// writes to dy.
type backwardFunc func(dy *tensor.Tensor) []*tensor.Tensor

// NewTape returns an empty tape.
func NewTape() *Tape { return &Tape{} }

// Leaf returns a variable whose gradient is wanted; Backward adds it to Grad,
// which is nil until the first time. On the nil tape it returns Const(v).
func (t *Tape) Leaf(v *tensor.Tensor) *Var {
	if t == nil {
		return Const(v)
	}
	return &Var{Value: v, tape: t, epoch: t.epoch, leaf: true}
}

// Param returns a variable whose gradient is added to grad, a tensor of the
// same shape that the caller keeps from one tape to the next. Several Params
// may share one grad, as tied weights do. On the nil tape it returns Const(v).
func (t *Tape) Param(v, grad *tensor.Tensor) *Var {
	if t == nil {
		return Const(v)
	}
	wantSameShape("Param", grad, v)
	return &Var{Value: v, Grad: grad, tape: t, epoch: t.epoch, leaf: true}
}

// Sink returns a variable that takes a gradient, which is added to grad, and has no value: weights of [LinearBy],
// which multiplies by them in a form of the caller's. On the nil tape it returns nil.
func (t *Tape) Sink(grad *tensor.Tensor) *Var {
	if t == nil {
		return nil
	}
	return &Var{Grad: grad, tape: t, epoch: t.epoch, leaf: true}
}

// Len returns the number of recorded operations.
func (t *Tape) Len() int {
	if t == nil {
		return 0
	}
	return len(t.nodes)
}

// Reset forgets everything recorded, which frees the activations, and keeps
// the tape for the next step. Variables made before, leaves included, are
// stale afterwards: using one in an operation panics. Gradients already
// computed stay where they are.
func (t *Tape) Reset() {
	if t == nil {
		return
	}
	clear(t.nodes) // lets the garbage collector have the closures
	t.nodes = t.nodes[:0]
	if t.memory != nil {
		t.memory.reset()
	}
	t.epoch++
}

// record is the last line of every operation: it wraps value in a Var and,
// when an input needs a gradient, puts the operation on that input's tape.
func record(op string, value *tensor.Tensor, backward backwardFunc, inputs ...*Var) *Var {
	t := tapeOf(op, inputs)
	if t == nil {
		return constant(value, memoryOf(inputs...))
	}
	y := &Var{Value: value, tape: t, epoch: t.epoch}
	t.nodes = append(t.nodes, node{op: op, out: y, inputs: inputs, backward: backward})
	return y
}

// recorded reports whether an operation on these inputs goes onto a tape. One that does not can return
// [constant] early, before it makes what only a backward pass needs.
func recorded(inputs ...*Var) bool {
	for _, v := range inputs {
		if needsGrad(v) {
			return true
		}
	}
	return false
}

// constant wraps the value of an operation that is not recorded, computed in the given memory.
func constant(value *tensor.Tensor, m *memory) *Var { return &Var{Value: value, memory: m} }

// tapeOf returns the one tape the inputs belong to, nil if all are constants.
func tapeOf(op string, inputs []*Var) *Tape {
	var t *Tape
	for _, v := range inputs {
		if !needsGrad(v) {
			continue
		}
		if v.epoch != v.tape.epoch {
			panic("autograd." + op + ": an input was made before Tape.Reset")
		}
		if t != nil && t != v.tape {
			panic("autograd." + op + ": inputs belong to two different tapes")
		}
		t = v.tape
	}
	return t
}
