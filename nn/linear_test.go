package nn_test

import (
	"slices"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/packed"
)

func TestLinear(t *testing.T) {
	l := nn.NewLinear("a.b", 2, 3, true)
	l.Weight.Set(tensor.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 3, 2))
	l.Bias.Set(tensor.FromSlice([]float32{10, 20, 30}, 3))
	x := autograd.Const(tensor.FromSlice([]float32{1, 1, 2, 0}, 2, 2))

	var seen []*tensor.Tensor
	c := &nn.Context{Observer: nn.ObserverFunc(func(got *nn.Linear, x, y *tensor.Tensor) {
		if got != l {
			t.Errorf("observed layer: got %s, want %s", got.Name(), l.Name())
		}
		seen = append(seen, x, y)
	})}
	y := l.Forward(c, x)
	checkClose(t, "y", y.Value, tensor.FromSlice([]float32{13, 27, 41, 12, 26, 40}, 2, 3), 0)
	if !slices.Equal(seen, []*tensor.Tensor{x.Value, y.Value}) {
		t.Errorf("observer saw %v, want the input and the output once", seen)
	}
	if l.Name() != "a.b" || l.In() != 2 || l.Out() != 3 {
		t.Errorf("got name %q, in %d, out %d, want a.b, 2, 3", l.Name(), l.In(), l.Out())
	}
	if got, want := nn.Names(l.Walk), []string{"a.b.weight", "a.b.bias"}; !slices.Equal(got, want) {
		t.Errorf("names: got %v, want %v", got, want)
	}
}

// negative is a form that holds -w, and whose products have a way back.
type negative struct{ w *tensor.Tensor }

func (n negative) Shape() (out, in int) { return n.w.Dim(0), n.w.Dim(1) }

func (n negative) MulNTInto(y, x *tensor.Tensor) {
	tensor.MatMulNTInto(y, x, n.w)
	tensor.ScaleInto(y, y, -1)
}

func (n negative) MulInto(dx, dy *tensor.Tensor) {
	tensor.MatMulInto(dx, dy, n.w)
	tensor.ScaleInto(dx, dx, -1)
}

func (n negative) RowInto(dst []float32, i int) { copy(dst, n.Dense().Row(i)) }

func (n negative) Dense() *tensor.Tensor { return tensor.Scale(n.w, -1) }

func TestLinearOfForm(t *testing.T) {
	l := nn.NewLinear("a", 2, 1, true)
	l.Weight.Set(tensor.FromSlice([]float32{3, 5}, 1, 2))
	l.Bias.Set(tensor.FromSlice([]float32{1}, 1))
	l.Weight.Hold(negative{l.Weight.Value()})
	l.Weight.Grad = tensor.New(1, 2)
	x := tensor.FromSlice([]float32{1, 2}, 1, 2)
	for _, tape := range []*autograd.Tape{nil, autograd.NewTape()} {
		in := tape.Leaf(x)
		y := l.Forward(&nn.Context{Tape: tape}, in)
		checkClose(t, "y", y.Value, tensor.FromSlice([]float32{-12}, 1, 1), 0)
		if tape != nil {
			tape.Backward(y)
			checkClose(t, "dx", in.Grad, tensor.FromSlice([]float32{-3, -5}, 1, 2), 0)
			checkClose(t, "dw", l.Weight.Grad, x, 0)
		}
	}
}

// The statistics of one input are shared by all layers that read it, which callers recognise by
// the pointer.
func TestObserverSharesInputs(t *testing.T) {
	rng := newRNG(1)
	a := newAttention(t, 4, 2, 4, 8)
	m := &nn.GatedMLP{
		Gate: nn.NewLinear("gate", 8, 6, false), Up: nn.NewLinear("up", 8, 6, false),
		Down: nn.NewLinear("down", 6, 8, false), Activation: nn.SwiGLU,
	}
	fill(rng, a.Walk)
	fill(rng, m.Walk)
	inputs := map[*nn.Linear]*tensor.Tensor{}
	var order []string
	c := &nn.Context{SeqLen: 3, Observer: nn.ObserverFunc(func(l *nn.Linear, x, _ *tensor.Tensor) {
		inputs[l] = x
		order = append(order, l.Name())
	})}
	x := autograd.Const(random(rng, 1, 6, 8))
	m.Forward(c, a.Forward(c, x))
	if inputs[a.Q] != x.Value || inputs[a.K] != x.Value || inputs[a.V] != x.Value {
		t.Error("q, k and v did not see the attention's input tensor itself")
	}
	if inputs[m.Gate] != inputs[m.Up] || inputs[m.Gate] == nil {
		t.Error("gate and up saw different input tensors")
	}
	if want := []string{"q", "k", "v", "o", "gate", "up", "down"}; !slices.Equal(order, want) {
		t.Errorf("order of observation: got %v, want %v", order, want)
	}
}

// A packed weight is multiplied by as it is in inference, and becomes values on a tape.
func TestLinearPacked(t *testing.T) {
	l := nn.NewLinear("a", 2, 3, true)
	w := make([]byte, 3*2*2)
	if err := tensor.Encode(w, []float32{1, 0, 0, 4, 5, 6}, tensor.BF16); err != nil {
		t.Fatal(err)
	}
	l.Weight.Hold(packed.PackBitmask(tensor.BF16, 3, 2, w))
	l.Bias.Set(tensor.FromSlice([]float32{10, 20, 30}, 3))
	x := autograd.Const(tensor.FromSlice([]float32{1, 1, 2, 0}, 2, 2))
	observed := 0
	c := &nn.Context{Observer: nn.ObserverFunc(func(*nn.Linear, *tensor.Tensor, *tensor.Tensor) { observed++ })}
	checkClose(t, "y", l.Forward(c, x).Value, tensor.FromSlice([]float32{11, 24, 41, 12, 20, 40}, 2, 3), 0)
	if observed != 1 {
		t.Errorf("observed %d times, want once", observed)
	}
	c.Tape = autograd.NewTape()
	checkClose(t, "y on a tape", l.Forward(c, x).Value, tensor.FromSlice([]float32{11, 24, 41, 12, 20, 40}, 2, 3), 0)
	if l.Weight.Held() != nil || l.Weight.Value() == nil {
		t.Error("a weight that was used on a tape is still packed")
	}
}
