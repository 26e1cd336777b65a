package nn

import "github.com/adagp/adagp/tensor"

// Observer is shown what flows through the linear layers of a forward pass.
type Observer interface {
	// Observe is called after each Linear, in the order of execution, with its input x
	// [tokens, in] and output y [tokens, out] (bias included). Layers that read the same
	// activations get the very same x: q, k and v share one tensor, and so do gate and up, so
	// that statistics can be shared by comparing pointers. Both tensors belong to the network:
	// they may be kept, not changed; where the pass uses its memory again (autograd.Tape.Recycle)
	// they last until Observe returns.
	Observe(l *Linear, x, y *tensor.Tensor)
}

// ObserverFunc makes a function an Observer.
type ObserverFunc func(l *Linear, x, y *tensor.Tensor)

// Observe calls f.
func (f ObserverFunc) Observe(l *Linear, x, y *tensor.Tensor) { f(l, x, y) }
