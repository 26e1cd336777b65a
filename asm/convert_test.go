package asm

import (
	"bytes"
	bin "encoding/binary"
	"fmt"
	"math"
	"testing"
)

// halfFormat is a 16-bit format by its definition, independent of the kernels.
type halfFormat struct {
	name           string
	fractionBits   int
	bias           int
	widen          func(dst []float32, src []uint16)
	narrow         func(dst []uint16, src []float32)
	infinity       uint16
	quietBit       uint16
	keepsSignaling bool
}

var halfFormats = []halfFormat{
	{"float16", 10, 15, widenHalves(Float16), narrowHalves(Float16), 0x7c00, 0x200, false},
	{"bfloat16", 7, 127, widenHalves(BFloat16), narrowHalves(BFloat16), 0x7f80, 0x40, true},
}

// widenHalves and narrowHalves give conversions slices of whole numbers, little endian in memory whatever the machine.

func widenHalves(f Format) func(dst []float32, src []uint16) {
	return func(dst []float32, src []uint16) {
		var b []byte
		for _, h := range src {
			b = bin.LittleEndian.AppendUint16(b, h)
		}
		Widen(f, dst[:len(src)], b)
	}
}

func narrowHalves(f Format) func(dst []uint16, src []float32) {
	return func(dst []uint16, src []float32) {
		b := make([]byte, 2*len(src))
		Narrow(f, b, src)
		for i := range dst[:len(src)] {
			dst[i] = bin.LittleEndian.Uint16(b[2*i:])
		}
	}
}

// value returns the number that h stands for.
func (f halfFormat) value(h uint16) float64 {
	sign := 1.0
	if h&0x8000 != 0 {
		sign = -1
	}
	h &= 0x7fff
	fraction := float64(h & (1<<f.fractionBits - 1))
	exponent := int(h >> f.fractionBits)
	switch {
	case h == f.infinity:
		return math.Inf(int(sign))
	case h > f.infinity:
		return math.NaN()
	case exponent == 0:
		return sign * math.Ldexp(fraction, 1-f.bias-f.fractionBits)
	}
	return sign * math.Ldexp(1+fraction/float64(int(1)<<f.fractionBits), exponent-f.bias)
}

func allHalves() []uint16 {
	all := make([]uint16, 1<<16)
	for i := range all {
		all[i] = uint16(i)
	}
	return all
}

// All 65536 patterns widen to their value and narrow back to themselves.
func TestHalfRoundTrip(t *testing.T) {
	onLevels(t, func(t *testing.T) {
		for _, f := range halfFormats {
			src, wide, back := allHalves(), make([]float32, 1<<16), make([]uint16, 1<<16)
			f.widen(wide, src)
			f.narrow(back, wide)
			for i, h := range src {
				want := f.value(h)
				if !same(float64(wide[i]), want) || math.Signbit(float64(wide[i])) != (h&0x8000 != 0) {
					t.Fatalf("%s %#04x widens to %v, want %v", f.name, h, wide[i], want)
				}
				expect := h
				if want != want {
					expect |= f.quietBit // signalling NaNs become quiet
				}
				if back[i] != expect {
					t.Fatalf("%s %#04x = %v comes back as %#04x, want %#04x", f.name, h, wide[i], back[i], expect)
				}
			}
		}
	})
}

// Between any two neighbours the midpoint goes to the even one, and everything
// else to the nearer one.
func TestHalfRounding(t *testing.T) {
	onLevels(t, func(t *testing.T) {
		for _, f := range halfFormats {
			var src []float32
			var want []uint16
			add := func(v float32, h uint16) {
				src = append(src, v, -v)
				want = append(want, h, h|0x8000)
			}
			for h := uint16(0); h < f.infinity; h++ {
				lo, hi := f.value(h), f.value(h+1)
				if h+1 == f.infinity {
					hi = 2*lo - f.value(h-1) // where the next number would be
				}
				mid := float32((lo + hi) / 2)
				even := h + h&1
				add(mid, even)
				add(math.Nextafter32(mid, 0), h)
				if up := math.Nextafter32(mid, float32(math.Inf(1))); !math.IsInf(float64(up), 0) {
					add(up, h+1)
				}
			}
			add(float32(math.Inf(1)), f.infinity)
			add(math.MaxFloat32, f.infinity)
			got := make([]uint16, len(src))
			f.narrow(got, src)
			for i := range got {
				if got[i] != want[i] {
					t.Fatalf("%s: %v (%#08x) narrows to %#04x, want %#04x", f.name, src[i], math.Float32bits(src[i]), got[i], want[i])
				}
			}
			// No NaN may turn into an infinity, whatever its payload.
			for bit := range 23 {
				nan := []float32{math.Float32frombits(0x7f800000 | 1<<bit), math.Float32frombits(0xff800000 | 1<<bit)}
				var h [2]uint16
				f.narrow(h[:], nan)
				if f.value(h[0]) == f.value(h[0]) || h[0]&0x8000 != 0 || f.value(h[1]) == f.value(h[1]) || h[1]&0x8000 == 0 {
					t.Fatalf("%s: NaN %#08x narrows to %#04x and %#04x", f.name, math.Float32bits(nan[0]), h[0], h[1])
				}
			}
		}
	})
}

// TestConvertTails: every number of elements, with the bytes at every offset, against the definition; nothing beyond
// is written.
func TestConvertTails(t *testing.T) {
	onLevels(t, func(t *testing.T) {
		for f := range formats {
			r := newRand(9)
			for _, n := range lengths {
				for offset := range 5 {
					size := f.Size()
					b, wide, back := guard(n*size, offset, byte(0xbe)), guardFloats(n, offset+1), guard(n*size, offset+2, byte(0xbe))
					want := make([]float32, n)
					for i := range n {
						var weight []byte
						weight, want[i] = f.appendWeight(nil, float32(r.NormFloat64()))
						copy(b.data[i*size:], weight)
					}
					Widen(f, wide.data, b.data)
					Narrow(f, back.data, wide.data)
					what := fmt.Sprintf("%s, length %d, offset %d", formatNames[f], n, offset)
					b.check(t, func(x, y byte) bool { return x == y }, what)
					back.check(t, func(x, y byte) bool { return x == y }, what)
					wide.check(t, sameBits, what)
					for i, v := range want {
						if !sameBits(wide.data[i], v) {
							t.Fatalf("%s: element %d widens to %v, want %v", what, i, wide.data[i], v)
						}
					}
					if !bytes.Equal(back.data, b.data) {
						t.Fatalf("%s: %x comes back as %x", what, b.data, back.data)
					}
				}
			}
		}
	})
}
