package calib

import (
	"fmt"
	"math"

	"github.com/adagp/adagp/internal/parallel"
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
	return s
}

// Add sums the rows of x [tokens, Inputs], which is one calibration window as far as moments go; see
// [Stats.AddWindows].
func (s *Stats) Add(x *tensor.Tensor) error { return s.AddWindows(x, 0) }

// AddWindows sums the rows of x [tokens, Inputs], made of windows of windowLen tokens each; 0 stands
// for one window. Products are taken in float32 over at most 256 tokens and accumulated in float64.
// A value that is not finite is an error saying where it stands, and nothing is added then.
func (s *Stats) AddWindows(x *tensor.Tensor, windowLen int) error {
	x = x.View(tensor.AnyDim, s.Inputs)
	if i, ok := x.Finite(); !ok {
		return nonFinite(x, i, s.Tokens)
	}
	if s.Moments != nil {
		if err := s.Moments.Add(x, windowLen); err != nil {
			return err
		}
	}
	s.Tokens += x.Dim(0)
	switch {
	case s.Hessian != nil:
		linalg.AddGram(s.Hessian, x)
		for j := range s.SquaredNorms {
			s.SquaredNorms[j] = s.Hessian.At(j, j)
		}
	case s.SquaredNorms != nil:
		addSquares(s.SquaredNorms, x)
	}
	for j, v := range s.SquaredNorms {
		if math.IsInf(v, 0) || math.IsNaN(v) {
			return fmt.Errorf("activations of input %d overflow: their sum of squares is %v", j, v)
		}
	}
	return nil
}

// nonFinite says that element i of x [tokens, in], whose first row is the given token, is not finite.
func nonFinite(x *tensor.Tensor, i, token int) error {
	return fmt.Errorf("activation of input %d at token %d is %v, want a finite value",
		i%x.Dim(1), token+i/x.Dim(1), x.Data()[i])
}

// addSquares adds the column sums of x² to dst, in float64 and in the order of the rows.
func addSquares(dst []float64, x *tensor.Tensor) {
	n, c, data := x.Dim(0), x.Dim(1), x.Data()
	parallel.For(c, max(16, 1<<14/max(n, 1)), func(lo, hi int) {
		for i := range n {
			for j, v := range data[i*c+lo : i*c+hi] {
				dst[lo+j] += float64(v) * float64(v)
			}
		}
	})
}
