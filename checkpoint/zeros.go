package checkpoint

import (
	"encoding/binary"
	"fmt"

	"github.com/adagp/adagp/checkpoint/internal/blob"
	"github.com/adagp/adagp/tensor"
)

// Zeros says how many elements of a tensor are zero, and whether they are where N:M sparsity wants them.
type Zeros struct {
	Elements, Zeros int
	// NM is the tightest of 1:4, 2:4, 3:4 and 4:8 (N zeros in every M neighbours of a row) that a
	// matrix satisfies, or "none". A tail of t < M columns must hold ⌊t·N/M⌋ zeros; only matrices with
	// at least one whole group in a row have a pattern.
	NM string
}

// Zeros counts in the stored bytes of a tensor, without widening anything to float32; −0 is a zero. Of an
// opaque type nobody knows which bytes are zeros: the answer is a *TypeError.
func (r *Reader) Zeros(name string) (Zeros, error) {
	if info := r.infos[name]; info.DType == tensor.Opaque {
		return Zeros{}, &TypeError{File: info.File, Tensor: name, Type: info.Type()}
	}
	raw, err := r.Raw(name)
	if err != nil {
		return Zeros{}, err
	}
	info := r.infos[name]
	z, err := countZeros(raw, info.DType, info.Shape)
	if err != nil {
		return Zeros{}, fmt.Errorf("tensor %s in %s: %w", blob.Quote(name), info.File, err)
	}
	return z, nil
}

// An nmPattern is n zeros in every m neighbours of a row.
type nmPattern struct{ n, m int }

func (p nmPattern) String() string { return fmt.Sprintf("%d:%d", p.n, p.m) }

// nmPatterns are those that are looked for, tightest first. 4:8 comes after 2:4 because every 2:4
// matrix is also 4:8 (with groups that divide the width).
var nmPatterns = []nmPattern{{3, 4}, {2, 4}, {4, 8}, {1, 4}}

// countZeros reads raw, the little-endian elements of a tensor of the given type and shape.
func countZeros(raw []byte, d tensor.DType, shape []int) (Zeros, error) {
	s := Zeros{Elements: 1, NM: "none"}
	for _, n := range shape {
		s.Elements *= n
	}
	if want := s.Elements * d.Size(); len(raw) != want {
		return s, fmt.Errorf("%d bytes stored, shape %v of %v needs %d", len(raw), shape, d, want)
	}
	isZero := zeroTest(d)
	if len(shape) != 2 || shape[0] == 0 || shape[1] == 0 {
		for i := range s.Elements {
			if isZero(raw, i) {
				s.Zeros++
			}
		}
		return s, nil
	}
	rows, cols := shape[0], shape[1]
	holds := make([]bool, len(nmPatterns))
	for k, p := range nmPatterns {
		holds[k] = cols >= p.m
	}
	row := make([]bool, cols) // true = zero
	for i := range rows {
		for j := range cols {
			row[j] = isZero(raw, i*cols+j)
			if row[j] {
				s.Zeros++
			}
		}
		for k, p := range nmPatterns {
			holds[k] = holds[k] && p.inRow(row)
		}
	}
	for k, p := range nmPatterns {
		if holds[k] {
			s.NM = p.String()
			break
		}
	}
	return s, nil
}

// inRow reports whether every group of the row, and the tail, holds enough zeros.
func (p nmPattern) inRow(zero []bool) bool {
	for len(zero) > 0 {
		t := min(p.m, len(zero))
		n := 0
		for _, z := range zero[:t] {
			if z {
				n++
			}
		}
		if n < t*p.n/p.m {
			return false
		}
		zero = zero[t:]
	}
	return true
}

// zeroTest returns whether element i is zero; a floating-point -0 is.
func zeroTest(d tensor.DType) func(raw []byte, i int) bool {
	switch d {
	case tensor.F16, tensor.BF16:
		return func(raw []byte, i int) bool { return binary.LittleEndian.Uint16(raw[2*i:])<<1 == 0 }
	case tensor.F32:
		return func(raw []byte, i int) bool { return binary.LittleEndian.Uint32(raw[4*i:])<<1 == 0 }
	case tensor.F64:
		return func(raw []byte, i int) bool { return binary.LittleEndian.Uint64(raw[8*i:])<<1 == 0 }
	}
	size := d.Size()
	return func(raw []byte, i int) bool {
		for _, b := range raw[i*size : (i+1)*size] {
			if b != 0 {
				return false
			}
		}
		return true
	}
}
