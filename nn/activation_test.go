package nn_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

func TestActivationByName(t *testing.T) {
	sigmoid := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	tests := []struct {
		name string
		f    func(x float64) float64
	}{
		{"relu", func(x float64) float64 { return max(0, x) }},
		{"gelu", func(x float64) float64 { return x * (1 + math.Erf(x/math.Sqrt2)) / 2 }},
		{"gelu_new", func(x float64) float64 {
			return x * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x))) / 2
		}},
		{"silu", func(x float64) float64 { return x * sigmoid(x) }},
		{"sigmoid", sigmoid},
		{"tanh", math.Tanh},
	}
	xs := []float64{-30, -3, -1, -0.1, 0, 0.1, 1, 3, 30}
	for _, tt := range tests {
		a, err := nn.ActivationByName(tt.name)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if a.Name() != tt.name || a.Arity() != 1 {
			t.Errorf("%s: got name %q and arity %d", tt.name, a.Name(), a.Arity())
		}
		for _, x := range xs {
			got := a.Apply(autograd.Const(tensor.FromSlice([]float32{float32(x)}, 1, 1))).Value.Data()[0]
			want := tt.f(float64(float32(x)))
			if math.Abs(float64(got)-want) > 2e-6*max(1, math.Abs(want)) {
				t.Errorf("%s(%v): got %v, want %v", tt.name, x, got, want)
			}
		}
	}
	for alias, want := range map[string]string{"gelu_pytorch_tanh": "gelu_new", "swish": "silu", "swiglu": "swiglu"} {
		if a, err := nn.ActivationByName(alias); err != nil || a.Name() != want {
			t.Errorf("%s: got %v, %v, want %s", alias, a, err, want)
		}
	}
	if _, err := nn.ActivationByName("mish"); err == nil || !strings.Contains(err.Error(), `"mish"`) {
		t.Errorf(`mish: got error %v, want one with "mish"`, err)
	}
	if got := panics(func() { nn.SwiGLU.Apply(autograd.Const(tensor.New(1))) }); got == nil {
		t.Error("SwiGLU of one argument did not panic")
	}
}

// minimizeCase is one elementwise problem: arguments, the position i of the free one, m and a.
type minimizeCase struct {
	a    nn.Activation
	i    int
	cost func(in []float64, m, a, alpha, gamma float64) float64
}

var minimizeCases = []minimizeCase{
	{nn.ReLU, 0, func(in []float64, m, a, alpha, gamma float64) float64 {
		r := a - max(0, in[0])
		return alpha*(in[0]-m)*(in[0]-m) + gamma*r*r
	}},
	{nn.SwiGLU, 1, func(in []float64, m, a, alpha, gamma float64) float64 {
		r := a - in[0]/(1+math.Exp(-in[0]))*in[1]
		return alpha*(in[1]-m)*(in[1]-m) + gamma*r*r
	}},
	{gated(nn.GELU), 1, func(in []float64, m, a, alpha, gamma float64) float64 {
		r := a - in[0]*(1+math.Erf(in[0]/math.Sqrt2))/2*in[1]
		return alpha*(in[1]-m)*(in[1]-m) + gamma*r*r
	}},
}

// gated is nn.Gated of an activation that it takes.
func gated(act nn.Activation) nn.Activation {
	a, err := nn.Gated(act)
	if err != nil {
		panic(err)
	}
	return a
}

// The gate of any activation of one argument; that of SiLU is SwiGLU, that of SwiGLU is none.
func TestGated(t *testing.T) {
	if got := gated(nn.SiLU); got != nn.SwiGLU {
		t.Errorf("gated SiLU: got %s", got.Name())
	}
	if _, err := nn.Gated(nn.SwiGLU); err == nil || !strings.Contains(err.Error(), "takes 2 arguments") {
		t.Errorf("gated SwiGLU: got error %v", err)
	}
	a := gated(nn.GELUTanh)
	s, z := random(newRNG(1), 1, 3, 5), random(newRNG(2), 1, 3, 5)
	want := tensor.Mul(nn.GELUTanh.Apply(autograd.Const(s)).Value, z)
	checkClose(t, a.Name(), a.Apply(autograd.Const(s), autograd.Const(z)).Value, want, 0)
	if a.(nn.Minimizer).Minimize(0, []*tensor.Tensor{s, z}, s, z, 1, 1) {
		t.Error("a closed form for the gate was reported")
	}
}

