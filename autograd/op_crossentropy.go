package autograd

import (
	"slices"

	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/tensor"
)

// CrossEntropy returns the mean negative log-likelihood [1] of the targets, one
// per row of logits [n, v], in nats. Rows with a negative target are ignored;
// if all are, the loss is 0 and so is its gradient.
//
//	y = mean over rows with target t ≥ 0 of (log Σⱼ e^x[j] - x[t])
//	dx[j] = dy·(softmax(x)[j] - [j=t])/rows
func CrossEntropy(logits *Var, targets []int) *Var {
	n, v := matrix("CrossEntropy", logits.Value)
	if len(targets) != n {
		panic(shapeError("CrossEntropy, targets", []int{len(targets)}, []int{n}))
	}
	targets = slices.Clone(targets) // the caller may reuse the slice
	counted := 0
	for _, t := range targets {
		if t >= v {
			panic(&tensor.ShapeError{Op: "autograd.CrossEntropy", Got: []int{t}, Want: []int{v}, Msg: "target outside the vocabulary"})
		}
		if t >= 0 {
			counted++
		}
	}
	lse := make([]float64, n) // log Σ e^x of every counted row
	forRowsWith(n, v, func(i int, scratch []float32) {
		if targets[i] >= 0 {
			lse[i] = logSumExp(logits.Value.Row(i), scratch)
		}
	})
	var total float64
	for i, t := range targets {
		if t >= 0 {
			total += lse[i] - float64(logits.Value.Row(i)[t])
		}
	}
	scale := 1 / float64(max(counted, 1))
	return record("CrossEntropy", scalar(total*scale), func(dy *tensor.Tensor) []*tensor.Tensor {
		g := float32(float64(dy.Data()[0]) * scale)
		dx := empty(logits.tape.memory, n, v)
		forRows(n, v, func(i int) {
			row := dx.Row(i)
			if targets[i] < 0 {
				clear(row)
				return
			}
			asm.SoftmaxRow(row, logits.Value.Row(i))
			asm.Scale(row, g, row)
			row[targets[i]] -= g
		})
		return grads(dx)
	}, logits)
}
