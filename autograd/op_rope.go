package autograd

import (
	"slices"

	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/tensor"
)

// RoPE rotates the heads of x [n, heads·headDim] by their position (Su et al.
// 2021, equation 34), pairing element j of a head with element j+headDim/2 as
// Hugging Face checkpoints do. cos and sin are [positions, headDim/2]. The rows
// of x are sequences of seqLen rows, of which number s starts at position
// starts[s], or at 0 if starts is nil.
//
//	y[j] = x[j]·cos - x[j+½]·sin      dx[j] = dy[j]·cos + dy[j+½]·sin
//	y[j+½] = x[j+½]·cos + x[j]·sin    dx[j+½] = dy[j+½]·cos - dy[j]·sin
func RoPE(x *Var, cos, sin *tensor.Tensor, heads, seqLen int, starts []int) *Var {
	_, half := matrix("RoPE, cos", cos)
	wantSameShape("RoPE, sin", sin, cos)
	wantShape("RoPE", x.Value, tensor.AnyDim, heads*half*2)
	n, width := x.Value.Dim(0), heads*half*2
	checkPositions(n, seqLen, starts, cos.Dim(0))
	m := memoryOf(x)
	y := empty(m, n, width)
	if !recorded(x) {
		rotateRows(y, x.Value, cos, sin, seqLen, starts)
		return constant(y, m)
	}
	starts = slices.Clone(starts) // the caller may reuse the slice
	rotateRows(y, x.Value, cos, sin, seqLen, starts)
	return record("RoPE", y, func(dy *tensor.Tensor) []*tensor.Tensor {
		dx := empty(m, n, width)
		rotateRows(dx, dy, cos, tensor.Scale(sin, -1), seqLen, starts) // minus the angle
		return grads(dx)
	}, x)
}

// rotateRows sets y to the rows of x, rotated.
func rotateRows(y, x, cos, sin *tensor.Tensor, seqLen int, starts []int) {
	forRows(x.Dim(0), x.Dim(1), func(i int) {
		p := i % seqLen
		if starts != nil {
			p += starts[i/seqLen]
		}
		asm.RoPERow(y.Row(i), x.Row(i), cos.Row(p), sin.Row(p))
	})
}

// checkPositions panics unless the tables have the positions of n rows.
func checkPositions(n, seqLen int, starts []int, positions int) {
	if seqLen < 1 || starts != nil && len(starts) != (n+seqLen-1)/seqLen {
		panic(&tensor.ShapeError{Op: "autograd.RoPE", Got: []int{n, seqLen, len(starts)}, Msg: "rows must be sequences with a start each"})
	}
	lo, hi := 0, 0
	if len(starts) > 0 {
		lo, hi = slices.Min(starts), slices.Max(starts)
	}
	if last := hi + min(n, seqLen); lo < 0 || last > positions {
		panic(&tensor.ShapeError{Op: "autograd.RoPE", Got: []int{lo, last}, Want: []int{0, positions}, Msg: "range of positions"})
	}
}
