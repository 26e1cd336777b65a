package autograd

import "github.com/adagp/adagp/tensor"

// Var is a tensor that may take part in differentiation.
//
// Value must not be changed between the operation that used it and Backward:
// operations keep references, not copies.
type Var struct {
	Value *tensor.Tensor
	// Grad is the gradient of what Backward was called on, with the shape of
	// Value. Leaves and parameters have it; results of operations only after
	// RetainGrad, because keeping all of them would double the memory.
	Grad *tensor.Tensor

	tape   *Tape   // nil for a constant
	memory *memory // of a constant whose results live in recycled memory
	epoch  int     // of the tape when the Var was made
	leaf   bool    // made by Leaf or Param: the gradient ends here
	retain bool    // an operation's result that keeps its gradient
	flow   *tensor.Tensor
	owned  bool // flow is ours to write to, not shared with another Var
}

// Const returns a variable that takes no gradient and belongs to no tape.
func Const(v *tensor.Tensor) *Var { return &Var{Value: v} }

// NeedsGrad reports whether v is on a tape, so that Backward can reach it.
func (v *Var) NeedsGrad() bool { return v.tape != nil }

// RetainGrad asks Backward to add the gradient of this result of an operation
// to Grad. It returns v.
func (v *Var) RetainGrad() *Var {
	v.retain = true
	return v
}

// needsGrad is NeedsGrad for optional inputs, which may be nil.
func needsGrad(v *Var) bool { return v != nil && v.tape != nil }
