package autograd_test

import (
	"testing"

	"github.com/nlpodyssey/spago/ag"
	"github.com/nlpodyssey/spago/mat"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
	"github.com/adagp/adagp/tensor"
)

func TestEmbedding(t *testing.T) {
	ids := []int{2, 0, 2, 2}
	f := unary(func(table *autograd.Var) *autograd.Var { return autograd.Embedding(table, ids) })
	got := infer(f, values([]int{3, 2}, 1, 2, 3, 4, 5, 6))
	wantClose(t, "value", got, values([]int{4, 2}, 5, 6, 1, 2, 5, 6, 5, 6), 0)

	table := random(1, 3, 5)
	gradcheck.Check(t, "embedding", f, table)
	againstSpago(t, f, func(in []mat.Tensor) mat.Tensor {
		rows := make([]mat.Tensor, len(ids))
		for i, id := range ids {
			rows[i] = ag.RowView(in[0], id)
		}
		return ag.Stack(rows...)
	}, table)
	wantClose(t, "no ids", autograd.Embedding(autograd.Const(table), nil).Value, tensor.New(0, 5), 0)
	for _, id := range []int{-1, 3} {
		wantShapePanic(t, "id outside the table", func() { autograd.Embedding(autograd.Const(table), []int{0, id}) })
	}
}
