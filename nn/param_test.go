package nn_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

func TestParamOnTape(t *testing.T) {
	tests := []struct {
		name       string
		tape, grad bool
		wantGrad   bool
	}{
		{"inference", false, false, false},
		{"inference of a trainable parameter", false, true, false},
		{"taped, frozen", true, false, false},
		{"taped, trainable", true, true, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := nn.NewParam("w", 2)
			p.Set(tensor.FromSlice([]float32{3, 4}, 2))
			if tt.grad {
				p.ZeroGrad()
			}
			c := &nn.Context{}
			if tt.tape {
				c.Tape = autograd.NewTape()
			}
			v := p.On(c)
			if v.NeedsGrad() != tt.wantGrad {
				t.Fatalf("NeedsGrad: got %v, want %v", v.NeedsGrad(), tt.wantGrad)
			}
			if !tt.wantGrad {
				return
			}
			for range 2 { // gradients add up until cleared
				c.Tape.Backward(autograd.SumSquares(p.On(c)))
			}
			checkClose(t, "gradient of Σw², twice", p.Grad, tensor.FromSlice([]float32{12, 16}, 2), 1e-6)
			p.ZeroGrad()
			checkClose(t, "cleared gradient", p.Grad, tensor.New(2), 0)
			p.Freeze()
			if p.On(c).NeedsGrad() {
				t.Error("a frozen parameter needs a gradient")
			}
		})
	}
}

// A parameter holds its weights once: what comes takes the place of what was there.
func TestParamHoldsOneRepresentation(t *testing.T) {
	p := nn.NewParam("w", 1, 2)
	is := func(what string, loaded, value, form bool) {
		t.Helper()
		if p.Loaded() != loaded || (p.Value() != nil) != value || (p.Held() != nil) != form {
			t.Errorf("%s: loaded %v, value %v, form %v", what, p.Loaded(), p.Value(), p.Held())
		}
	}
	is("new", false, false, false)
	w := tensor.FromSlice([]float32{3, 5}, 1, 2)
	p.Set(w)
	is("values", true, true, false)
	p.Hold(negative{w})
	is("form", true, false, true)
	checkClose(t, "row", p.Rows(&nn.Context{}, []int{0}).Value, tensor.FromSlice([]float32{-3, -5}, 1, 2), 0)
	is("row of a form", true, false, true)
	checkClose(t, "values of the form", p.Dense(), tensor.FromSlice([]float32{-3, -5}, 1, 2), 0)
	is("values of the form", true, true, false)
	p.Hold(negative{w})
	p.Set(nil)
	is("unloaded", false, false, false)
	if _, ok := panics(func() { p.Hold(negative{tensor.New(2, 1)}) }).(*tensor.ShapeError); !ok {
		t.Error("a form of another shape did not panic with a *tensor.ShapeError")
	}
}

func TestParamNotLoaded(t *testing.T) {
	p := nn.NewParam("model.norm.weight", 4)
	got := fmt.Sprint(panics(func() { p.On(&nn.Context{}) }))
	if !strings.Contains(got, "model.norm.weight") || !strings.Contains(got, "loaded") {
		t.Errorf("panic of an empty parameter: got %q, want its name and that it was not loaded", got)
	}
}

func TestWalks(t *testing.T) {
	e := nn.NewEmbedding("embed", 5, 3)
	head := nn.NewTiedLinear("head", e.Weight)
	l := nn.NewLinear("fc", 3, 2, true)
	walk := func(visit func(*nn.Param)) {
		e.Walk(visit)
		l.Walk(visit)
		head.Walk(visit)
	}
	if got, want := nn.Names(walk), []string{"embed.weight", "fc.weight", "fc.bias"}; !slices.Equal(got, want) {
		t.Errorf("Names: got %v, want %v", got, want)
	}
	if got, want := nn.Count(walk), int64(5*3+3*2+2); got != want {
		t.Errorf("Count: got %d, want %d", got, want)
	}
	nn.ZeroGrad(walk)
	for _, p := range nn.Params(walk) {
		if p.Grad == nil || !slices.Equal(p.Grad.Shape(), p.Shape) {
			t.Errorf("ZeroGrad: %s has gradient %v, want shape %v", p.Name, p.Grad, p.Shape)
		}
	}
}
