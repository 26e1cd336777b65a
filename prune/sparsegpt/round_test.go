package sparsegpt

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/prune/quant"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor/linalg"
)

// slowReference is joint pruning and rounding by the definition, weight by weight, with nothing put off
// to later and an inverse of its own for every column: of the Hessian over the columns that are not
// decided (optimal brain surgery, equation 3 of the paper, with rounding errors for deleted weights).
// blocks lists the first columns at which an unstructured mask is chosen, and the end.
func slowReference(p *local.Problem, damp float64, blocks []int) (w *linalg.Matrix, mask *sparsity.Mask) {
	n, rows := p.H.Rows, p.W.Rows
	w, mask = p.W.Clone(), sparsity.NewMask(rows, n)
	if p.Keep != nil {
		mask = p.Keep.Clone()
	}
	h := p.H.Clone()
	h.AddDiag(damp * p.H.MeanDiag())
	last := float64(int(1)<<p.Quantize.Bits - 1)
	width := p.Quantize.Group
	if width == 0 {
		width = n
	}
	scale, zero := make([]float64, rows), make([]float64, rows)
	inverses := make([]*linalg.Matrix, n)
	for j := range n {
		inverses[j] = invert(h, j)
	}
	price := func(i, j, at int) float64 { // of weight [i, j] when it has its turn
		return w.At(i, j) * w.At(i, j) / inverses[j].At(0, 0)
	}
	for j := range n {
		inv := inverses[j]
		if k := slices.Index(blocks, j); p.Keep == nil && !p.Pattern.Structured() && k >= 0 && k+1 < len(blocks) {
			type place struct{ i, j int }
			var all []place
			for i := range rows {
				for c := j; c < blocks[k+1]; c++ {
					all = append(all, place{i, c})
				}
			}
			slices.SortStableFunc(all, func(a, b place) int {
				return int(math.Copysign(1, price(a.i, a.j, j)-price(b.i, b.j, j)))
			})
			for _, a := range all[:p.Pattern.Count(rows*blocks[k+1])-p.Pattern.Count(rows*j)] {
				mask.Set(a.i, a.j, false)
			}
		}
		for i := range rows {
			if p.Keep == nil && p.Pattern.Structured() && j%p.Pattern.M == 0 {
				group := make([]int, min(p.Pattern.M, n-j))
				for k := range group {
					group[k] = j + k
				}
				zeros := p.Pattern.GroupZeros(len(group))
				slices.SortStableFunc(group, func(a, b int) int { return int(math.Copysign(1, price(i, a, j)-price(i, b, j))) })
				for _, c := range group[:zeros] {
					mask.Set(i, c, false)
				}
			}
			if j%width == 0 {
				lo, hi := 0.0, 0.0
				for c := j; c < min(j+width, n); c++ {
					if mask.Keep(i, c) {
						lo, hi = min(lo, w.At(i, c)), max(hi, w.At(i, c))
					}
				}
				scale[i] = float64(float32((hi - lo) / last))
				zero[i] = math.Round(-lo / scale[i])
			}
			q := 0.0
			if mask.Keep(i, j) {
				q = scale[i] * (min(max(math.Round(w.At(i, j)/scale[i])+zero[i], 0), last) - zero[i])
			}
			step := (w.At(i, j) - q) / inv.At(0, 0)
			for c := j + 1; c < n; c++ {
				w.Set(i, c, w.At(i, c)-step*inv.At(0, c-j))
			}
			w.Set(i, j, q)
		}
	}
	return w, mask
}

// invert returns the inverse of h over columns from..., by elimination.
func invert(h *linalg.Matrix, from int) *linalg.Matrix {
	n := h.Rows - from
	a, b := linalg.New(n, n), linalg.Identity(n)
	for i := range n {
		copy(a.Row(i), h.Row(from + i)[from:])
	}
	for k := range n {
		p := a.At(k, k)
		for j := range n {
			a.Set(k, j, a.At(k, j)/p)
			b.Set(k, j, b.At(k, j)/p)
		}
		for i := range n {
			if f := a.At(i, k); i != k && f != 0 {
				for j := range n {
					a.Set(i, j, a.At(i, j)-f*a.At(k, j))
					b.Set(i, j, b.At(i, j)-f*b.At(k, j))
				}
			}
		}
	}
	return b
}

