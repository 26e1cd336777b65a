package autograd

import (
	"slices"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/tensor"
)

// Embedding looks up the rows of table [v, d] with the given ids, each from 0
// to v-1. The result is [len(ids), d].
//
//	y[i] = table[ids[i]]    dtable[t] = Σ over ids[i] = t of dy[i]
//
// The gradient is a full [v, d] tensor.
func Embedding(table *Var, ids []int) *Var {
	v, d := matrix("Embedding", table.Value)
	m := memoryOf(table)
	y := empty(m, len(ids), d)
	for i, id := range ids {
		if id < 0 || id >= v {
			panic(&tensor.ShapeError{Op: "autograd.Embedding", Got: []int{id}, Want: []int{v}, Msg: "id outside the table"})
		}
		copy(y.Row(i), table.Value.Row(id))
	}
	if !recorded(table) {
		return constant(y, m)
	}
	ids = slices.Clone(ids) // the caller may reuse the slice
	return record("Embedding", y, func(dy *tensor.Tensor) []*tensor.Tensor {
		dTable := tensor.New(v, d)
		// Threads take columns, so that no two write one element and a repeated
		// id adds up in the order of the text.
		parallel.For(d, max(16, rowWork/max(1, len(ids))), func(lo, hi int) {
			for i, id := range ids {
				from, to := dy.Row(i)[lo:hi], dTable.Row(id)[lo:hi]
				for j, g := range from {
					to[j] += g
				}
			}
		})
		return grads(dTable)
	}, table)
}
