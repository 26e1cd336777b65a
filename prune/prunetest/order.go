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

// sameWeights is how far weights of two orders may differ, as a share of the largest: sums are added in
// another order, and iterations end at other bits.
const sameWeights = 1e-6

// nearLoss is the ratio up to which losses count as near, for solvers that depend on the order.
const nearLoss = 1.25

// Of 48 columns, 0.625 are a whole number: the zeros of a layer are shared out among its rows, and which of
// them get one more is a matter of their order.

// sameForAnyRows: outputs in another order give the same mask and weights in that order.
func sameForAnyRows(t testing.TB, s local.Solver) {
	for _, pattern := range []sparsity.Pattern{sparsity.Unstructured(0.625), sparsity.NM(2, 4)} {
		p := Random(31, 37, 48, 300, pattern)
		rows, columns := shuffled(1, 37, 1), shuffled(0, 48, 48)
		compareOrders(t, s, p, rows, columns, "rows")
	}
}

// sameForAnyColumns: inputs in another order, the same. Columns of N:M patterns move within groups, and
// groups as a whole.
func sameForAnyColumns(t testing.TB, s local.Solver, e exemptions) {
	for _, c := range []struct {
		pattern sparsity.Pattern
		group   int
	}{{sparsity.Unstructured(0.625), 1}, {sparsity.NM(2, 4), 4}} {
		p := Random(32, 37, 48, 300, c.pattern)
		rows, columns := shuffled(0, 37, 37), shuffled(2, 48, c.group)
		if e.columnOrder == "" {
			compareOrders(t, s, p, rows, columns, "columns")
			continue
		}
		if e.block > 0 && !c.pattern.Structured() {
			continue
		}
		a, b := Loss(p, solve(t, s, p)), 0.0
		q := reordered(p, rows, columns)
		if b = Loss(q, solve(t, s, q)); !(max(a, b) <= nearLoss*min(a, b)) {
			t.Errorf("%v: loss %.4g in one order of the columns, %.4g in another; ratios up to %g are allowed (%s)", c.pattern, a, b, nearLoss, e.columnOrder)
		}
	}
}

// compareOrders solves the problem as it is and reordered, and compares.
func compareOrders(t testing.TB, s local.Solver, p *local.Problem, rows, columns []int, what string) {
	t.Helper()
	one, other := solve(t, s, p), solve(t, s, reordered(p, rows, columns))
	largest := 0.0
	for _, v := range one.W.Data {
		largest = max(largest, math.Abs(v))
	}
	masks, weights, worst := 0, 0, 0.0
	for i, from := range rows {
		for j, at := range columns {
			if one.Mask.Keep(from, at) != other.Mask.Keep(i, j) {
				masks++
			} else if d := math.Abs(one.W.At(from, at)-other.W.At(i, j)) / largest; !(d <= sameWeights) {
				weights++
				worst = max(worst, d)
			}
		}
	}
	if masks > 0 || weights > 0 {
		t.Errorf("%v: with %s in another order, the masks differ in %d of %d places, and %d weights by up to %.2g of the largest",
			p.Pattern, what, masks, len(rows)*len(columns), weights, worst)
	}
}

// shuffled returns the numbers below n in random order: groups of a size, and the members of each. One
// group leaves all as it is.
func shuffled(seed uint64, n, group int) []int {
	r, order := rand.New(rand.NewPCG(seed, 9)), make([]int, 0, n)
	if group == n {
		for i := range n {
			order = append(order, i)
		}
		return order
	}
	for _, g := range r.Perm(n / group) {
		for _, member := range r.Perm(group) {
			order = append(order, g*group+member)
		}
	}
	return order
}

// reordered returns the problem whose output i is number rows[i] of p's, and whose input j is number
// columns[j].
func reordered(p *local.Problem, rows, columns []int) *local.Problem {
	n := len(columns)
	q := *p
	q.W, q.H = linalg.New(len(rows), n), linalg.New(n, n)
	q.SquaredNorms, q.Moments = make([]float64, n), &calib.WindowMoments{}
	*q.Moments = *p.Moments
	q.Moments.Sums, q.Moments.Variances = make([]float64, n), make([]float64, n)
	for j, from := range columns {
		q.SquaredNorms[j] = p.SquaredNorms[from]
		q.Moments.Sums[j], q.Moments.Variances[j] = p.Moments.Sums[from], p.Moments.Variances[from]
		for k, other := range columns {
			q.H.Set(j, k, p.H.At(from, other))
		}
		for i, row := range rows {
			q.W.Set(i, j, p.W.At(row, from))
		}
	}
	return &q
}
