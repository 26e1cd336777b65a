package autograd

import (
	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/tensor"
)

// RoPE rotates the heads of x [n, heads·headDim] by their position (Su et al.
// 2021, equation 34), pairing element j of a head with element j+headDim/2 as
// Hugging Face checkpoints do. cos and sin are [positions, headDim/2]. Row i
// of x is at position offset + i mod seqLen.
//
//	y[j] = x[j]·cos - x[j+½]·sin      dx[j] = dy[j]·cos + dy[j+½]·sin
//	y[j+½] = x[j+½]·cos + x[j]·sin    dx[j+½] = dy[j+½]·cos - dy[j]·sin
func RoPE(x *Var, cos, sin *tensor.Tensor, heads, seqLen, offset int) *Var {
	positions, half := matrix("RoPE, cos", cos)
	wantSameShape("RoPE, sin", sin, cos)
	wantShape("RoPE", x.Value, tensor.AnyDim, heads*half*2)
	n := x.Value.Dim(0)
	if last := offset + min(n, seqLen); seqLen < 1 || offset < 0 || last > positions {
		panic(&tensor.ShapeError{Op: "autograd.RoPE", Got: []int{offset, last}, Want: []int{0, positions},
			Msg: "range of positions"})
	}
	memory := memoryOf(x)
	rotate := func(x, sin *tensor.Tensor) *tensor.Tensor {
		y := emptyLike(memory, x)
		forRows(n, heads*half*2, func(i int) {
			p := offset + i%seqLen
			asm.RoPERow(y.Row(i), x.Row(i), cos.Row(p), sin.Row(p))
		})
		return y
	}
	return record("RoPE", rotate(x.Value, sin), func(dy *tensor.Tensor) []*tensor.Tensor {
		return grads(rotate(dy, tensor.Scale(sin, -1))) // minus the angle
	}, x)
}
