package gguf

import (
	"encoding/binary"
	"math"
)

// forms are the types by number. The formulas are those of ggml's reference (ggml-quants.c), in the order of operations
// that gguf-py has; float32() keeps compilers from fusing a product and a sum.
var forms = map[Type]form{
	F32: {"F32", 1, 4, func(dst []float32, b []byte) { dst[0] = math.Float32frombits(binary.LittleEndian.Uint32(b)) }},
	F16: {"F16", 1, 2, func(dst []float32, b []byte) { dst[0] = half(b) }},
	BF16: {"BF16", 1, 2, func(dst []float32, b []byte) {
		dst[0] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(b)) << 16)
	}},
	Q4_0: {"Q4_0", 32, 18, func(dst []float32, b []byte) {
		d := half(b)
		nibbles(dst, b[2:], func(q byte) float32 { return d * float32(int(q)-8) })
	}},
	Q4_1: {"Q4_1", 32, 20, func(dst []float32, b []byte) {
		d, m := half(b), half(b[2:])
		nibbles(dst, b[4:], func(q byte) float32 { return float32(d*float32(q)) + m })
	}},
	Q5_0: {"Q5_0", 32, 22, func(dst []float32, b []byte) {
		d := half(b)
		fives(dst, b[2:], func(q int) float32 { return d * float32(q-16) })
	}},
	Q5_1: {"Q5_1", 32, 24, func(dst []float32, b []byte) {
		d, m := half(b), half(b[2:])
		fives(dst, b[4:], func(q int) float32 { return float32(d*float32(q)) + m })
	}},
	Q8_0: {"Q8_0", 32, 34, q8},
	Q2_K: {"Q2_K", 256, 84, q2k},
	Q3_K: {"Q3_K", 256, 110, q3k},
	Q4_K: {"Q4_K", 256, 144, q4k},
	Q5_K: {"Q5_K", 256, 176, q5k},
	Q6_K: {"Q6_K", 256, 210, q6k},
	IQ4NL: {"IQ4_NL", 32, 18, func(dst []float32, b []byte) {
		d := half(b)
		nibbles(dst, b[2:], func(q byte) float32 { return d * levels[q] })
	}},
}

// levels are the values of IQ4_NL.
var levels = [16]float32{-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113}

// half returns the binary16 number at the beginning of b.
func half(b []byte) float32 {
	h := uint32(binary.LittleEndian.Uint16(b))
	sign, exponent, fraction := h>>15<<31, h>>10&31, h&1023
	switch exponent {
	case 0: // below the normal numbers, whole multiples of 2⁻²⁴
		return math.Float32frombits(sign | math.Float32bits(float32(fraction)*0x1p-24))
	case 31:
		return math.Float32frombits(sign | 0xff<<23 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
}

// nibbles decodes 32 values of four bits: the lower halves of 16 bytes, then the upper ones.
func nibbles(dst []float32, q []byte, value func(q byte) float32) {
	for i := range 16 {
		dst[i], dst[i+16] = value(q[i]&15), value(q[i]>>4)
	}
}

// fives decodes 32 values of five bits: the fifth bits in four bytes, then the others as nibbles.
func fives(dst []float32, b []byte, value func(q int) float32) {
	high := binary.LittleEndian.Uint32(b)
	for i := range 32 {
		q := b[4+i%16] >> (4 * (i / 16)) & 15
		dst[i] = value(int(q) | int(high>>i&1)<<4)
	}
}

func q8(dst []float32, b []byte) {
	d := half(b)
	for i := range 32 {
		dst[i] = float32(int8(b[2+i])) * d
	}
}

// q2k has 16 parts of 16 values of two bits, each with a scale and a minimum of four bits.
func q2k(dst []float32, b []byte) {
	scales, q := b[:16], b[16:80]
	d, least := half(b[80:]), half(b[82:])
	for i := range 256 {
		s := scales[i/16]
		v := q[i/128*32+i%32] >> (2 * (i / 32 % 4)) & 3
		dst[i] = float32(float32(d*float32(s&15))*float32(v)) - float32(least*float32(s>>4))
	}
}

// q3k has 16 parts of 16 values of three bits, whose third bits are apart, each with a scale of six bits.
func q3k(dst []float32, b []byte) {
	high, q, s := b[:32], b[32:96], b[96:108]
	d := half(b[108:])
	for i := range 256 {
		part := i / 16
		scale := int(s[part%8]>>(4*(part/8))&15) | int(s[8+part%4]>>(2*(part/4))&3)<<4
		v := int(q[i/128*32+i%32] >> (2 * (i / 32 % 4)) & 3)
		if high[i%32]>>(i/32)&1 == 0 {
			v -= 4
		}
		dst[i] = float32(d*float32(scale-32)) * float32(v)
	}
}

// scaleMin returns scale and minimum, six bits each, of one of the eight parts of Q4_K and Q5_K.
func scaleMin(s []byte, part int) (scale, least float32) {
	if part < 4 {
		return float32(s[part] & 63), float32(s[4+part] & 63)
	}
	k := part - 4
	return float32(s[8+k]&15 | s[k]>>2&48), float32(s[8+k]>>4 | s[4+k]>>2&48)
}

// parts decodes the eight parts of 32 values of Q4_K and Q5_K; value returns the bits of a value.
func parts(dst []float32, b []byte, value func(part, i int) byte) {
	d, least := half(b), half(b[2:])
	for part := range 8 {
		s, m := scaleMin(b[4:16], part)
		scale, minimum := float32(d*s), float32(least*m)
		for i := range 32 {
			dst[part*32+i] = float32(scale*float32(value(part, i))) - minimum
		}
	}
}

func q4k(dst []float32, b []byte) {
	parts(dst, b, func(part, i int) byte { return b[16+part/2*32+i] >> (4 * (part % 2)) & 15 })
}

func q5k(dst []float32, b []byte) {
	parts(dst, b, func(part, i int) byte {
		return b[48+part/2*32+i]>>(4*(part%2))&15 | b[16+i]>>part&1<<4
	})
}

// q6k has 16 parts of 16 values of six bits, whose upper two are apart, each with a scale of eight bits.
func q6k(dst []float32, b []byte) {
	low, high, scales := b[:128], b[128:192], b[192:208]
	d := half(b[208:])
	for i := range 256 {
		q := int(low[i/128*64+i%64] >> (4 * (i / 64 % 2)) & 15)
		q |= int(high[i/128*32+i%32]>>(2*(i/32%4))&3) << 4
		dst[i] = float32(d*float32(int8(scales[i/16]))) * float32(q-32)
	}
}
