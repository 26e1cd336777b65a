package calib

import (
	"errors"
	"fmt"

	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/linalg"
)

// Cross is the sum C = YᵀX over tokens [out, in], with the sum of the squares of Y: what a least-squares fit of Y
// by X needs beside the [Gram] matrix.
type Cross struct {
	C     *linalg.Matrix
	Power float64 // ‖Y‖²
}

// NewCross returns the sum over no tokens.
func NewCross(outputs, inputs int) *Cross { return &Cross{C: linalg.New(outputs, inputs)} }

// Add implements [Sum]; it is an error when the batch has no Y.
func (s *Cross) Add(b Batch) error {
	if b.Y == nil {
		return errors.New("cross moments of inputs with nothing")
	}
	linalg.AddCross(s.C, b.Y, b.X)
	s.Power += tensor.SumSquares(b.Y)
	if s.Power-s.Power != 0 {
		return fmt.Errorf("targets overflow: their sum of squares is %v", s.Power)
	}
	return nil
}

// Merge implements [Sum].
func (s *Cross) Merge(o Sum) error {
	p, ok := o.(*Cross)
	if !ok || s.C.Rows != p.C.Rows || !addAll(s.C.Data, p.C.Data) {
		return mergeError(s, o)
	}
	s.Power += p.Power
	return nil
}

// Bytes implements [Sum].
func (s *Cross) Bytes() int64 { return 8 * int64(len(s.C.Data)) }

// MarshalBinary implements [Sum].
func (s *Cross) MarshalBinary() ([]byte, error) {
	return encodeFloats("cross", []int{s.C.Rows, s.C.Cols}, s.C.Data, []float64{s.Power}), nil
}

// UnmarshalBinary implements [Sum].
func (s *Cross) UnmarshalBinary(b []byte) error {
	ns, ls, err := decodeFloats(b, "cross", 2, 2)
	if err != nil {
		return err
	}
	rows, cols := ns[0], ns[1]
	if rows > 1<<24 || cols > 1<<24 || rows*cols != len(ls[0]) || len(ls[1]) != 1 {
		return fmt.Errorf("encoded cross moments of shape [%d %d] have %d elements", rows, cols, len(ls[0]))
	}
	s.C, s.Power = linalg.FromSlice(ls[0], rows, cols), ls[1][0]
	return nil
}
