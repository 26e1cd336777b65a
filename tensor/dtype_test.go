package tensor

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"
)

var allDTypes = []DType{F32, F16, BF16, F64, I64, I32, I16, I8, U8, Bool}

func TestDTypeNames(t *testing.T) {
	for _, d := range allDTypes {
		if got, err := ParseDType(d.String()); err != nil || got != d {
			t.Errorf("ParseDType(%q) = %v, %v", d.String(), got, err)
		}
	}
	for _, bad := range []string{"", "f32", "F8", "DType(3)"} {
		if _, err := ParseDType(bad); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("ParseDType(%q): error %v", bad, err)
		}
	}
	if d := DType(200); d.Size() != 0 || d.String() != "DType(200)" {
		t.Errorf("DType(200): size %d, name %q", d.Size(), d)
	}
	sizes := map[DType]int{F32: 4, F16: 2, BF16: 2, F64: 8, I64: 8, I32: 4, I16: 2, I8: 1, U8: 1, Bool: 1}
	for d, want := range sizes {
		if d.Size() != want {
			t.Errorf("%v.Size() = %d, want %d", d, d.Size(), want)
		}
	}
}

// Every 16-bit pattern survives decoding and encoding; signalling NaNs of
// float16 come back quiet.
func TestHalfRoundTrip(t *testing.T) {
	src := make([]byte, 2<<16)
	for i := range 1 << 16 {
		binary.LittleEndian.PutUint16(src[2*i:], uint16(i))
	}
	for _, d := range []DType{F16, BF16} {
		wide, back := make([]float32, 1<<16), make([]byte, 2<<16)
		if err := Decode(wide, src, d); err != nil {
			t.Fatal(err)
		}
		if err := Encode(back, wide, d); err != nil {
			t.Fatal(err)
		}
		for i := range 1 << 16 {
			want, got := uint16(i), binary.LittleEndian.Uint16(back[2*i:])
			if wide[i] != wide[i] {
				want |= map[DType]uint16{F16: 0x200, BF16: 0x40}[d]
			}
			if got != want {
				t.Fatalf("%v %#04x = %v comes back as %#04x, want %#04x", d, i, wide[i], got, want)
			}
		}
	}
	one := make([]float32, 2)
	if err := Decode(one, []byte{0x00, 0x3c, 0x00, 0xc0}, F16); err != nil || one[0] != 1 || one[1] != -2 {
		t.Errorf("F16 0x3c00 0xc000 = %v, %v", one, err)
	}
	if err := Decode(one, []byte{0x80, 0x3f, 0x00, 0xc0}, BF16); err != nil || one[0] != 1 || one[1] != -2 {
		t.Errorf("BF16 0x3f80 0xc000 = %v, %v", one, err)
	}
}

func TestEncodeDecode(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, tc := range []struct {
		d        DType
		in, want []float32
	}{
		{F32, []float32{1.1, -inf, nan, 1e-45}, []float32{1.1, -inf, nan, 1e-45}},
		{F64, []float32{1.1, -inf, nan, 1e-45}, []float32{1.1, -inf, nan, 1e-45}},
		{F16, []float32{1.0001, 65519, 65520, 1e-9}, []float32{1, 65504, inf, 0}},
		{BF16, []float32{1.001, 3.4e38, -3.1415927}, []float32{1, inf, -3.140625}},
		{I8, []float32{0.5, 1.5, -2.5, 200, -200, nan}, []float32{0, 2, -2, 127, -128, 0}},
		{U8, []float32{0.5, 1.5, -1, 300, nan}, []float32{0, 2, 0, 255, 0}},
		{I16, []float32{1e5, -1e5, 12.4}, []float32{32767, -32768, 12}},
		{I32, []float32{3e9, -3e9, 7}, []float32{2147483648, -2147483648, 7}},
		{I64, []float32{1e20, -1e20, inf, -7}, []float32{9.223372e18, -9.223372e18, 9.223372e18, -7}},
		{Bool, []float32{0, -0.5, 3, nan}, []float32{0, 1, 1, 1}},
	} {
		buf, got := make([]byte, len(tc.in)*tc.d.Size()), make([]float32, len(tc.in))
		if err := Encode(buf, tc.in, tc.d); err != nil {
			t.Fatal(err)
		}
		if err := Decode(got, buf, tc.d); err != nil {
			t.Fatal(err)
		}
		if !slices.EqualFunc(got, tc.want, func(x, y float32) bool { return x == y || x != x && y != y }) {
			t.Errorf("%v: %v comes back as %v, want %v", tc.d, tc.in, got, tc.want)
		}
	}
}

// Long and unaligned input, cut over threads.
func TestEncodeDecodeLong(t *testing.T) {
	threads(t, 3)
	r := newRand(9)
	const n = 3*elementGrain + 17
	for _, d := range allDTypes {
		want := make([]float32, n)
		for i := range want {
			want[i] = float32(r.IntN(2))
		}
		buf := make([]byte, 1+n*d.Size())[1:]
		got := make([]float32, n)
		if err := Encode(buf, want, d); err != nil {
			t.Fatal(err)
		}
		if err := Decode(got, buf, d); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v: %d elements do not survive", d, n)
		}
	}
}

func TestEncodeDecodeErrors(t *testing.T) {
	for _, d := range append(allDTypes, DType(77)) {
		if err := Decode(make([]float32, 3), make([]byte, 3*d.Size()+1), d); err == nil || !strings.Contains(err.Error(), d.String()) {
			t.Errorf("Decode %v of a wrong length: %v", d, err)
		}
		if err := Encode(make([]byte, 3*d.Size()+1), make([]float32, 3), d); err == nil || !strings.Contains(err.Error(), d.String()) {
			t.Errorf("Encode %v to a wrong length: %v", d, err)
		}
	}
}
