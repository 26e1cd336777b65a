package adagp

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/linalg"
)

func randomMatrix(r *rand.Rand, rows, cols int) *linalg.Matrix {
	m := linalg.New(rows, cols)
	for i := range m.Data {
		m.Data[i] = r.NormFloat64()
	}
	return m
}

func largestDifference(a, b *linalg.Matrix) float64 {
	worst := 0.0
	for i, v := range a.Data {
		worst = max(worst, math.Abs(v-b.Data[i]))
	}
	return worst
}

// With inputs in a subspace the regression weights are not unique. leastNorm fits as well as any, and
// has no part outside the subspace: W (I − P) = 0 with P the projection onto the inputs' span.
func TestLeastNorm(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, rank := range []int{1, 5, 11, 12} {
		basis := randomMatrix(r, rank, 12)
		x := linalg.Mul(randomMatrix(r, 60, rank), basis) // [tokens, 12]
		gram := linalg.MulTN(x, x)
		exact := randomMatrix(r, 4, 12)
		y := linalg.MulNT(x, exact)
		w, err := leastNorm(gram, linalg.MulTN(y, x))
		if err != nil {
			t.Fatal(err)
		}
		// float64 and a condition number below 1e4 in the span
		if d := largestDifference(linalg.MulNT(x, w), y); d > 1e-8 {
			t.Errorf("rank %d: outputs differ by %g", rank, d)
		}
		inner, err := linalg.InverseSPD(linalg.MulNT(basis, basis))
		if err != nil {
			t.Fatal(err)
		}
		projected := linalg.Mul(linalg.Mul(linalg.MulNT(w, basis), inner), basis)
		if d := largestDifference(w, projected); d > 1e-8 {
			t.Errorf("rank %d: part of the weights outside the inputs' span: %g", rank, d)
		}
	}
}

// gradientRefit from sums equals the steps taken on the data, as published.
func TestGradientRefit(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 2))
	x, y, w := randomMatrix(r, 30, 6), randomMatrix(r, 30, 5), randomMatrix(r, 5, 6)
	got := gradientRefit(w, linalg.MulTN(x, x), linalg.MulTN(y, x), 10, 30)
	want := w.Clone()
	for range 10 {
		diff := linalg.Sub(linalg.MulNT(x, want), y)
		linalg.MulTNInto(want, -0.01*2/(30*5), diff, x, 1)
	}
	if d := largestDifference(got, want); d > 1e-13 {
		t.Errorf("weights differ by %g", d)
	}
	if largestDifference(got, w) == 0 {
		t.Error("no step was taken")
	}
}

// The gain form of the least-squares update solves the normal equations by the letter,
// (Σ w WᵀW + γI) v = Σ w Wᵀ(t − b) + γφ, whichever of the two Gram matrices is the smaller.
func TestLeastSquaresUpdate(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 2))
	for _, width := range []int{3, 9, 10, 40} {
		up, left, right := nn.NewLinear("up", 4, width, true), nn.NewLinear("left", width, 5, true), nn.NewLinear("right", width, 4, false)
		for _, l := range []*nn.Linear{up, left, right} {
			l.Walk(func(p *nn.Param) {
				p.Set(randomMatrix(r, 1, p.Len()).Tensor().View(p.Shape...))
			})
		}
		c := &nn.Chain{Name: "c",
			Links: []nn.Link{{Linear: up, In: "x", Out: "u"}, {Linear: left, In: "a", Out: "l"}, {Linear: right, In: "a", Out: "r"},
				{Linear: nn.NewLinear("out", 5, 2, false), In: "m", Out: "y"}},
			Joins: []nn.Join{{Activation: nn.Tanh, In: []string{"u"}, Out: "a"}, {Activation: nn.Sigmoid, In: []string{"l"}, Out: "m"}}}
		c.Links[3].Linear.Weight.Set(tensor.New(2, 5))
		const alpha, beta, gamma = 0.3, 2, 0.7
		g := newGraph(c, alpha, beta, gamma)
		for _, l := range g.links {
			l.load(nil)
		}
		const tokens = 7
		for _, v := range g.vars {
			n := map[string]int{"x": 4, "u": width, "a": width, "l": 5, "r": 4, "m": 5, "y": 2}[v.name]
			v.at = randomMatrix(r, tokens, n).Tensor()
		}
		byName := map[string]*variable{}
		for _, l := range g.links {
			byName[l.outs[0].name], byName[l.in.v.name] = l.outs[0], l.in.v
		}
		byName["r"].at = randomMatrix(r, tokens, 4).Tensor()
		u := &leastSquares{ofVariable: ofVariable{byName["a"]}}
		if err := u.prepare(); err != nil {
			t.Fatal(err)
		}
		u.apply()
		exact := byName["a"].at.Clone()
		conjugate{ofVariable{byName["a"]}}.apply()
		if d := largestDifference(linalg.FromTensor(exact), linalg.FromTensor(byName["a"].at)); d > 1e-3 {
			t.Errorf("width %d: conjugate gradients end %g from the minimum", width, d)
		}
		byName["a"].at = exact

		phi := autograd.Tanh(autograd.Const(byName["u"].at)).Value
		a, b := linalg.Identity(width), linalg.FromTensor(tensor.Scale(phi, gamma))
		a = linalg.Scale(a, gamma)
		for _, l := range g.links[1:3] {
			linalg.MulTNInto(a, alpha, l.w, l.w, 1)
			target := linalg.FromTensor(l.outs[0].at)
			if l.Linear.Bias != nil {
				for i := range tokens {
					for k, v := range l.Linear.Bias.Value().Data() {
						target.Row(i)[k] -= float64(v)
					}
				}
			}
			linalg.MulInto(b, alpha, target, l.w, 1)
		}
		got := linalg.FromTensor(byName["a"].at)
		// A residual of float32 values times a matrix of norm up to about 30.
		if d := largestDifference(linalg.Mul(got, a), b); d > 1e-4 {
			t.Errorf("width %d: normal equations are off by %g", width, d)
		}
	}
}
