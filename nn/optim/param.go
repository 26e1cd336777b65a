package optim

import (
	"github.com/nlpodyssey/spago/mat"
	spago "github.com/nlpodyssey/spago/nn"

	"github.com/adagp/adagp/nn"
)

// shared is the value of one of our parameters as a spago matrix. spago's own
// matrix clones the first gradient it is given; shared answers the questions
// about gradients with the parameter's Grad instead.
type shared struct {
	*mat.Dense[float32]
	grad *mat.Dense[float32]
}

var _ mat.Matrix = shared{}

// Grad returns the gradient, which is never missing.
func (s shared) Grad() mat.Tensor { return s.grad }

// HasGrad reports true.
func (s shared) HasGrad() bool { return true }

// AccGrad adds g to the gradient.
func (s shared) AccGrad(g mat.Tensor) { s.grad.AddInPlace(g.(mat.Matrix)) }

// ZeroGrad clears the gradient and keeps its storage. spago's optimisers call
// it when they have used a gradient.
func (s shared) ZeroGrad() { s.grad.Zeros() }

// entry joins one of our parameters to the spago parameters that hold the
// optimiser's state for it: one for each piece of its elements.
type entry struct {
	ours   *nn.Param
	theirs []*spago.Param
}

// attach points the spago parameters at the storage the parameter has now, which
// may have been unloaded and loaded again since the last step, and returns them.
// They are made of at most length elements, 0 for no limit.
func (e *entry) attach(length int) []*spago.Param {
	if length == 0 {
		e.piece(0).Matrix = shared{ToSpago(e.ours.Value()), ToSpago(e.ours.Grad)}
		return e.theirs[:1]
	}
	v, g := e.ours.Value().Data(), e.ours.Grad.Data()
	n := 0
	for ; len(v) > 0; n++ {
		m := min(length, len(v))
		e.piece(n).Matrix = shared{column(v[:m]), column(g[:m])}
		v, g = v[m:], g[m:]
	}
	return e.theirs[:n]
}

// piece returns piece i, which may be the one after the last so far.
func (e *entry) piece(i int) *spago.Param {
	if i == len(e.theirs) {
		e.theirs = append(e.theirs, &spago.Param{})
	}
	return e.theirs[i]
}
