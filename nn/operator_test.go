package nn_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

func uniform(r *rand.Rand, shape ...int) *tensor.Tensor {
	t := tensor.New(shape...)
	for i := range t.Data() {
		t.Data()[i] = 2*r.Float32() - 1
	}
	return t
}

// A link with an unfolding in front is a convolution, by the definition of one.
func TestUnfoldConvolves(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 0))
	for _, u := range []nn.Unfold{
		{Height: 5, Width: 4, Channels: 2, Kernel: 3, Stride: 1, Padding: 1},
		{Height: 7, Width: 5, Channels: 1, Kernel: 3, Stride: 2},
		{Height: 4, Width: 4, Channels: 3, Kernel: 1, Stride: 1},
	} {
		const out, images = 3, 2
		l := nn.NewLinear("conv", u.Kernel*u.Kernel*u.Channels, out, true)
		l.Weight.Set(uniform(r, out, l.In()))
		l.Bias.Set(uniform(r, out))
		c := &nn.Chain{Name: "c", Links: []nn.Link{{Linear: l, In: nn.Input, Out: nn.Output, Enter: u}}}
		if err := c.Check(); err != nil {
			t.Fatal(err)
		}
		x := uniform(r, images, u.Height*u.Width*u.Channels)
		got := c.Forward(&nn.Context{}, autograd.Const(x)).Value
		h, w := u.Places()
		for n := range images {
			for i := range h {
				for j := range w {
					for o := range out {
						want := l.Bias.Value().Data()[o]
						for k := range l.In() {
							ch, kj, ki := k%u.Channels, k/u.Channels%u.Kernel, k/u.Channels/u.Kernel
							row, col := i*u.Stride+ki-u.Padding, j*u.Stride+kj-u.Padding
							if row >= 0 && row < u.Height && col >= 0 && col < u.Width {
								want += l.Weight.Value().At(o, k) * x.At(n, (row*u.Width+col)*u.Channels+ch)
							}
						}
						if d := got.At(n, (i*w+j)*out+o) - want; d > 1e-5 || d < -1e-5 {
							t.Fatalf("%+v: pixel %d,%d of channel %d is off by %g", u, i, j, o, d)
						}
					}
				}
			}
		}
	}
}

// Gradients go back through operators, and Link.Adjoint is the adjoint of the whole link: ⟨L(x), e⟩ = ⟨x, L*(e)⟩.
func TestLinkAdjoint(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 0))
	for _, l := range []nn.Link{
		{Linear: nn.NewLinear("conv", 2*2*2, 5, false), Enter: nn.Unfold{Height: 4, Width: 3, Channels: 2, Kernel: 2, Stride: 1}},
		{Linear: nn.NewLinear("mix", 6, 4, false), Enter: nn.Transposed{Rows: 6, Cols: 4}, Leave: nn.Transposed{Rows: 4, Cols: 4}},
		{Linear: nn.NewLinear("plain", 24, 7, false)},
	} {
		l.In, l.Out = nn.Input, nn.Output
		l.Linear.Weight.Set(uniform(r, l.Linear.Out(), l.Linear.In()))
		c := &nn.Chain{Name: "c", Links: []nn.Link{l}}
		if err := c.Check(); err != nil {
			t.Fatal(err)
		}
		x := uniform(r, 3, 24)
		tape := autograd.NewTape()
		leaf := tape.Leaf(x)
		y := c.Forward(&nn.Context{Tape: tape}, leaf)
		e := uniform(r, y.Value.Shape()...)
		tape.BackwardFrom(y, e)
		back := l.Adjoint(e, l.Linear.Weight.Value())
		for k, v := range leaf.Grad.Data() {
			if d := back.Data()[k] - v; d > 1e-5 || d < -1e-5 {
				t.Fatalf("%s: adjoint and gradient differ by %g", l.Linear.Name(), d)
			}
		}
	}
}

// squares is no linear map.
type squares struct{ nn.Transposed }

func (s squares) Apply(x *tensor.Tensor) *tensor.Tensor { return tensor.Mul(x, x) }

func TestOperatorChecks(t *testing.T) {
	lin := nn.NewLinear("l", 8, 4, false)
	for want, l := range map[string]nn.Link{
		"want a multiple of these":          {Linear: lin, Enter: nn.Transposed{Rows: 3, Cols: 3}},
		"want a linear map and its adjoint": {Linear: lin, Enter: squares{nn.Transposed{Rows: 4, Cols: 4}}},
		"want a rearrangement of these":     {Linear: lin, Leave: nn.Transposed{Rows: 3, Cols: 3}},
		"is not undone by its adjoint":      {Linear: lin, Enter: nn.Transposed{Rows: 4, Cols: 4}, Leave: halves{}},
		"operators, and variables side by":  {Linear: lin, Enter: nn.Transposed{Rows: 4, Cols: 4}, Outs: []string{"p", "q"}},
	} {
		l.In = nn.Input
		if len(l.Outs) == 0 {
			l.Out = nn.Output
		}
		c := &nn.Chain{Name: "c", Links: []nn.Link{l}}
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// halves halves its 8 values: linear, with the right adjoint, and no rearrangement.
type halves struct{}

func (halves) Sizes() (in, out int)                      { return 8, 8 }
func (halves) Apply(x *tensor.Tensor) *tensor.Tensor     { return tensor.Scale(x, 0.5) }
func (h halves) Adjoint(y *tensor.Tensor) *tensor.Tensor { return h.Apply(y) }
