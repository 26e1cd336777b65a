package nn

import (
	"fmt"
	"slices"
	"strings"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/tensor"
)

// Activation is an elementwise function a = φ(u_1, …, u_k) of tensors of one shape.
type Activation interface {
	// Name is the name that ActivationByName knows it by.
	Name() string
	// Arity is k, the number of arguments.
	Arity() int
	// Apply computes φ; its inputs' tape, if any, records it.
	Apply(in ...*autograd.Var) *autograd.Var
}

// Minimizer is an Activation with a closed form for AdaGP's update of some of its arguments.
type Minimizer interface {
	// Minimize solves, for each element on its own,
	//
	//	min over u of  alpha (u - m)² + gamma (a - φ(in with in[i] = u))²
	//
	// and writes the solution into in[i]. All tensors have one shape; alpha and gamma are
	// positive. It returns false, with nothing changed, when argument i has no closed form.
	Minimize(i int, in []*tensor.Tensor, m, a *tensor.Tensor, alpha, gamma float32) bool
}

// unary is an Activation of one argument.
type unary struct {
	name  string
	apply func(*autograd.Var) *autograd.Var
}

func (u unary) Name() string { return u.name }
func (unary) Arity() int     { return 1 }

func (u unary) Apply(in ...*autograd.Var) *autograd.Var {
	checkArity(u, in)
	return u.apply(in[0])
}

func checkArity(a Activation, in []*autograd.Var) {
	if len(in) != a.Arity() {
		panic(&tensor.ShapeError{Op: "nn." + a.Name() + " arguments", Got: []int{len(in)}, Want: []int{a.Arity()}})
	}
}

// activations maps the names that configuration files use.
var activations = map[string]Activation{
	"relu":              ReLU,
	"gelu":              GELU,
	"gelu_new":          GELUTanh,
	"gelu_pytorch_tanh": GELUTanh,
	"silu":              SiLU,
	"swish":             SiLU,
	"sigmoid":           Sigmoid,
	"tanh":              Tanh,
	"swiglu":            SwiGLU,
}

// ActivationByName returns the activation that a configuration file calls name: "gelu" is the exact
// form with erf, "gelu_new" and "gelu_pytorch_tanh" the approximation with tanh.
func ActivationByName(name string) (Activation, error) {
	if a, ok := activations[name]; ok {
		return a, nil
	}
	known := make([]string, 0, len(activations))
	for n := range activations {
		known = append(known, n)
	}
	slices.Sort(known)
	return nil, fmt.Errorf("unknown activation %q, want one of %s", name, strings.Join(known, ", "))
}

// minimizeGrain is the number of elements worth a goroutine in a Minimize loop.
const minimizeGrain = 1 << 13

// forElements panics unless all tensors of a Minimize call have one shape, and runs body over ranges
// of their elements.
func forElements(op string, in []*tensor.Tensor, m, a *tensor.Tensor, body func(lo, hi int)) {
	for _, t := range append([]*tensor.Tensor{a}, in...) {
		if !slices.Equal(t.Shape(), m.Shape()) {
			panic(&tensor.ShapeError{Op: op, Got: t.Shape(), Want: m.Shape()})
		}
	}
	parallel.For(m.Len(), minimizeGrain, body)
}
