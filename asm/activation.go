package asm

// activationKernels are the activation functions of neural networks, and the exponential.
type activationKernels struct {
	exp      func(dst, x []float32)
	tanh     func(dst, x []float32)
	sigmoid  func(dst, x []float32)
	silu     func(dst, x []float32)
	gelu     func(dst, x []float32)
	geluTanh func(dst, x []float32)
	swiglu   func(dst, gate, up []float32)

	swigluGrad func(dGate, dUp, dy, gate, up []float32)
}

// Exp sets dst[i] = e^x[i].
func Exp(dst, x []float32) { current.Load().activation.exp(dst[:len(x)], x) }

// Tanh sets dst[i] = tanh x[i].
func Tanh(dst, x []float32) { current.Load().activation.tanh(dst[:len(x)], x) }

// Sigmoid sets dst[i] = 1/(1 + e^-x[i]).
func Sigmoid(dst, x []float32) { current.Load().activation.sigmoid(dst[:len(x)], x) }

// SiLU sets dst[i] = x[i]·sigmoid(x[i]).
func SiLU(dst, x []float32) { current.Load().activation.silu(dst[:len(x)], x) }

// GELU sets dst[i] = x[i]·Φ(x[i]) with Φ the normal distribution function: the
// exact form, with erf (Hendrycks and Gimpel 2016).
func GELU(dst, x []float32) { current.Load().activation.gelu(dst[:len(x)], x) }

// GELUTanh sets dst[i] = x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))), the
// approximation of [GELU] that some models were trained with.
func GELUTanh(dst, x []float32) { current.Load().activation.geluTanh(dst[:len(x)], x) }

// SwiGLU sets dst[i] = gate[i]·sigmoid(gate[i])·up[i].
func SwiGLU(dst, gate, up []float32) {
	current.Load().activation.swiglu(dst[:len(gate)], gate, up[:len(gate)])
}

// SwiGLUGrad gives the gradients of [SwiGLU] from that of its result: with s =
// sigmoid(gate[i]),
//
//	dGate[i] = dy[i]·up[i]·(s + gate[i]·s·(1-s))
//	dUp[i] = dy[i]·gate[i]·s
//
// dy decides the length.
func SwiGLUGrad(dGate, dUp, dy, gate, up []float32) {
	n := len(dy)
	current.Load().activation.swigluGrad(dGate[:n], dUp[:n], dy, gate[:n], up[:n])
}