// No point of a fine grid costs less than the closed form.
func TestMinimizeIsOptimal(t *testing.T) {
	const n = 400
	for _, tt := range minimizeCases {
		for _, w := range []struct{ alpha, gamma float32 }{{0.1, 0.1}, {5, 5}, {1, 30}, {30, 1}} {
			t.Run(fmt.Sprintf("%s/%v/%v", tt.a.Name(), w.alpha, w.gamma), func(t *testing.T) {
				rng := newRNG(11)
				in := make([]*tensor.Tensor, tt.a.Arity())
				for k := range in {
					in[k] = random(rng, 2, n)
				}
				m, a := random(rng, 2, n), random(rng, 2, n)
				if !tt.a.(nn.Minimizer).Minimize(tt.i, in, m, a, w.alpha, w.gamma) {
					t.Fatalf("no closed form for argument %d", tt.i)
				}
				for e := range n {
					u := make([]float64, len(in))
					for k := range in {
						u[k] = float64(in[k].Data()[e])
					}
					cost := func(v float64) float64 {
						u[tt.i] = v
						return tt.cost(u, float64(m.Data()[e]), float64(a.Data()[e]), float64(w.alpha), float64(w.gamma))
					}
					got := float64(in[tt.i].Data()[e])
					best := cost(got)
					for v := -10.0; v <= 10; v += 0.01 {
						// The result is rounded to float32, near the flat bottom of a parabola.
						if c := cost(v); c < best-1e-6*max(1, best) {
							t.Fatalf("element %d, m %v, a %v: got %v with cost %v, but %v costs %v",
								e, m.Data()[e], a.Data()[e], got, best, v, c)
						}
					}
				}
			})
		}
	}
}

func TestReLUMinimizeValues(t *testing.T) {
	tests := []struct{ m, a, want float32 }{
		{2, 4, 3},            // both branches positive: the mean
		{-1, -5, -1},         // a cannot be reached, m costs nothing
		{-1, 4, 1.5},         // worth crossing: 2·2.5² = 12.5 < 16
		{-3, 1, -3},          // not worth crossing: z⁺ = 0 costs 1 + 9
		{1, -3, 0},           // kept down by a, held up by m: both branches give 0
		{-1, float32(1), -1}, // z⁺ = 0 costs 2, z⁻ costs 1
		{0, 0, 0},            // tie
		{-1, float32(math.Inf(1)), float32(math.Inf(1))},
	}
	for _, tt := range tests {
		z := tensor.New(1)
		nn.ReLU.(nn.Minimizer).Minimize(0, []*tensor.Tensor{z},
			tensor.FromSlice([]float32{tt.m}, 1), tensor.FromSlice([]float32{tt.a}, 1), 1, 1)
		if got := z.Data()[0]; got != tt.want {
			t.Errorf("m %v, a %v: got %v, want %v", tt.m, tt.a, got, tt.want)
		}
	}
	// With alpha 1, gamma 3, m -1, a 1 both branches cost exactly 3; the positive one wins.
	z := tensor.New(1)
	nn.ReLU.(nn.Minimizer).Minimize(0, []*tensor.Tensor{z},
		tensor.FromSlice([]float32{-1}, 1), tensor.FromSlice([]float32{1}, 1), 1, 3)
	if got := z.Data()[0]; got != 0.5 {
		t.Errorf("tie: got %v, want 0.5", got)
	}
}

func TestMinimizeWithoutClosedForm(t *testing.T) {
	in := []*tensor.Tensor{tensor.New(2), tensor.New(2)}
	for _, tt := range []struct {
		a nn.Activation
		i int
	}{{nn.ReLU, 1}, {nn.SwiGLU, 0}, {nn.SwiGLU, 2}} {
		if tt.a.(nn.Minimizer).Minimize(tt.i, in, in[0], in[1], 1, 1) {
			t.Errorf("%s argument %d: a closed form was reported", tt.a.Name(), tt.i)
		}
	}
	for _, a := range []nn.Activation{nn.GELU, nn.GELUTanh, nn.SiLU, nn.Sigmoid, nn.Tanh} {
		if _, ok := a.(nn.Minimizer); ok {
			t.Errorf("%s claims closed forms", a.Name())
		}
	}
	got := panics(func() { nn.ReLU.(nn.Minimizer).Minimize(0, in[:1], in[0], tensor.New(3), 1, 1) })
	if _, ok := got.(*tensor.ShapeError); !ok {
		t.Errorf("different shapes: got panic %v, want a *tensor.ShapeError", got)
	}
}

// The result does not depend on the number of threads.
func TestMinimizeThreads(t *testing.T) {
	defer parallel.SetThreads(0)
	for _, tt := range minimizeCases {
		var first *tensor.Tensor
		for _, threads := range []int{1, 3} {
			parallel.SetThreads(threads)
			rng := newRNG(5)
			in := []*tensor.Tensor{random(rng, 1, 300, 111), random(rng, 1, 300, 111)}[:tt.a.Arity()]
			m, a := random(rng, 1, 300, 111), random(rng, 1, 300, 111)
			tt.a.(nn.Minimizer).Minimize(tt.i, in, m, a, 1, 2)
			if first == nil {
				first = in[tt.i]
				continue
			}
			checkClose(t, tt.a.Name()+" with 3 threads", in[tt.i], first, 0)
		}
	}
}
