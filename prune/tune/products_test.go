package tune

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
)

// TestProducts compares products with the survivors with those of the whole matrix, at the start and on the
// way.
func TestProducts(t *testing.T) {
	if asm.PanelWidth() == 0 {
		if asm.Current() != asm.Generic {
			t.Fatal("no kernels")
		}
		return
	}
	defer parallel.SetThreads(0)
	rng := rand.New(rand.NewPCG(3, 4))
	normal := func(shape ...int) *tensor.Tensor {
		x := tensor.New(shape...)
		for i := range x.Data() {
			x.Data()[i] = float32(rng.NormFloat64())
		}
		return x
	}
	for _, c := range []struct {
		out, in, tokens int
		kept            float64
	}{{1, 1, 1, 0.5}, {5, 3, 2, 0.4}, {64, 64, 128, 0.3}, {70, 130, 33, 0.2}, {600, 65, 200, 0.1}, {65, 700, 257, 0.5}, {9, 8, 4, 0}, {0, 4, 3, 0}} {
		t.Run(fmt.Sprintf("%dx%d", c.out, c.in), func(t *testing.T) {
			lin := nn.NewLinear("a", c.in, c.out, false)
			lin.Weight.Set(normal(c.out, c.in))
			mask := sparsity.NewMask(c.out, c.in)
			for i := range c.out {
				for j := range c.in {
					if rng.Float64() >= c.kept*0.9 {
						mask.Set(i, j, false)
						lin.Weight.Value().Set(0, i, j)
					}
				}
			}
			s, err := newSurvivors(lin, mask, asm.NewPanels(0, 0))
			if err != nil {
				t.Fatal(err)
			}
			if s.products == nil {
				t.Fatalf("%d of %d weights kept, and no products with these alone", s.start.Len(), c.out*c.in)
			}
			x, dy := normal(c.tokens, c.in), normal(c.tokens, c.out)
			for _, moved := range []float32{0, 1, 0.5} {
				for i := range s.move.Value().Data() {
					s.move.Value().Data()[i] = float32(rng.NormFloat64())
				}
				s.settle(moved)
				w := lin.Weight.Value().Clone()
				s.settle(0)
				var first []float32
				for _, threads := range []int{1, 3} {
					parallel.SetThreads(threads)
					s.moveTo(moved)
					y, dx := normal(c.tokens, c.out), normal(c.tokens, c.in)
					s.products.MulNTInto(y, x)
					s.products.MulInto(dx, dy)
					wantNear(t, "x·Wᵀ", y, tensor.MatMulNT(x, w))
					wantNear(t, "dy·W", dx, tensor.MatMul(dy, w))
					all := append(slices.Clone(y.Data()), dx.Data()...)
					if first == nil {
						first = all
					}
					if !slices.Equal(all, first) {
						t.Errorf("moved by %v: %d threads have another result than one", moved, threads)
					}
				}
			}
		})
	}
}

// wantNear compares sums of products, rounded in another order, to the size of the largest.
func wantNear(t *testing.T, what string, got, want *tensor.Tensor) {
	t.Helper()
	size := float64(tensor.MaxAbs(want)) + 1
	for i, w := range want.Data() {
		if g := got.Data()[i]; !(math.Abs(float64(g-w)) <= 1e-5*size) {
			t.Fatalf("%s: element %d is %g, want %g", what, i, g, w)
		}
	}
}

// TestProductsOfAll tunes a model with products of the survivors and with those of whole matrices.
func TestProductsOfAll(t *testing.T) {
	defer func(d float64) { densest = d }(densest)
	var results []Result
	var weights []*tensor.Tensor
	for _, densest = range []float64{densest, -1} {
		student, teacher := benchModel(t, "demo:llama"), benchModel(t, "demo:llama")
		masks := map[*nn.Linear]*sparsity.Mask{}
		for _, lin := range student.Layers()[1].Linears() {
			masks[lin] = everyOther(lin.Weight.Value())
		}
		ids := make([][]int, 8)
		for i := range ids {
			for k := range 12 {
				ids[i] = append(ids[i], (7*i+k*k)%student.Config().VocabSize)
			}
		}
		r, err := Global(t.Context(), student, teacher, masks, ids, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, lin := range student.Layers()[1].Linears() {
			if lin.Weight.Held() != nil || lin.Weight.Value() == nil {
				t.Errorf("%s has no values when tuning is over", lin.Name())
			}
		}
		results, weights = append(results, r), append(weights, student.Layers()[1].Linears()[6].Weight.Value())
	}
	a, b := results[0], results[1]
	if a.Step == 0 || math.Abs(a.Before-b.Before) > 1e-4*b.Before || math.Abs(a.After-b.After) > 1e-2*b.After {
		t.Errorf("with survivors %+v, with whole matrices %+v, want nearly the same, and something gained", a, b)
	}
	if d := tensor.SumSquares(tensor.Sub(weights[0], weights[1])) / tensor.SumSquares(weights[1]); d > 1e-3 {
		t.Errorf("weights differ by %g of their size, squared", d)
	}
}
