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
	out := emptyLike(memoryOf(gate, up), gate.Value)
	y := out.Data()
	forElements(len(y), func(lo, hi int) {
		asm.SiLU(y[lo:hi], g[lo:hi])
		asm.Mul(y[lo:hi], y[lo:hi], u[lo:hi])
	})
	return record("SwiGLU", out, func(dOut *tensor.Tensor) []*tensor.Tensor {
		dy := dOut.Data()
		var dGate, dUp *tensor.Tensor
		if needsGrad(gate) {
			dGate = emptyLike(gate.tape.memory, gate.Value)
			dg := dGate.Data()
			forElements(len(dg), func(lo, hi int) {
				siluBackward(dg[lo:hi], dy[lo:hi], g[lo:hi], nil)
				asm.Mul(dg[lo:hi], dg[lo:hi], u[lo:hi])
			})
		}
		if needsGrad(up) {
			dUp = emptyLike(up.tape.memory, up.Value)
			du := dUp.Data()
			forElements(len(du), func(lo, hi int) {
				asm.SiLU(du[lo:hi], g[lo:hi])
				asm.Mul(du[lo:hi], du[lo:hi], dy[lo:hi])
			})
		}
		return grads(dGate, dUp)
	}, gate, up)
}
