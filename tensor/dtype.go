package tensor

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/internal/parallel"
)

// DType is the type of stored elements. Arithmetic is always float32; [Decode]
// and [Encode] are the one border where other types are widened and narrowed.
type DType uint8

// The storage types of the safetensors format that models use.
const (
	F32 DType = iota
	F16
	BF16
	F64
	I64
	I32
	I16
	I8
	U8
	Bool
)

// Opaque stands for any other type a file may name, such as U16 or F8_E4M3. Nothing is computed with its
// elements: their bytes are carried from file to file. Its Size is 0, what holds the bytes knows more.
const Opaque DType = 255

// dtypes lists the safetensors spelling and the size in bytes.
var dtypes = [...]struct {
	name string
	size int
}{
	F32: {"F32", 4}, F16: {"F16", 2}, BF16: {"BF16", 2}, F64: {"F64", 8},
	I64: {"I64", 8}, I32: {"I32", 4}, I16: {"I16", 2}, I8: {"I8", 1},
	U8: {"U8", 1}, Bool: {"BOOL", 1},
}

// Size returns the number of bytes of one element, 0 for an unknown type.
func (d DType) Size() int {
	if int(d) >= len(dtypes) {
		return 0
	}
	return dtypes[d].size
}

// String returns the safetensors spelling, for example "BF16".
func (d DType) String() string {
	if d == Opaque {
		return "opaque"
	}
	if int(d) >= len(dtypes) {
		return fmt.Sprintf("DType(%d)", uint8(d))
	}
	return dtypes[d].name
}

// ParseDType returns the type with the given safetensors spelling.
func ParseDType(name string) (DType, error) {
	for d, t := range dtypes {
		if t.name == name {
			return DType(d), nil
		}
	}
	return 0, fmt.Errorf("unknown dtype %q", name)
}

func checkBytes(op string, elements, bytes int, d DType) error {
	if d.Size() == 0 {
		return fmt.Errorf("%s: unknown dtype %v", op, d)
	}
	if elements*d.Size() != bytes {
		return fmt.Errorf("%s %v: %d bytes for %d elements, want %d", op, d, bytes, elements, elements*d.Size())
	}
	return nil
}

// Decode widens the little-endian elements in src to float32. src must hold
// exactly len(dst) elements. F64 and the integers are rounded to the nearest
// float32; Bool gives 0 or 1.
func Decode(dst []float32, src []byte, d DType) error {
	if err := checkBytes("decode", len(dst), len(src), d); err != nil {
		return err
	}
	size := d.Size()
	parallel.For(len(dst), elementGrain, func(lo, hi int) {
		decode(dst[lo:hi], src[lo*size:hi*size], d)
	})
	return nil
}

func decode(dst []float32, src []byte, d DType) {
	le := binary.LittleEndian
	switch d {
	case F32:
		asm.Widen(asm.Float32, dst, src)
	case F16:
		asm.Widen(asm.Float16, dst, src)
	case BF16:
		asm.Widen(asm.BFloat16, dst, src)
	case F64:
		for i := range dst {
			dst[i] = float32(math.Float64frombits(le.Uint64(src[8*i:])))
		}
	case I64:
		for i := range dst {
			dst[i] = float32(int64(le.Uint64(src[8*i:])))
		}
	case I32:
		for i := range dst {
			dst[i] = float32(int32(le.Uint32(src[4*i:])))
		}
	case I16:
		for i := range dst {
			dst[i] = float32(int16(le.Uint16(src[2*i:])))
		}
	case I8:
		for i := range dst {
			dst[i] = float32(int8(src[i]))
		}
	case U8:
		for i := range dst {
			dst[i] = float32(src[i])
		}
	case Bool:
		for i := range dst {
			dst[i] = 0
			if src[i] != 0 {
				dst[i] = 1
			}
		}
	}
}

// Encode narrows src to d, little endian, rounding to nearest, ties to even.
// dst must have exactly the room. Values too large for F16 or BF16 become
// infinities, for integers the nearest representable value; NaN becomes 0 in
// integers. Bool stores 1 for everything but 0.
func Encode(dst []byte, src []float32, d DType) error {
	if err := checkBytes("encode", len(src), len(dst), d); err != nil {
		return err
	}
	size := d.Size()
	parallel.For(len(src), elementGrain, func(lo, hi int) {
		encode(dst[lo*size:hi*size], src[lo:hi], d)
	})
	return nil
}

func encode(dst []byte, src []float32, d DType) {
	le := binary.LittleEndian
	switch d {
	case F32:
		asm.Narrow(asm.Float32, dst, src)
	case F16:
		asm.Narrow(asm.Float16, dst, src)
	case BF16:
		asm.Narrow(asm.BFloat16, dst, src)
	case F64:
		for i, v := range src {
			le.PutUint64(dst[8*i:], math.Float64bits(float64(v)))
		}
	case I64:
		for i, v := range src {
			le.PutUint64(dst[8*i:], uint64(saturate(v, 64)))
		}
	case I32:
		for i, v := range src {
			le.PutUint32(dst[4*i:], uint32(saturate(v, 32)))
		}
	case I16:
		for i, v := range src {
			le.PutUint16(dst[2*i:], uint16(saturate(v, 16)))
		}
	case I8:
		for i, v := range src {
			dst[i] = byte(saturate(v, 8))
		}
	case U8:
		for i, v := range src {
			dst[i] = byte(min(max(roundInt(v), 0), 255))
		}
	case Bool:
		for i, v := range src {
			dst[i] = 0
			if v != 0 {
				dst[i] = 1
			}
		}
	}
}

// roundInt rounds to the nearest integer, ties to even, saturating; NaN is 0.
func roundInt(v float32) int64 {
	r := math.RoundToEven(float64(v))
	switch {
	case r != r:
		return 0
	case r >= math.MaxInt64: // the constant rounds up to 2⁶³, the first value too large
		return math.MaxInt64
	case r < math.MinInt64:
		return math.MinInt64
	}
	return int64(r)
}

// saturate rounds v to a signed integer of the given number of bits.
func saturate(v float32, bits int) int64 {
	top := int64(1)<<(bits-1) - 1
	return min(max(roundInt(v), -top-1), top)
}
