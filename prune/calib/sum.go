package calib

import (
	"encoding"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/adagp/adagp/tensor"
)

// Batch is some calibration tokens as they pass a linear map.
type Batch struct {
	X *tensor.Tensor // inputs [tokens, in]
	Y *tensor.Tensor // what belongs to them [tokens, out], such as targets; nil where a sum is of inputs alone
	// WindowLen is the number of consecutive tokens of a calibration window; 0 for one window of all rows.
	WindowLen int
}

// A Sum is a statistic that is summed over tokens, which is all that calibration data leave behind. Tokens may be
// summed in parts, by other processes too, and the parts merged: that gives the sum over all, up to rounding.
//
// A statistic of one's own is a type with these methods and a [Kind] in [Needs].More.
type Sum interface {
	// Add takes the tokens of a batch in. Values that are not finite are an error, and the sum is worthless then.
	Add(b Batch) error
	// Merge adds a sum of the same type and shape; another is an error.
	Merge(o Sum) error
	// Bytes is the memory that the sum takes.
	Bytes() int64
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
}

// Kind is a statistic that can be asked for.
type Kind struct {
	Name string               // by which it is found again in Stats.More
	New  func(inputs int) Sum // an empty one for inputs of that width
}

// mergeError says that two sums cannot be merged.
func mergeError(a, b any) error {
	return fmt.Errorf("merge %T with %T: want the same type and shape", a, b)
}

// encodeFloats writes a tag, whole numbers and lists of float64, little-endian, each list behind its length.
func encodeFloats(tag string, numbers []int, lists ...[]float64) []byte {
	b := append([]byte(tag), make([]byte, 0, 8*len(numbers))...)
	for _, n := range numbers {
		b = binary.LittleEndian.AppendUint64(b, uint64(n))
	}
	for _, list := range lists {
		b = binary.LittleEndian.AppendUint64(b, uint64(len(list)))
		for _, v := range list {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		}
	}
	return b
}

// decodeFloats reads what encodeFloats wrote. Numbers are not negative, and nothing may follow.
func decodeFloats(b []byte, tag string, numbers, lists int) (ns []int, ls [][]float64, err error) {
	if len(b) < len(tag) || string(b[:len(tag)]) != tag {
		return nil, nil, fmt.Errorf("want an encoded sum that begins with %q", tag)
	}
	b = b[len(tag):]
	next := func() (uint64, bool) {
		if len(b) < 8 {
			return 0, false
		}
		v := binary.LittleEndian.Uint64(b)
		b = b[8:]
		return v, true
	}
	for range numbers {
		v, ok := next()
		if !ok || v > math.MaxInt64 {
			return nil, nil, fmt.Errorf("encoded sum %q is cut off or damaged", tag)
		}
		ns = append(ns, int(v))
	}
	for range lists {
		n, ok := next()
		if !ok || n > uint64(len(b)/8) {
			return nil, nil, fmt.Errorf("encoded sum %q is cut off or damaged", tag)
		}
		list := make([]float64, n)
		for i := range list {
			v, _ := next()
			list[i] = math.Float64frombits(v)
		}
		ls = append(ls, list)
	}
	if len(b) > 0 {
		return nil, nil, fmt.Errorf("encoded sum %q has %d bytes too many", tag, len(b))
	}
	return ns, ls, nil
}

// addAll adds b to a, element by element, and reports whether they have one length.
func addAll(a, b []float64) bool {
	if len(a) != len(b) {
		return false
	}
	for i, v := range b {
		a[i] += v
	}
	return true
}
