package nn_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/packed"
)

// random returns a tensor of normal values with the given standard deviation.
func random(rng *rand.Rand, std float64, shape ...int) *tensor.Tensor {
	t := tensor.New(shape...)
	for i := range t.Data() {
		t.Data()[i] = float32(std * rng.NormFloat64())
	}
	return t
}

func newRNG(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

// fill gives every walked parameter random values.
func fill(rng *rand.Rand, walk func(func(*nn.Param))) {
	for _, p := range nn.Params(walk) {
		p.Set(random(rng, 0.3, p.Shape...))
	}
}

// checkClose fails when got and want differ by more than tol · max(1, largest |want|) anywhere.
func checkClose(t testing.TB, what string, got, want *tensor.Tensor, tol float64) {
	t.Helper()
	tensor.CheckShape(what, got, want.Shape()...)
	scale := max(1, float64(tensor.MaxAbs(want)))
	worst, at := 0.0, 0
	for i, g := range got.Data() {
		d := math.Abs(float64(g) - float64(want.Data()[i]))
		if d > worst || math.IsNaN(d) {
			worst, at = d, i
		}
	}
	if !(worst <= tol*scale) {
		t.Errorf("%s: element %d of %v: got %v, want %v, difference %g exceeds %g",
			what, at, want.Shape(), got.Data()[at], want.Data()[at], worst, tol*scale)
	}
}

// panics runs f and returns what it panicked with, or nil.
func panics(f func()) (v any) {
	defer func() { v = recover() }()
	f()
	return nil
}

// pack stores a matrix without its zeros, in float32.
func pack(t testing.TB, w *tensor.Tensor) packed.Matrix {
	t.Helper()
	b := make([]byte, 4*w.Len())
	if err := tensor.Encode(b, w.Data(), tensor.F32); err != nil {
		t.Fatal(err)
	}
	return packed.PackBitmask(tensor.F32, w.Dim(0), w.Dim(1), b)
}
