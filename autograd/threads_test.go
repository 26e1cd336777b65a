package autograd_test

import (
	"math/rand/v2"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/tensor"
)

// largeOp is an operation on inputs large enough to be split among threads and
// to have their memory recycled.
type largeOp struct {
	name   string
	f      gradcheck.Func
	inputs []*tensor.Tensor
}

func largeOps() []largeOp {
	const n, c = 301, 173
	rng := rand.New(rand.NewPCG(1, 2))
	ids := make([]int, n)
	for i := range ids {
		ids[i] = rng.IntN(40) // of a table of n rows: many repeated
	}
	cos, sin := angles(n, 5)
	heads := autograd.AttentionShape{Heads: 6, KVHeads: 3, HeadDim: 8, Queries: 100, Keys: 100, Scale: 0.3}
	q, k, v := attentionInputs(heads, 3)
	x, other := random(1, n, c), random(2, n, c)
	weight, bias := random(3, c), random(4, c)

	return []largeOp{
		{"linear", linear, []*tensor.Tensor{x, random(5, 150, c), random(6, 150)}},
		{"matmul", binary(autograd.MatMul), []*tensor.Tensor{x, random(5, c, 150)}},
		{"matmultn", binary(autograd.MatMulTN), []*tensor.Tensor{x, random(5, n, 150)}},
		{"addbias", binary(autograd.AddBias), []*tensor.Tensor{x, bias}},
		{"gelu", unary(autograd.GELU), []*tensor.Tensor{x}},
		{"silu", unary(autograd.SiLU), []*tensor.Tensor{x}},
		{"swiglu", binary(autograd.SwiGLU), []*tensor.Tensor{x, other}},
		{"softmax", unary(autograd.Softmax), []*tensor.Tensor{x}},
		{"logsoftmax", unary(autograd.LogSoftmax), []*tensor.Tensor{x}},
		{"rmsnorm", binary(func(x, w *autograd.Var) *autograd.Var { return autograd.RMSNorm(x, w, 1e-5) }), []*tensor.Tensor{x, weight}},
		{"layernorm", layerNorm, []*tensor.Tensor{x, weight, bias}},
		{"embedding", unary(func(x *autograd.Var) *autograd.Var { return autograd.Embedding(x, ids) }), []*tensor.Tensor{x}},
		{"rope", unary(func(x *autograd.Var) *autograd.Var {
			return autograd.RoPE(x, cos, sin, autograd.RoPEShape{Heads: 7, SeqLen: 100})
		}), []*tensor.Tensor{random(7, n, 70)}},
		{"attention", attention(heads), []*tensor.Tensor{q, k, v}},
		{"crossentropy", unary(func(x *autograd.Var) *autograd.Var { return autograd.CrossEntropy(x, ids) }), []*tensor.Tensor{x}},
		{"kldiv", unary(func(x *autograd.Var) *autograd.Var { return autograd.KLDiv(other, x) }), []*tensor.Tensor{x}},
		{"mse", unary(func(x *autograd.Var) *autograd.Var { return autograd.MSE(x, other) }), []*tensor.Tensor{x}},
		{"sumsquares", unary(autograd.SumSquares), []*tensor.Tensor{x}},
		{"sub", binary(autograd.Sub), []*tensor.Tensor{x, other}},
		{"mul", binary(autograd.Mul), []*tensor.Tensor{x, other}},
		{"div", binary(autograd.Div), []*tensor.Tensor{x, away(other)}},
		{"exp", unary(autograd.Exp), []*tensor.Tensor{x}},
		{"log", unary(autograd.Log), []*tensor.Tensor{tensor.Mul(away(x), away(x))}},
		{"sum", unary(autograd.Sum), []*tensor.Tensor{x}},
		{"mean", unary(autograd.Mean), []*tensor.Tensor{x}},
		{"transpose", unary(autograd.Transpose), []*tensor.Tensor{x}},
		{"concatrows", binary(func(a, b *autograd.Var) *autograd.Var { return autograd.ConcatRows(a, b) }), []*tensor.Tensor{x, other}},
		{"concatcols", binary(func(a, b *autograd.Var) *autograd.Var { return autograd.ConcatCols(a, b) }), []*tensor.Tensor{x, other}},
		{"slicerows", unary(func(x *autograd.Var) *autograd.Var { return autograd.SliceRows(x, 3, 299) }), []*tensor.Tensor{x}},
		{"slicecols", unary(func(x *autograd.Var) *autograd.Var { return autograd.SliceCols(x, 3, 160) }), []*tensor.Tensor{x}},
		{"gatherrows", unary(func(x *autograd.Var) *autograd.Var { return autograd.GatherRows(x, ids) }), []*tensor.Tensor{x}},
		{"scatterrows", unary(func(x *autograd.Var) *autograd.Var { return autograd.ScatterRows(x, ids, 40) }), []*tensor.Tensor{x}},
		{"topk", unary(func(x *autograd.Var) *autograd.Var { y, _ := autograd.TopK(x, 7); return y }), []*tensor.Tensor{x}},
		{"dropout", unary(func(x *autograd.Var) *autograd.Var { return autograd.Dropout(x, 0.3, rand.New(rand.NewPCG(5, 6))) }), []*tensor.Tensor{x}},
		{"matmulnt", binary(autograd.MatMulNT), []*tensor.Tensor{x, random(5, 150, c)}},
		{"add", binary(autograd.Add), []*tensor.Tensor{x, other}},
		{"scale", unary(func(x *autograd.Var) *autograd.Var { return autograd.Scale(x, 3) }), []*tensor.Tensor{x}},
		{"network", network, []*tensor.Tensor{random(1, 256, 32), random(2, 64, 32), random(3, 64, 32), random(4, 32, 64), random(5, 32)}},
	}
}

// network is two residual blocks with shared weights: gradients meet where values
// are used twice.
func network(_ *autograd.Tape, in []*autograd.Var) *autograd.Var {
	h := in[0]
	for range 2 {
		x := autograd.RMSNorm(h, in[4], 1e-5)
		a := autograd.Attention(x, x, x, autograd.AttentionShape{Heads: 4, KVHeads: 4, HeadDim: 8, Queries: 128, Keys: 128, Scale: 0.3})
		h = autograd.Add(h, a)
		x = autograd.LayerNorm(h, in[4], in[4], 1e-5)
		x = autograd.SwiGLU(autograd.Linear(x, in[1], nil), autograd.Linear(x, in[2], nil))
		h = autograd.Add(h, autograd.Linear(x, in[3], in[4]))
		h = autograd.Add(h, h)
	}
	return h
}

// TestThreadsDoNotMatter compares values and gradients to the bit. (Gradient
// checks do it for small inputs.)
func TestThreadsDoNotMatter(t *testing.T) {
	for _, op := range largeOps() {
		t.Run(op.name, func(t *testing.T) {
			defer parallel.SetThreads(parallel.Threads())
			var want []*tensor.Tensor
			for _, threads := range []int{1, 4, 3} {
				parallel.SetThreads(threads)
				dy := random(8, infer(op.f, op.inputs...).Shape()...)
				got := append(gradients(op.f, dy, op.inputs...), infer(op.f, op.inputs...))
				if want == nil {
					want = got
				}
				for i := range got {
					wantClose(t, "against one thread", got[i], want[i], 0)
				}
			}
		})
	}
}
