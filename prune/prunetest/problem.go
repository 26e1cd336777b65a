package prunetest

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/adagp/adagp/prune/calib"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor/linalg"
)

// windows is the number of calibration windows that Problem cuts the tokens into.
const windows = 4

// Problem returns a problem with weights w [out][in] and the statistics of activations x [in][tokens],
// whose columns are tokens. They come from 4 calibration windows, or from one if 4 does not divide
// the tokens.
func Problem(w, x [][]float64, p sparsity.Pattern) *local.Problem {
	m := Matrix(x)
	h := linalg.MulNT(m, m)
	for i := range h.Rows { // exactly symmetric, whatever the order of the sums
		for j := range i {
			h.Set(j, i, h.At(i, j))
		}
	}
	moments, length := calib.NewWindowMoments(m.Rows), m.Cols
	if length%windows == 0 {
		length /= windows
	}
	moments.Add(calib.Batch{X: m.T().Tensor(), WindowLen: length})
	return &local.Problem{Name: "layer.weight", W: Matrix(w), H: h, SquaredNorms: h.Diag(), Moments: moments, Pattern: p}
}

// Mask returns the mask written as a string of 0 and 1 per row, 1 = kept.
func Mask(rows []string) *sparsity.Mask {
	m := sparsity.NewMask(len(rows), len(rows[0]))
	for i, row := range rows {
		for j, c := range row {
			m.Set(i, j, c == '1')
		}
	}
	return m
}

// Matrix copies rows of equal length.
func Matrix(rows [][]float64) *linalg.Matrix {
	m := linalg.New(len(rows), len(rows[0]))
	for i, r := range rows {
		copy(m.Row(i), r)
	}
	return m
}

// Random returns a seeded problem whose inputs are correlated, as activations are, and of unequal size.
func Random(seed uint64, out, in, tokens int, p sparsity.Pattern) *local.Problem {
	return random(seed, out, in, tokens, p, 0)
}

// random is Random with inputs whose means are not 0: normally distributed, mean times as large as the inputs vary.
func random(seed uint64, out, in, tokens int, p sparsity.Pattern, mean float64) *local.Problem {
	means := rand.New(rand.NewPCG(seed, 6))
	r := rand.New(rand.NewPCG(seed, 5))
	x, w := make([][]float64, in), make([][]float64, out)
	common := make([]float64, tokens)
	for t := range common {
		common[t] = r.NormFloat64()
	}
	for j := range x {
		x[j] = make([]float64, tokens)
		size, offset := math.Exp(r.NormFloat64()), mean*means.NormFloat64()
		for t := range x[j] {
			x[j][t] = size * (common[t] + r.NormFloat64() + offset)
		}
	}
	for i := range w {
		w[i] = make([]float64, in)
		for j := range w[i] {
			w[i][j] = r.NormFloat64()
		}
	}
	return Problem(w, x, p)
}

// Loss returns tr((Ŵ−W)·H·(Ŵ−W)ᵀ), what the solution loses on the calibration inputs.
func Loss(p *local.Problem, s *local.Solution) float64 {
	return linalg.QuadForm(linalg.Sub(s.W, p.W), p.H)
}

// Check compares a solution with the expected mask (a string of 0 and 1 per row, 1 = kept; nil: any)
// and weights, which may differ by tol times the largest one.
func Check(t testing.TB, s *local.Solution, keep []string, weights [][]float64, tol float64) {
	t.Helper()
	for i, row := range keep {
		for j, c := range row {
			if got, want := s.Mask.Keep(i, j), c == '1'; got != want {
				t.Fatalf("mask [%d %d]: kept is %v, want %v", i, j, got, want)
			}
		}
	}
	largest, worst, wi, wj := 0.0, -1.0, 0, 0
	for i, row := range weights {
		for j, want := range row {
			largest = max(largest, math.Abs(want))
			if d := math.Abs(s.W.At(i, j) - want); d > worst || d != d {
				worst, wi, wj = d, i, j
			}
		}
	}
	if !(worst <= tol*largest) {
		t.Errorf("weight [%d %d] is %.12g, want %.12g: off by %.3g of the largest, tolerance %.3g",
			wi, wj, s.W.At(wi, wj), weights[wi][wj], worst/largest, tol)
	}
}

// Pattern returns the pattern of a recorded case: N:M when nm holds both numbers, else unstructured.
func Pattern(share float64, nm []int) sparsity.Pattern {
	if nm != nil {
		return sparsity.NM(nm[0], nm[1])
	}
	return sparsity.Unstructured(share)
}
