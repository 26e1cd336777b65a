package calib

import (
	"fmt"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/tensor"
)

// Squares is the sum of squares of each column of X over tokens [in]: the squared norms of inputs, or, of
// gradients, the Fisher weights of outputs.
type Squares struct {
	Sums   []float64
	Tokens int
}

// NewSquares returns the sum over no tokens.
func NewSquares(columns int) *Squares { return &Squares{Sums: make([]float64, columns)} }

// Add implements [Sum], in float64 and in the order of the rows.
func (s *Squares) Add(b Batch) error {
	addSquares(s.Sums, b.X)
	s.Tokens += b.X.Dim(0)
	for j, v := range s.Sums {
		if v-v != 0 {
			return fmt.Errorf("activations of input %d overflow: their sum of squares is %v", j, v)
		}
	}
	return nil
}

// Mean returns the sums divided by the number of tokens.
func (s *Squares) Mean() []float64 {
	m := make([]float64, len(s.Sums))
	for j, v := range s.Sums {
		m[j] = v / float64(s.Tokens)
	}
	return m
}

// Merge implements [Sum].
func (s *Squares) Merge(o Sum) error {
	p, ok := o.(*Squares)
	if !ok || !addAll(s.Sums, p.Sums) {
		return mergeError(s, o)
	}
	s.Tokens += p.Tokens
	return nil
}

// Bytes implements [Sum].
func (s *Squares) Bytes() int64 { return 8 * int64(len(s.Sums)) }

// MarshalBinary implements [Sum].
func (s *Squares) MarshalBinary() ([]byte, error) {
	return encodeFloats("squares", []int{s.Tokens}, s.Sums), nil
}

// UnmarshalBinary implements [Sum].
func (s *Squares) UnmarshalBinary(b []byte) error {
	ns, ls, err := decodeFloats(b, "squares", 1, 1)
	if err == nil {
		s.Tokens, s.Sums = ns[0], ls[0]
	}
	return err
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
