package asm

import (
	bin "encoding/binary"
	"math"
)

var convertGeneric = convertKernels{
	widen:  [formats]func([]float32, []byte){widenF32Generic, widenF16Generic, widenBF16Generic},
	narrow: [formats]func([]byte, []float32){narrowF32Generic, narrowF16Generic, narrowBF16Generic},
}

func widenF32Generic(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = math.Float32frombits(bin.LittleEndian.Uint32(src[4*i:]))
	}
}

func widenF16Generic(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = f16ToF32(bin.LittleEndian.Uint16(src[2*i:]))
	}
}

func widenBF16Generic(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = bf16ToF32(bin.LittleEndian.Uint16(src[2*i:]))
	}
}

func narrowF32Generic(dst []byte, src []float32) {
	for i, v := range src {
		bin.LittleEndian.PutUint32(dst[4*i:], math.Float32bits(v))
	}
}

func narrowF16Generic(dst []byte, src []float32) {
	for i, v := range src {
		bin.LittleEndian.PutUint16(dst[2*i:], f32ToF16(v))
	}
}

func narrowBF16Generic(dst []byte, src []float32) {
	for i, v := range src {
		bin.LittleEndian.PutUint16(dst[2*i:], f32ToBF16(v))
	}
}

func bf16ToF32(h uint16) float32 { return math.Float32frombits(uint32(h) << 16) }

func f32ToBF16(v float32) uint16 {
	b := math.Float32bits(v)
	if v != v {
		// The quiet bit is set, as cutting the payload could leave an infinity.
		return uint16(b>>16) | 0x40
	}
	// Adding just under half a unit, plus one if the kept part is odd, carries
	// into it exactly when rounding to nearest even goes up.
	return uint16((b + 0x7fff + b>>16&1) >> 16)
}

func f16ToF32(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exponent := uint32(h >> 10 & 31)
	fraction := uint32(h & 0x3ff)
	switch {
	case exponent == 31 && fraction != 0:
		return math.Float32frombits(sign | 0x7fc00000 | fraction<<13)
	case exponent == 31:
		return math.Float32frombits(sign | 0x7f800000)
	case exponent == 0: // zero or subnormal: fraction·2⁻²⁴
		return math.Float32frombits(sign | math.Float32bits(float32(fraction)*0x1p-24))
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
}

func f32ToF16(v float32) uint16 {
	b := math.Float32bits(v)
	sign := uint16(b >> 16 & 0x8000)
	b &^= 1 << 31
	const (
		infinity  = 0x7f800000
		tooLarge  = (127 + 16) << 23 // 2¹⁶
		minNormal = (127 - 14) << 23 // 2⁻¹⁴
	)
	switch {
	case b > infinity: // NaN: the top of the payload is kept and made quiet
		return sign | 0x7e00 | uint16(b>>13&0x3ff)
	case b >= tooLarge:
		return sign | 0x7c00
	case b >= minNormal:
		b += 0xfff + b>>13&1 // see f32ToBF16; may carry up to infinity
		return sign | uint16((b-(127-15)<<23)>>13)
	}
	// The spacing of float32 from 0.5 on is 2⁻²⁴, that of subnormal binary16:
	// the addition rounds and leaves the fraction in the low bits.
	const half = (127 - 1) << 23
	return sign | uint16(math.Float32bits(math.Float32frombits(b)+0.5)-half)
}
