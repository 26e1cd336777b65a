package calib

import (
	"fmt"

	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/linalg"
)

// Stats holds sums over the inputs X [tokens, in] of one linear layer. Layers with the same input
// share one Stats; it is read only for whoever gets it from a [Collector].
type Stats struct {
	Inputs       int            // width of the input
	Tokens       int            // rows summed so far
	Hessian      *linalg.Matrix // XᵀX [in, in], unscaled; nil unless asked for
	SquaredNorms []float64      // diagonal of XᵀX [in]; nil unless it or the Hessian was asked for
	Moments      *WindowMoments // moments within calibration windows; nil unless asked for
	More         map[string]Sum // those of Needs.More, by name
}

// NewStats returns empty sums over inputs of the given width.
func NewStats(inputs int, needs Needs) *Stats {
	s := &Stats{Inputs: inputs}
	if needs.Hessian {
		s.Hessian = linalg.New(inputs, inputs)
	}
	if needs.Hessian || needs.SquaredNorms {
		s.SquaredNorms = make([]float64, inputs)
	}
	if needs.WindowMoments {
		s.Moments = NewWindowMoments(inputs)
	}
	for _, k := range needs.More {
		if s.More == nil {
			s.More = map[string]Sum{}
		}
		s.More[k.Name] = k.New(inputs)
	}
	return s
}

// Add takes the inputs of a batch in. A value that is not finite is an error saying where it stands, and nothing
// is added then.
func (s *Stats) Add(b Batch) error {
	b.X = b.X.View(tensor.AnyDim, s.Inputs)
	if i, ok := b.X.Finite(); !ok {
		return nonFinite(b.X, i, s.Tokens)
	}
	if s.Moments != nil {
		if err := s.Moments.Add(b); err != nil {
			return err
		}
	}
	for name, sum := range s.More {
		if err := sum.Add(b); err != nil {
			return fmt.Errorf("statistic %s: %w", name, err)
		}
	}
	s.Tokens += b.X.Dim(0)
	switch {
	case s.Hessian != nil:
		err := (&Gram{s.Hessian}).Add(b)
		for j := range s.SquaredNorms {
			s.SquaredNorms[j] = s.Hessian.At(j, j)
		}
		return err
	case s.SquaredNorms != nil:
		return (&Squares{Sums: s.SquaredNorms}).Add(b)
	}
	return nil
}

// nonFinite says that element i of x [tokens, in], whose first row is the given token, is not finite.
func nonFinite(x *tensor.Tensor, i, token int) error {
	return fmt.Errorf("activation of input %d at token %d is %v, want a finite value",
		i%x.Dim(1), token+i/x.Dim(1), x.Data()[i])
}
