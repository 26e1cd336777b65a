package nn

import (
	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/tensor"
)

// Operator is a linear map without weights on the values of each token, such as the unfolding of an image into the
// patches that a convolution multiplies.
type Operator interface {
	// Sizes are the numbers of values of a token before and behind it.
	Sizes() (in, out int)
	// Apply maps x [tokens, in] to [tokens, out].
	Apply(x *tensor.Tensor) *tensor.Tensor
	// Adjoint maps y [tokens, out] to [tokens, in], so that ⟨Apply(x), y⟩ = ⟨x, Adjoint(y)⟩ for all x and y.
	Adjoint(y *tensor.Tensor) *tensor.Tensor
}

// operate applies an operator to a variable; gradients go back through the adjoint.
func operate(o Operator, x *autograd.Var) *autograd.Var {
	return autograd.Record("operator", o.Apply(x.Value), func(dy *tensor.Tensor) []*tensor.Tensor {
		return []*tensor.Tensor{o.Adjoint(dy)}
	}, x)
}

// Unfold lays out the patches of an image that a convolution multiplies with its weights, one after the other.
// Images are channels-last, [height · width · channels] values; so are patches, [Kernel · Kernel · channels], and
// what the convolution puts out for them is an image again. Outside the image is zero.
type Unfold struct {
	Height, Width, Channels int
	Kernel, Stride, Padding int
}

// Places returns the height and the width of what comes out: a patch for each place.
func (u Unfold) Places() (height, width int) {
	return (u.Height+2*u.Padding-u.Kernel)/u.Stride + 1, (u.Width+2*u.Padding-u.Kernel)/u.Stride + 1
}

// Sizes implements Operator.
func (u Unfold) Sizes() (in, out int) {
	h, w := u.Places()
	return u.Height * u.Width * u.Channels, h * w * u.Kernel * u.Kernel * u.Channels
}

// Apply implements Operator.
func (u Unfold) Apply(x *tensor.Tensor) *tensor.Tensor {
	_, out := u.Sizes()
	y := tensor.New(x.Dim(0), out)
	u.each(x.Dim(0), func(n, image, patch int) {
		copy(y.Row(n)[patch:patch+u.Channels], x.Row(n)[image:])
	})
	return y
}

// Adjoint implements Operator: each pixel gets the sum of all places where it stands.
func (u Unfold) Adjoint(y *tensor.Tensor) *tensor.Tensor {
	in, _ := u.Sizes()
	x := tensor.New(y.Dim(0), in)
	u.each(y.Dim(0), func(n, image, patch int) {
		to := x.Row(n)[image : image+u.Channels]
		for c, v := range y.Row(n)[patch : patch+u.Channels] {
			to[c] += v
		}
	})
	return x
}

// each calls body for every pixel of every patch of so many images, with where its channels stand in the image
// and in the patches.
func (u Unfold) each(images int, body func(n, image, patch int)) {
	h, w := u.Places()
	parallel.For(images, max(1, 1<<13/(h*w*u.Kernel*u.Kernel*u.Channels)), func(lo, hi int) {
		for n := lo; n < hi; n++ {
			patch := 0
			for place := range h * w {
				for k := range u.Kernel * u.Kernel {
					i, j := place/w*u.Stride+k/u.Kernel-u.Padding, place%w*u.Stride+k%u.Kernel-u.Padding
					if i >= 0 && i < u.Height && j >= 0 && j < u.Width {
						body(n, (i*u.Width+j)*u.Channels, patch)
					}
					patch += u.Channels
				}
			}
		}
	})
}

// Transposed reads the values of a token as a matrix [Rows, Cols] and transposes it. In front of a link and, with
// rows and columns exchanged, behind it, the weights mix the rows instead of the columns.
type Transposed struct{ Rows, Cols int }

// Sizes implements Operator.
func (t Transposed) Sizes() (in, out int) { return t.Rows * t.Cols, t.Rows * t.Cols }

// Apply implements Operator.
func (t Transposed) Apply(x *tensor.Tensor) *tensor.Tensor {
	y := tensor.New(x.Shape()...)
	parallel.For(x.Dim(0), max(1, 1<<13/(t.Rows*t.Cols)), func(lo, hi int) {
		for n := lo; n < hi; n++ {
			for k, v := range x.Row(n) {
				y.Row(n)[k%t.Cols*t.Rows+k/t.Cols] = v
			}
		}
	})
	return y
}

// Adjoint implements Operator: it transposes back.
func (t Transposed) Adjoint(y *tensor.Tensor) *tensor.Tensor {
	return Transposed{t.Cols, t.Rows}.Apply(y)
}

// Sizes returns the numbers of values of a token before and behind the link, and how many rows of its values the
// weights multiply.
func (l *Link) Sizes() (in, rows, out int) {
	in, rows = l.Linear.In(), 1
	if l.Enter != nil {
		before, behind := l.Enter.Sizes()
		in, rows = before, behind/l.Linear.In()
	}
	out = rows * l.Linear.Out()
	if l.Leave != nil {
		_, out = l.Leave.Sizes()
	}
	return in, rows, out
}

// Operates reports whether the link has operators besides its weights.
func (l *Link) Operates() bool { return l.Enter != nil || l.Leave != nil }

// Enters returns what the weights multiply, [tokens · rows, width], for x [tokens, in].
func (l *Link) Enters(x *autograd.Var) *autograd.Var {
	if l.Enter == nil {
		return x
	}
	_, rows, _ := l.Sizes()
	return autograd.Reshape(operate(l.Enter, x), x.Value.Dim(0)*rows, l.Linear.In())
}

// Leaves returns what the link puts out, [tokens, out], for the products with the weights [tokens · rows, width].
func (l *Link) Leaves(y *autograd.Var) *autograd.Var {
	if !l.Operates() {
		return y
	}
	_, rows, _ := l.Sizes()
	y = autograd.Reshape(y, y.Value.Dim(0)/rows, rows*l.Linear.Out())
	if l.Leave != nil {
		y = operate(l.Leave, y)
	}
	return y
}

// Returns is the inverse of [Link.Leaves].
func (l *Link) Returns(out *tensor.Tensor) *tensor.Tensor {
	if !l.Operates() {
		return out
	}
	_, rows, _ := l.Sizes()
	if l.Leave != nil {
		out = l.Leave.Adjoint(out)
	}
	return out.View(out.Dim(0)*rows, l.Linear.Out())
}

// Adjoint maps e [tokens, out] to [tokens, in] by the adjoint of the link with weights w [out, in] and without its
// bias.
func (l *Link) Adjoint(e, w *tensor.Tensor) *tensor.Tensor {
	x := tensor.MatMul(l.Returns(e), w)
	if l.Enter == nil {
		return x
	}
	_, behind := l.Enter.Sizes()
	return l.Enter.Adjoint(x.View(e.Dim(0), behind))
}

// forward is the link as a part of a network.
func (l *Link) forward(c *Context, x *autograd.Var) *autograd.Var {
	return l.Leaves(l.Linear.Forward(c, l.Enters(x)))
}