// TestRoundReference compares masks, grids and weights with the slow reference: blocks of 16, so that
// grids begin inside of blocks, reach over several and end with a short one.
func TestRoundReference(t *testing.T) {
	const rows, cols, block = 9, 44, 16
	keep := sparsity.NewMask(rows, cols)
	for i := range rows {
		for j := range cols {
			keep.Set(i, j, (i*5+j*j)%3 != 0)
		}
	}
	for _, c := range []struct {
		name    string
		pattern sparsity.Pattern
		keep    *sparsity.Mask
		spec    quant.Spec
		blocks  []int // first columns of the blocks as they must come out, and the end
	}{
		{"rows", sparsity.Unstructured(0.5), nil, quant.Spec{Bits: 4}, []int{0, 16, 32, 44}},
		{"small groups", sparsity.Unstructured(0.5), nil, quant.Spec{Bits: 3, Group: 8}, []int{0, 16, 32, 44}},
		{"odd groups", sparsity.Unstructured(0.4), nil, quant.Spec{Bits: 3, Group: 6}, []int{0, 12, 24, 36, 44}},
		{"large groups", sparsity.Unstructured(0.4), nil, quant.Spec{Bits: 3, Group: 20}, []int{0, 16, 20, 36, 44}},
		{"2:4", sparsity.NM(2, 4), nil, quant.Spec{Bits: 4, Group: 12}, []int{0, 12, 24, 36, 44}},
		{"2:4 rows", sparsity.NM(2, 4), nil, quant.Spec{Bits: 8}, []int{0, 16, 32, 44}},
		{"fixed mask", sparsity.Pattern{}, keep, quant.Spec{Bits: 3, Group: 10}, []int{0, 10, 20, 30, 40, 44}},
		{"dense", sparsity.Unstructured(0), nil, quant.Spec{Bits: 2}, []int{0, 16, 32, 44}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := prunetest.Random(11, rows, cols, 120, c.pattern)
			p.Keep, p.Quantize = c.keep, &c.spec
			want, mask := slowReference(p, 0.01, c.blocks)
			s, err := local.Solve(context.Background(), Solver{BlockSize: block}, p)
			if err != nil {
				t.Fatal(err)
			}
			if s.Grid == nil || s.Grid.Spec != c.spec {
				t.Fatalf("grid %v, want %v", s.Grid, c.spec)
			}
			if !s.Mask.Equal(mask) {
				t.Errorf("%d bits of the mask differ", s.Mask.Differences(mask))
			}
			for k, v := range want.Data {
				if got := s.W.Data[k]; math.Abs(got-v) > 1e-6*math.Abs(v) {
					t.Fatalf("weight [%d %d] is %g, want %g", k/cols, k%cols, got, v)
				}
			}
		})
	}
}

// TestRoundLaws: kept weights on their grids and pruned ones 0, both checked by local.Solve, and smaller
// errors than rounding to the nearest points.
func TestRoundLaws(t *testing.T) {
	for _, shape := range [][2]int{{1, 1}, {7, 33}, {33, 128}, {16, 261}} {
		for _, pattern := range []sparsity.Pattern{sparsity.Unstructured(0), sparsity.Unstructured(0.5), sparsity.Unstructured(0.9), sparsity.NM(2, 4), sparsity.NM(3, 8)} {
			for _, spec := range []quant.Spec{{Bits: 8}, {Bits: 4, Group: 64}, {Bits: 3, Group: 24}, {Bits: 3}, {Bits: 2, Group: 1 << 40}} {
				name := fmt.Sprintf("%d×%d %v %d bits of %d", shape[0], shape[1], pattern, spec.Bits, spec.Group)
				p := prunetest.Random(uint64(shape[1]), shape[0], shape[1], 3*shape[1], pattern)
				floating, err := local.Solve(context.Background(), Solver{}, p)
				if err != nil {
					t.Fatal(name, err)
				}
				p.Quantize = &spec
				joint, err := local.Solve(context.Background(), Solver{}, p)
				if err != nil {
					t.Fatal(name, err)
				}
				if want := pattern.Zeros(shape[0], shape[1]); joint.Mask.Zeros() != want {
					t.Errorf("%s: the mask has %d zeros, want %d", name, joint.Mask.Zeros(), want)
				}
				// Afterwards, on the mask that there is: the objective is then what rounding changes.
				q := *p
				q.W, q.Keep = floating.W, floating.Mask
				later, err := local.Solve(context.Background(), Solver{}, &q)
				if err != nil {
					t.Fatal(name, err)
				}
				nearest, _ := quant.Nearest(spec, floating.W)
				a, b := prunetest.Loss(&q, later), prunetest.Loss(&q, &local.Solution{W: nearest})
				if !(a <= b) {
					t.Errorf("%s: rounding with feedback costs %g, to the nearest %g", name, a, b)
				}
				// In one pass, which may also choose another mask. Grids of whole rows are fitted before
				// weights have grown to make up for pruned ones, and worth less the more are pruned.
				if shape[1] < 100 || pattern.Sparsity > 0.5 || spec.Bits == 8 {
					continue
				}
				if a, b := prunetest.Loss(p, joint), prunetest.Loss(p, &local.Solution{W: nearest}); !(a < b) {
					t.Errorf("%s: error %g in one pass, %g when rounded to the nearest afterwards", name, a, b)
				}
			}
		}
	}
}

func TestRoundOnAnyThreads(t *testing.T) {
	prunetest.Laws(t, rounding{}, inOrder(0), prunetest.WithoutRival("where many weights stay, rounding to 16 values costs more than pruning"))
}

// rounding is the solver with every problem asking for grids.
type rounding struct{}

func (rounding) Describe() local.Description { return local.Description{Name: "test-rounding"} }

func (rounding) Needs() local.Needs { return Solver{}.Needs() }

func (rounding) Solve(ctx context.Context, p *local.Problem) (*local.Solution, error) {
	q := *p
	q.Quantize = &quant.Spec{Bits: 4}
	return Solver{}.Solve(ctx, &q)
}

// BenchmarkRound compares pruning alone with pruning and rounding in one pass.
func BenchmarkRound(b *testing.B) {
	for name, spec := range map[string]*quant.Spec{"float": nil, "rows": {Bits: 4}, "groups": {Bits: 4, Group: 64}} {
		b.Run(name, func(b *testing.B) {
			p := prunetest.Random(1, 1024, 1024, 256, sparsity.Unstructured(0.5))
			p.Quantize = spec
			for b.Loop() {
				if _, err := (Solver{}).Solve(context.Background(), p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
