// Package tensor provides n-dimensional arrays of float32 and the arithmetic
// neural networks need from them.
//
// A tensor is always contiguous and row-major: the last dimension varies
// fastest. Views and row ranges share storage with the tensor they come from;
// a transposed operand is a variant of the product ([MatMulNT], [MatMulTN]),
// never a lazy stride.
//
// Functions allocate their result; the Into form writes to its first argument
// and the Add form accumulates into it. Unless a comment says otherwise, the
// destination of an elementwise function may be one of its operands, and the
// destination of a matrix product may not.
//
// Results do not depend on the number of threads: outputs are split over
// workers, sums are cut at fixed places.
//
// Wrong shapes and indices panic with a [*ShapeError].
package tensor

import (
	"fmt"
	"math"
	"strings"

	"github.com/adagp/adagp/asm"
)

// Tensor is a contiguous row-major array of float32.
type Tensor struct {
	shape []int
	data  []float32
}

// New returns a tensor of zeros. Without arguments it is a scalar, one element
// of rank 0.
func New(shape ...int) *Tensor {
	n := volume("New", shape)
	return &Tensor{shape: append([]int(nil), shape...), data: make([]float32, n)}
}

// FromSlice returns a tensor over data, which it shares. The length of data
// must be the product of shape.
func FromSlice(data []float32, shape ...int) *Tensor {
	n := volume("FromSlice", shape)
	if len(data) != n {
		panic(&ShapeError{Op: "FromSlice", Got: []int{len(data)}, Want: []int{n},
			Msg: "slice length against product of shape " + shapeString(shape)})
	}
	return &Tensor{shape: append([]int(nil), shape...), data: data[:n:n]}
}

// Data returns the elements in row-major order. The slice is the storage, not a
// copy.
func (t *Tensor) Data() []float32 { return t.data }

// At returns the element with the given index, one number per dimension.
func (t *Tensor) At(index ...int) float32 { return t.data[t.offset("At", index)] }

// Set stores v at the given index.
func (t *Tensor) Set(v float32, index ...int) { t.data[t.offset("Set", index)] = v }

// offset returns the position of index in data.
func (t *Tensor) offset(op string, index []int) int {
	if len(index) != len(t.shape) {
		panic(&ShapeError{Op: op, Got: append([]int(nil), index...), Msg: "index into shape " + shapeString(t.shape)})
	}
	o := 0
	for i, x := range index {
		if x < 0 || x >= t.shape[i] {
			panic(&ShapeError{Op: op, Got: append([]int(nil), index...), Msg: "index into shape " + shapeString(t.shape)})
		}
		o = o*t.shape[i] + x
	}
	return o
}

// Clone returns a copy with storage of its own.
func (t *Tensor) Clone() *Tensor {
	c := New(t.shape...)
	copy(c.data, t.data)
	return c
}

// CopyFrom copies the elements of src, which must have the same shape.
func (t *Tensor) CopyFrom(src *Tensor) {
	checkSame("CopyFrom", t, src)
	copy(t.data, src.data)
}

// Fill sets every element to v.
func (t *Tensor) Fill(v float32) {
	for i := range t.data {
		t.data[i] = v
	}
}

// Zero sets every element to 0.
func (t *Tensor) Zero() { clear(t.data) }

// Finite reports whether every element is finite; if not, index is the position
// in Data of the first NaN or infinity.
func (t *Tensor) Finite() (index int, ok bool) {
	const piece = 1 << 12 // stays in the first-level cache for the second look
	for lo := 0; lo < len(t.data); lo += piece {
		part := t.data[lo:min(lo+piece, len(t.data))]
		if asm.MaxAbs(part) <= math.MaxFloat32 { // not so with NaN, which MaxAbs passes on
			continue
		}
		for i, v := range part {
			if v-v != 0 {
				return lo + i, false
			}
		}
	}
	return -1, true
}

// String returns the shape and the first few elements.
func (t *Tensor) String() string {
	const shown = 8
	var b strings.Builder
	b.WriteString(shapeString(t.shape))
	b.WriteByte('{')
	for i, v := range t.data[:min(shown, len(t.data))] {
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%g", v)
	}
	if len(t.data) > shown {
		b.WriteString(" …")
	}
	b.WriteByte('}')
	return b.String()
}
