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

// entry joins one of our parameters to the spago parameter that holds the
// optimiser's state for it.
type entry struct {
	ours   *nn.Param
	theirs *spago.Param
}

// attach points the spago parameter at the storage the parameter has now: it
// may have been unloaded and loaded again since the last step.
func (e entry) attach() {
	e.theirs.Matrix = shared{ToSpago(e.ours.Value), ToSpago(e.ours.Grad)}
}
