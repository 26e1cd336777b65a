package prunetest

import (
	"math"
	"testing"

	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor/linalg"
)

// slack is how far above its rival's a solver's loss may be, as a factor. Of ours, the worst is at 2.3; random
// masks begin at 4 with the dense weights and with the best ones, and masks by the inputs alone or the weights alone are beyond
// it at some sparsity.
const slack = 3

// isNearRivals compares losses with those of a simple rival that sees the same statistics, by what the
// solver needs:
//
//   - the Hessian: Wanda's mask, and on it the least-squares weights;
//   - moments of the inputs, whose means are large then: Wanda's mask. The loss is the square of what the
//     mean outputs change, which is what such a solver can see and norms do not show;
//   - norms of the inputs: Wanda's mask with the dense weights;
//   - nothing: the smallest weights of the layer. The loss is that of white inputs, Σ(ŵ−w)², as a solver
//     that sees no inputs cannot know better.
func isNearRivals(t testing.TB, s local.Solver, e exemptions) {
	if e.withoutRival != "" {
		t.Log("not compared with a rival:", e.withoutRival)
		return
	}
	for _, pattern := range []sparsity.Pattern{sparsity.Unstructured(0.3), sparsity.Unstructured(0.5), sparsity.Unstructured(0.7), sparsity.Unstructured(0.9), sparsity.NM(2, 4)} {
		for seed := range uint64(4) {
			p := Random(20+seed, 40, 64, 512, pattern)
			if needs := s.Needs(); needs.WindowMoments && !needs.Hessian {
				p = random(20+seed, 12, 512, 1024, pattern, 3) // wide, since masks improve in steps of a few weights
			}
			got := solve(t, s, p)
			loss, rival := 0.0, 0.0
			switch needs := s.Needs(); {
			case needs.Hessian:
				loss, rival = Loss(p, got), Loss(p, leastSquares(p, wandaMask(t, p, e.block)))
			case needs.WindowMoments:
				loss, rival = shift(p, got), shift(p, p.Masked(wandaMask(t, p, e.block)))
			case needs.SquaredNorms:
				loss, rival = Loss(p, got), Loss(p, p.Masked(wandaMask(t, p, e.block)))
			default:
				loss, rival = removed(p, got), removed(p, p.Masked(smallest(t, p)))
			}
			if !(loss <= slack*rival) {
				t.Errorf("%v, seed %d: loss %.4g, %.3g of its rival's %.4g; at most %v is allowed", pattern, seed, loss, loss/rival, rival, slack)
			}
		}
	}
}

// shift returns Σ over outputs of (the change of their mean over a window)².
func shift(p *local.Problem, s *local.Solution) (sum float64) {
	for i := range p.W.Rows {
		e := 0.0
		for j, mean := range p.Moments.Sums {
			e += (s.W.At(i, j) - p.W.At(i, j)) * mean
		}
		sum += e * e
	}
	return sum
}

// removed returns Σ(ŵ−w)².
func removed(p *local.Problem, s *local.Solution) (sum float64) {
	for k, v := range p.W.Data {
		d := s.W.Data[k] - v
		sum += d * d
	}
	return sum
}

// smallest returns the mask that keeps the largest weights of the layer.
func smallest(t testing.TB, p *local.Problem) *sparsity.Mask {
	t.Helper()
	size := p.W.Clone()
	for k, v := range size.Data {
		size.Data[k] = math.Abs(v)
	}
	mask, err := p.Select(size, sparsity.LayerScope)
	if err != nil {
		t.Fatal(err)
	}
	return mask
}

// wandaMask returns the mask that keeps in each row the largest |weight| × input norm; or, in blocks of so many
// columns, unless 0, in each block by itself.
func wandaMask(t testing.TB, p *local.Problem, block int) *sparsity.Mask {
	t.Helper()
	score := p.Saliency()
	if block == 0 || p.Pattern.N != 0 { // groups lie in no more than one block anyway
		mask, err := p.Select(score, sparsity.RowScope)
		if err != nil {
			t.Fatal(err)
		}
		return mask
	}
	mask := sparsity.NewMask(p.W.Rows, p.W.Cols)
	for from := 0; from < p.W.Cols; from += block {
		part := linalg.New(p.W.Rows, min(block, p.W.Cols-from))
		for i := range part.Rows {
			copy(part.Row(i), score.Row(i)[from:])
		}
		kept := sparsity.SelectLayer(part, p.Pattern)
		for i := range part.Rows {
			for j := range part.Cols {
				mask.Set(i, from+j, kept.Keep(i, j))
			}
		}
	}
	return mask
}

// leastSquares returns the weights under the mask with the least loss: in each row, those of the kept
// columns K with H[K,K]·ŵ = (H·w)[K]. It is Gaussian elimination, for Hessians well above singular.
func leastSquares(p *local.Problem, mask *sparsity.Mask) *local.Solution {
	wanted := linalg.Mul(p.W, p.H)
	w := linalg.New(p.W.Rows, p.W.Cols)
	for i := range w.Rows {
		var kept []int
		for j := range w.Cols {
			if mask.Keep(i, j) {
				kept = append(kept, j)
			}
		}
		n := len(kept)
		a := linalg.New(n, n+1)
		for r, j := range kept {
			for c, k := range kept {
				a.Set(r, c, p.H.At(j, k))
			}
			a.Set(r, n, wanted.At(i, j))
		}
		for r := range n {
			for below := r + 1; below < n; below++ {
				f := a.At(below, r) / a.At(r, r)
				for c := r; c <= n; c++ {
					a.Set(below, c, a.At(below, c)-f*a.At(r, c))
				}
			}
		}
		for r := n - 1; r >= 0; r-- {
			x := a.At(r, n)
			for c := r + 1; c < n; c++ {
				x -= a.At(r, c) * w.At(i, kept[c])
			}
			w.Set(i, kept[r], x/a.At(r, r))
		}
	}
	return &local.Solution{W: w, Mask: mask}
}
