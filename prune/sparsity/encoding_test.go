package sparsity

import (
	"math/rand/v2"
	"strings"
	"testing"
)

func TestMaskEncoding(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, shape := range [][2]int{{0, 0}, {1, 1}, {3, 64}, {5, 65}, {2, 200}, {4, 0}} {
		m := NewMask(shape[0], shape[1])
		for i := range m.Rows {
			for j := range m.Cols {
				m.Set(i, j, r.IntN(2) == 0)
			}
		}
		b, err := m.MarshalBinary()
		if err != nil || len(b) != EncodedMask(m.Rows, m.Cols) {
			t.Fatalf("%v: %d bytes (%v), want %d", shape, len(b), err, EncodedMask(m.Rows, m.Cols))
		}
		var back Mask
		if err := back.UnmarshalBinary(b); err != nil || !back.Equal(m) {
			t.Errorf("%v: the mask that comes back differs (%v)", shape, err)
		}
	}
}

func TestMaskEncodingRefuses(t *testing.T) {
	good, _ := NewMask(2, 70).MarshalBinary()
	stray := append([]byte(nil), good...)
	stray[8+15] = 0x80 // bit 127 of the first row
	huge := append([]byte(nil), good...)
	huge[3], huge[7] = 0xff, 0xff
	for want, b := range map[string][]byte{
		"want at least 8":             good[:7],
		"want 40":                     good[:len(good)-8],
		"bits behind its last column": stray,
		"[4278190082 4278190150]":     huge,
	} {
		m := *NewMask(1, 1)
		if err := m.UnmarshalBinary(b); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
		if m.Rows != 1 || m.Cols != 1 {
			t.Errorf("a refused mask changed its receiver")
		}
	}
}
