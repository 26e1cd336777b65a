package asm

import "math"

// F16ToF32 widens IEEE 754 binary16 to float32, exactly: subnormals,
// infinities and the payload of NaNs are kept, signalling NaNs become quiet.
func F16ToF32(dst []float32, src []uint16) { current.Load().f16ToF32(dst[:len(src)], src) }

// F32ToF16 narrows float32 to IEEE 754 binary16, rounding to nearest, ties to
// even. Values from 65520 on become infinite, NaN stays NaN.
func F32ToF16(dst []uint16, src []float32) { current.Load().f32ToF16(dst[:len(src)], src) }

// BF16ToF32 widens bfloat16 to float32, exactly.
func BF16ToF32(dst []float32, src []uint16) { current.Load().bf16ToF32(dst[:len(src)], src) }

// F32ToBF16 narrows float32 to bfloat16, rounding to nearest, ties to even.
// NaN stays NaN.
func F32ToBF16(dst []uint16, src []float32) { current.Load().f32ToBF16(dst[:len(src)], src) }

func f16ToF32Generic(dst []float32, src []uint16) {
	dst = dst[:len(src)]
	for i, h := range src {
		dst[i] = f16ToF32(h)
	}
}

func f32ToF16Generic(dst []uint16, src []float32) {
	dst = dst[:len(src)]
	for i, v := range src {
		dst[i] = f32ToF16(v)
	}
}

func bf16ToF32Generic(dst []float32, src []uint16) {
	dst = dst[:len(src)]
	for i, h := range src {
		dst[i] = math.Float32frombits(uint32(h) << 16)
	}
}

func f32ToBF16Generic(dst []uint16, src []float32) {
	dst = dst[:len(src)]
	for i, v := range src {
		b := math.Float32bits(v)
		if v != v {
			// The quiet bit is set, as cutting the payload could leave an infinity.
			dst[i] = uint16(b>>16) | 0x40
			continue
		}
		// Adding just under half a unit, plus one if the kept part is odd, carries
		// into it exactly when rounding to nearest even goes up.
		dst[i] = uint16((b + 0x7fff + b>>16&1) >> 16)
	}
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
		b += 0xfff + b>>13&1 // see f32ToBF16Generic; may carry up to infinity
		return sign | uint16((b-(127-15)<<23)>>13)
	}
	// The spacing of float32 from 0.5 on is 2⁻²⁴, that of subnormal binary16:
	// the addition rounds and leaves the fraction in the low bits.
	const half = (127 - 1) << 23
	return sign | uint16(math.Float32bits(math.Float32frombits(b)+0.5)-half)
}
