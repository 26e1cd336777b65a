package prune

import (
	"fmt"

	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
)

// zeroTolerance is how far the share of zeros may be from the one asked for.
const zeroTolerance = 1e-3

// rounded returns the weights of s [out, in] with exact zeros where the mask prunes, rounded to the
// type that the matrix will be written in.
func (r *run) rounded(name string, lin *nn.Linear, s *local.Solution) (*tensor.Tensor, error) {
	if s == nil || s.W == nil || s.W.Rows != lin.Out() || s.W.Cols != lin.In() ||
		s.Mask == nil || s.Mask.Rows != lin.Out() || s.Mask.Cols != lin.In() {
		return nil, fmt.Errorf("tensor %s: the solution has no weights or mask of shape [%d %d]", name, lin.Out(), lin.In())
	}
	w := tensor.New(lin.Out(), lin.In())
	for i := range lin.Out() {
		row, dst := s.Mask.RowBits(i), w.Row(i)
		for j, v := range s.W.Row(i) {
			dst[j] = float32(row.Kept(j, v))
		}
	}
	if err := nonFinite(name, w, "after pruning"); err != nil {
		return nil, err
	}
	d := r.storedType(name)
	if d == tensor.F32 {
		return w, nil
	}
	b := make([]byte, w.Len()*d.Size())
	if err := tensor.Encode(b, w.Data(), d); err != nil {
		return nil, fmt.Errorf("tensor %s: %w", name, err)
	}
	if err := tensor.Decode(w.Data(), b, d); err != nil {
		return nil, fmt.Errorf("tensor %s: %w", name, err)
	}
	return w, nonFinite(name, w, "after rounding to "+d.String())
}

func nonFinite(name string, w *tensor.Tensor, when string) error {
	if i, ok := w.Finite(); !ok {
		return fmt.Errorf("tensor %s: weight [%d %d] is %v %s", name, i/w.Dim(1), i%w.Dim(1), w.Data()[i], when)
	}
	return nil
}

// storedType returns the type in which the named tensor will be written.
func (r *run) storedType(name string) tensor.DType {
	if r.options.DType != nil {
		return *r.options.DType
	}
	if r.model.Reader != nil {
		if info, ok := r.model.Reader.Info(name); ok {
			return info.DType
		}
	}
	return tensor.F32
}

// countZeros returns the zeros of w [out, in], or an error when they are fewer than the pattern
// asks for: by more than zeroTolerance of an unstructured one, at all in a group of an N:M one.
func countZeros(name string, p sparsity.Pattern, w *tensor.Tensor) (int, error) {
	rows, cols, zeros := w.Dim(0), w.Dim(1), 0
	group := cols
	if p.Structured() {
		group = p.M
	}
	for i := range rows {
		row := w.Row(i)
		for lo := 0; lo < cols; lo += group {
			hi, z := min(lo+group, cols), 0
			for _, v := range row[lo:hi] {
				if v == 0 {
					z++
				}
			}
			if p.Structured() && z < p.GroupZeros(hi-lo) {
				return 0, fmt.Errorf("tensor %s: %d zeros in row %d, columns %d to %d, want %d for pattern %v",
					name, z, i, lo, hi-1, p.GroupZeros(hi-lo), p)
			}
			zeros += z
		}
	}
	if want := p.Zeros(rows, cols); float64(want-zeros) > zeroTolerance*float64(rows*cols) {
		return 0, fmt.Errorf("tensor %s: %d of %d weights are zero, want %d for sparsity %v", name, zeros, rows*cols, want, p)
	}
	return zeros, nil
}
