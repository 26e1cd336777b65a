package nn

import (
	"fmt"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/tensor"
)

// Param is a named tensor of a model, and the only owner of its weights. It holds them in one representation at
// a time: as float32 values or, of a matrix, in another [Form].
type Param struct {
	// Name is the full Hugging Face tensor name, such as
	// "model.layers.0.self_attn.q_proj.weight".
	Name string
	// Shape is what the configuration asks for; it is known before any value is.
	Shape []int
	// Grad receives the gradient, added to what it holds. A nil Grad freezes the parameter:
	// it takes part in a taped forward pass as a constant and costs no gradient.
	Grad *tensor.Tensor

	value *tensor.Tensor // nil: not loaded, or held as form
	form  Form           // nil unless the weights are held so
}

// Form is a matrix of weights [out, in] in another representation than a float32 tensor: those of package
// tensor/packed, or one that changes while a network is trained.
type Form interface {
	// Shape returns the number of outputs and of inputs.
	Shape() (out, in int)
	// MulNTInto sets y [n, out] = x [n, in]·Wᵀ. y must not share storage with x.
	MulNTInto(y, x *tensor.Tensor)
	// RowInto sets dst [in] to row i as float32.
	RowInto(dst []float32, i int)
	// Dense returns the weights as a new float32 tensor.
	Dense() *tensor.Tensor
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

// Loaded reports whether the parameter holds weights, in any representation.
func (p *Param) Loaded() bool { return p.value != nil || p.form != nil }

// Value returns the float32 values, not a copy. It is nil when the parameter was not loaded, or holds its
// weights in a form.
func (p *Param) Value() *tensor.Tensor { return p.value }

// Set makes v, which is not copied, what the parameter holds. nil unloads it.
func (p *Param) Set(v *tensor.Tensor) { p.value, p.form = v, nil }

// Held returns the form in which the weights are held, nil when they are float32 values or not loaded.
func (p *Param) Held() Form { return p.form }

// Hold makes f what the parameter holds. A form of another shape than the parameter's panics.
func (p *Param) Hold(f Form) {
	if out, in := f.Shape(); len(p.Shape) != 2 || out != p.Shape[0] || in != p.Shape[1] {
		panic(&tensor.ShapeError{Op: "nn.Param.Hold " + p.Name, Got: []int{out, in}, Want: p.Shape, Msg: "form of another shape"})
	}
	p.value, p.form = nil, f
}

// Dense makes the parameter hold float32 values and returns them, not a copy. It panics when the parameter was
// not loaded.
func (p *Param) Dense() *tensor.Tensor {
	if p.form != nil {
		p.Set(p.form.Dense())
	}
	if p.value == nil {
		panic(fmt.Sprintf("nn: parameter %s is used before it was loaded", p.Name))
	}
	return p.value
}

// On returns the parameter as a variable with float32 values: on the context's tape when there is one and the
// parameter has a Grad, otherwise as a constant. It panics when the parameter was not loaded.
func (p *Param) On(c *Context) *autograd.Var {
	v := p.Dense()
	if c.Tape == nil || p.Grad == nil {
		return c.Const(v)
	}
	return c.Tape.Param(v, p.Grad)
}

// Linear returns x·Wᵀ + b [n, out] of x [n, in], b being nil or [out]. It multiplies by what the parameter
// holds. On a tape a form has to implement [autograd.Products]; of others values are made.
func (p *Param) Linear(c *Context, x, b *autograd.Var) *autograd.Var {
	by, trains := p.form.(autograd.Products)
	switch {
	case p.form == nil, c.Tape != nil && !trains:
		return autograd.Linear(x, p.On(c), b)
	case c.Tape == nil:
		return autograd.LinearBy(forward{p.form}, x, nil, b)
	case p.Grad == nil:
		return autograd.LinearBy(by, x, nil, b)
	}
	return autograd.LinearBy(by, x, c.Tape.Sink(p.Grad), b)
}

// forward are the products of a form in a pass without a tape.
type forward struct{ Form }

// MulInto is for the way back, which is only taken on a tape.
func (f forward) MulInto(dx, dy *tensor.Tensor) { tensor.MatMulInto(dx, dy, f.Dense()) }

// Rows returns the rows of the matrix that ids name [len(ids), in]. An id outside of it panics.
func (p *Param) Rows(c *Context, ids []int) *autograd.Var {
	if p.form == nil || c.Tape != nil {
		return autograd.Embedding(p.On(c), ids)
	}
	y := c.Arena.Take(len(ids), p.Shape[1])
	for i, id := range ids {
		if id < 0 || id >= p.Shape[0] {
			panic(&tensor.ShapeError{Op: "nn.Embedding", Got: []int{id}, Want: []int{p.Shape[0]}, Msg: "id outside the table"})
		}
		p.form.RowInto(y.Row(i), id)
	}
	return c.Const(y)
}

// ZeroGrad makes the parameter trainable: its Grad is allocated when there is none, and cleared.
func (p *Param) ZeroGrad() {
	if p.Grad == nil {
		p.Grad = tensor.New(p.Shape...)
		return
	}
	p.Grad.Zero()
}

// Freeze drops the gradient, which makes the parameter a constant.
func (p *Param) Freeze() { p.Grad = nil }
