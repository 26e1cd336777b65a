package packed_test

import (
	"bytes"
	"testing"

	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/packed"
)

// checkAccepted multiplies by a matrix that a constructor let through, and packs it again: what is in
// it must be readable without a step beyond the slices.
func checkAccepted(t *testing.T, m packed.Matrix, repack func(dense []byte) packed.Matrix) {
	out, in := m.Shape()
	dense := m.Unpack()
	if again := repack(dense).Unpack(); !bytes.Equal(again, dense) {
		t.Fatalf("[%d %d] %v: unpacked, packed and unpacked: other bytes", out, in, m.DType())
	}
	for _, n := range []int{1, 5, 40} {
		x, y := tensor.New(n, in), tensor.New(n, out)
		x.Fill(1)
		m.MulNTInto(y, x)
	}
}

// FuzzNewBitmask: arbitrary bytes are an error or a matrix.
func FuzzNewBitmask(f *testing.F) {
	for _, d := range dtypes {
		m := packed.PackBitmask(d, 3, 70, randomWeights(newRand(1), d, 3, 70, 0.6, false))
		f.Add(uint8(d), 3, 70, m.Mask(), m.Values(), m.Offsets())
	}
	f.Add(uint8(0), 0, 0, []byte{}, []byte{}, make([]byte, 8))
	f.Fuzz(func(t *testing.T, d uint8, out, in int, mask, values, offsets []byte) {
		m, err := packed.NewBitmask(tensor.DType(d), out, in, mask, values, offsets)
		if err != nil || out > 1<<10 || in > 1<<10 {
			return // an empty matrix may have any number of columns
		}
		checkAccepted(t, m, func(dense []byte) packed.Matrix { return packed.PackBitmask(m.DType(), out, in, dense) })
	})
}

// FuzzNewSemi: arbitrary bytes are an error or a matrix.
func FuzzNewSemi(f *testing.F) {
	for _, d := range dtypes {
		m, ok := packed.PackSemi(d, 3, 76, randomWeights(newRand(1), d, 3, 76, 0, true))
		if !ok {
			f.Fatal("not packed")
		}
		f.Add(uint8(d), 3, 76, m.Indices(), m.Values())
	}
	f.Fuzz(func(t *testing.T, d uint8, out, in int, indices, values []byte) {
		m, err := packed.NewSemi(tensor.DType(d), out, in, indices, values)
		if err != nil || out > 1<<10 || in > 1<<10 {
			return // an empty matrix may have any number of columns
		}
		checkAccepted(t, m, func(dense []byte) packed.Matrix {
			again, ok := packed.PackSemi(m.DType(), out, in, dense)
			if !ok {
				t.Fatal("2:4 weights do not pack again")
			}
			return again
		})
	})
}
