package autograd

import (
	"cmp"
	"slices"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/tensor"
)

// TopK returns the k largest elements of every row of x [n, c], the largest first and of equal ones the first
// in front, as values [n, k], and the columns that they stand in, row after row. With NaN in a row its order is
// that NaN is the smallest.
//
//	y[i,j] = x[i,index[i·k+j]]    dx[i,index[i·k+j]] = dy[i,j], 0 elsewhere
func TopK(x *Var, k int) (values *Var, index []int) { return topK("TopK", x, k) }

func topK(op string, x *Var, k int) (*Var, []int) {
	n, c := matrix(op, x.Value)
	if k < 1 || k > c {
		panic(&tensor.ShapeError{Op: "autograd." + op, Got: []int{k}, Want: []int{c}, Msg: "number of elements to take of a row"})
	}
	m := memoryOf(x)
	y, index := empty(m, n, k), make([]int, n*k)
	parallel.For(n, max(1, rowWork/max(1, c)), func(lo, hi int) {
		order := make([]int, c)
		for i := lo; i < hi; i++ {
			row := x.Value.Row(i)
			for j := range order {
				order[j] = j
			}
			slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(row[b], row[a]) })
			for j, at := range order[:k] {
				y.Row(i)[j], index[i*k+j] = row[at], at
			}
		}
	})
	kept := slices.Clone(index) // the caller may change what it gets
	return record(op, y, func(dy *tensor.Tensor) []*tensor.Tensor {
		dx := zeros(m, n, c)
		for i := range n {
			for j, at := range kept[i*k : (i+1)*k] {
				dx.Row(i)[at] = dy.Row(i)[j]
			}
		}
		return grads(dx)
	}, x), index
}
