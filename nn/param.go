package nn

import (
	"fmt"
	"slices"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/packed"
)

// Param is a named tensor of a model.
type Param struct {
	// Name is the full Hugging Face tensor name, such as
	// "model.layers.0.self_attn.q_proj.weight".
	Name string
	// Shape is what the configuration asks for; it is known before any value is.
	Shape []int
	// Transposed says that files hold a matrix as [in, out], the transpose of Shape.
	Transposed bool
	// Value is nil until the parameter is loaded.
	Value *tensor.Tensor
	// Packed holds a matrix as it is stored, in half precision or without its zeros, instead of
	// Value. Linear and Embedding work from it in passes without a tape; whatever else asks for the
	// values makes Value of it.
	Packed packed.Matrix
	// Grad receives the gradient, added to what it holds. A nil Grad freezes the parameter:
	// it takes part in a taped forward pass as a constant and costs no gradient.
	Grad *tensor.Tensor
}

// NewParam returns a parameter of the given name and shape, without values.
func NewParam(name string, shape ...int) *Param {
	return &Param{Name: name, Shape: append([]int(nil), shape...)}
}

// Len returns the number of elements by the shape, loaded or not.
func (p *Param) Len() int {
	n := 1
	for _, d := range p.Shape {
		n *= d
	}
	return n
}

// InFile returns values of the parameter in the layout that files have, and values in that layout as the parameter
// has them: t itself, or its transpose.
func (p *Param) InFile(t *tensor.Tensor) *tensor.Tensor {
	if !p.Transposed {
		return t
	}
	return tensor.Transpose(t)
}

// FileShape returns the shape that files have.
func (p *Param) FileShape() []int {
	s := slices.Clone(p.Shape)
	if p.Transposed {
		slices.Reverse(s)
	}
	return s
}

// On returns the parameter as a variable: on the context's tape when there is one and the parameter
// has a Grad, otherwise as a constant. It panics when the parameter was not loaded.
func (p *Param) On(c *Context) *autograd.Var {
	v := p.value()
	if c.Tape == nil || p.Grad == nil {
		return c.Const(v)
	}
	return c.Tape.Param(v, p.Grad)
}

// value returns Value and panics when the parameter was not loaded.
func (p *Param) value() *tensor.Tensor {
	if p.Value == nil && p.Packed != nil {
		p.Value = p.Packed.Dense()
	}
	if p.Value == nil {
		panic(fmt.Sprintf("nn: parameter %s is used before it was loaded", p.Name))
	}
	return p.Value
}

// ZeroGrad makes the parameter trainable: its Grad is allocated when there is none, and cleared.
func (p *Param) ZeroGrad() {
	if p.Grad == nil {
		p.Grad = tensor.New(p.Shape...)
		return
	}
	p.Grad.Zero()
}

// StoredError says that a parameter holds its weights as they are stored, which passes then use: a change of
// its Value would be without effect.
type StoredError struct {
	Param string // its name
}

// Error names the parameter and says what to do.
func (e *StoredError) Error() string {
	return fmt.Sprintf("parameter %s holds its weights as they are stored, and passes would use these in place of changed ones: Unload it, and load it as values", e.Param)
}

// RefuseStored returns a *StoredError about the first walked parameter that holds its weights as they are
// stored, nil if none does. Whatever is to change values asks it first.
func RefuseStored(walk func(visit func(*Param))) error {
	for _, p := range Params(walk) {
		if p.Packed != nil {
			return &StoredError{p.Name}
		}
	}
	return nil
}

// Freeze drops the gradient, which makes the parameter a constant.
func (p *Param) Freeze() { p.Grad = nil }
