package asm

import "math"

// F16ToF32 widens IEEE binary16.
func F16ToF32(dst []float32, src []uint16) {
	for i, h := range src {
		dst[i] = f16ToF32(h)
	}
}

// F32ToF16 narrows to IEEE binary16, round to nearest even.
func F32ToF16(dst []uint16, src []float32) {
	for i, v := range src {
		dst[i] = f32ToF16(v)
	}
}

// BF16ToF32 widens bfloat16.
func BF16ToF32(dst []float32, src []uint16) {
	for i, h := range src {
		dst[i] = math.Float32frombits(uint32(h) << 16)
	}
}

// F32ToBF16 narrows to bfloat16, round to nearest even.
func F32ToBF16(dst []uint16, src []float32) {
	for i, v := range src {
		b := math.Float32bits(v)
		if v != v {
			dst[i] = uint16(b>>16) | 0x40
			continue
		}
		dst[i] = uint16((b + 0x7fff + b>>16&1) >> 16)
	}
}

func f16ToF32(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exp := uint32(h >> 10 & 31)
	frac := uint32(h & 0x3ff)
	switch exp {
	case 31:
		return math.Float32frombits(sign | 0x7f800000 | frac<<13)
	case 0:
		v := float32(frac) * 0x1p-24
		return math.Float32frombits(sign | math.Float32bits(v))
	}
	return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
}

func f32ToF16(v float32) uint16 {
	b := math.Float32bits(v)
	sign := uint16(b >> 16 & 0x8000)
	b &= 0x7fffffff
	switch {
	case b > 0x7f800000: // NaN: keep the top bits of the payload, quiet
		return sign | 0x7e00 | uint16(b>>13&0x3ff)
	case b >= 0x47800000: // 2¹⁶ and above
		return sign | 0x7c00
	case b >= 0x38800000: // normal
		b += 0xfff + b>>13&1
		return sign | uint16((b-112<<23)>>13)
	}
	// Subnormal: adding 0.5 leaves the rounded fraction in the low bits, as one ulp of 0.5 is 2⁻²⁴.
	s := math.Float32bits(math.Float32frombits(b) + 0.5)
	return sign | uint16(s-0x3f000000)
}
