package safetensors

import (
	"fmt"
	"strings"

	"github.com/adagp/adagp/checkpoint/internal/blob"
	"github.com/adagp/adagp/tensor"
)

// opaqueBits are the bits per element of the types of the format that nothing is computed with. Types
// that are named nowhere here are carried as well: then data_offsets alone say how many bytes there are.
var opaqueBits = map[string]int64{
	"U64": 64, "C64": 64, "U32": 32, "U16": 16,
	"F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
	"F6_E2M3": 6, "F6_E3M2": 6, "F4": 4,
}

// isTypeName reports whether s could name a type of the format: capital letters, digits and underscores,
// a few of them. Nothing else that a file may hold there is shown and written again.
func isTypeName(s string) bool {
	const most = 32
	return s != "" && len(s) <= most && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}

// bits is the size of an element, 0 where it is not known.
func (t Tensor) bits() int64 {
	if t.DType == tensor.Opaque {
		return opaqueBits[t.OpaqueType]
	}
	return 8 * int64(t.DType.Size())
}

// wantBytes is what the shape takes in the type; for a type of unknown size, what the tensor has.
func (t Tensor) wantBytes() (int64, error) {
	n, ok := blob.Elements(t.Shape) // then n elements of 64 bits fit the address space
	if !ok {
		return 0, fmt.Errorf("shape %v of %s is too large", t.Shape, t.Type())
	}
	switch bits := t.bits(); {
	case bits == 0:
		return t.Bytes(), nil
	case bits%8 == 0:
		return n * (bits / 8), nil
	case n*bits%8 != 0:
		return 0, fmt.Errorf("shape %v of %s ends inside a byte", t.Shape, t.Type())
	default:
		return n * bits / 8, nil
	}
}

// check compares the shape with the bytes.
func (t Tensor) check() error {
	want, err := t.wantBytes()
	if err == nil && want != t.Bytes() {
		err = fmt.Errorf("shape %v of %s takes %d bytes, data_offsets [%d %d] span %d", t.Shape, t.Type(), want, t.Start, t.End, t.Bytes())
	}
	return err
}
