package autograd

import (
	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/tensor"
)

// SwiGLU gates up by silu(gate), both of one shape (Shazeer 2020, equation 6),
// without keeping silu(gate).
//
//	y = silu(gate) ⊙ up
//	dgate = dy ⊙ up ⊙ σ(gate)·(1 + gate·(1-σ(gate)))
//	dup = dy ⊙ silu(gate)
func SwiGLU(gate, up *Var) *Var {
	wantSameShape("SwiGLU", up.Value, gate.Value)
	g, u := gate.Value.Data(), up.Value.Data()
	memory := memoryOf(gate, up)
	out := emptyLike(memory, gate.Value)
	y := out.Data()
	forElements(len(y), func(lo, hi int) { asm.SwiGLU(y[lo:hi], g[lo:hi], u[lo:hi]) })
	if !recorded(gate, up) {
		return constant(out, memory)
	}
	return record("SwiGLU", out, func(dOut *tensor.Tensor) []*tensor.Tensor {
		// Both come from one exponential; that one of them is not needed is rare.
		dGate, dUp := emptyLike(memory, gate.Value), emptyLike(memory, up.Value)
		dy, dg, du := dOut.Data(), dGate.Data(), dUp.Data()
		forElements(len(dy), func(lo, hi int) {
			asm.SwiGLUGrad(dg[lo:hi], du[lo:hi], dy[lo:hi], g[lo:hi], u[lo:hi])
		})
		return grads(dGate, dUp)
	}, gate, up)
}
