//go:build arm64 && !purego

package asm

import (
	"math/bits"
	"unsafe"
)

// The tables of the kernels: for four bits of a mask, how many are set, and which bytes of the next
// weights go where, an impossible one giving zero; for the places of two weights, which bytes of the
// inputs of their group, and behind these of the group after it.
var (
	bitCounts                        [16]uint8
	spreadF32, spreadF16, spreadBF16 [16][16]uint8
	places                           [16][16]uint8
)

func init() {
	const none = 0xff
	for n := range 16 {
		bitCounts[n] = uint8(bits.OnesCount8(uint8(n)))
		next := uint8(0)
		for b := range spreadF32[n] {
			spreadF32[n][b], spreadF16[n][b], spreadBF16[n][b] = none, none, none
		}
		for column := range 4 {
			if n>>column&1 == 0 {
				continue
			}
			for b := range uint8(4) {
				spreadF32[n][4*column+int(b)] = 4*next + b
			}
			for b := range uint8(2) {
				spreadF16[n][2*column+int(b)] = 2*next + b
				spreadBF16[n][4*column+2+int(b)] = 2*next + b
			}
			next++
		}
		for i, place := range []uint8{uint8(n & 3), uint8(n >> 2)} {
			for b := range uint8(4) {
				places[n][4*i+int(b)] = 4*place + b
				places[n][8+4*i+int(b)] = 16 + 4*place + b
			}
		}
	}
}

// storedNEON: its kernels take one vector.
func storedNEON() storedKernels {
	plain := [formats]plainKernels{Float32: plainNEON(plainF32NEON), Float16: plainNEON(plainF16NEON), BFloat16: plainNEON(plainBF16NEON)}
	bitmask := [formats]bitmaskKernels{
		Float32:  bitmaskNEON(bitmaskF32NEON, bitmaskWidenF32NEON, 16),
		Float16:  bitmaskNEON(bitmaskF16NEON, bitmaskWidenF16NEON, 8),
		BFloat16: bitmaskNEON(bitmaskBF16NEON, bitmaskWidenBF16NEON, 8),
	}
	semi := [formats]semiKernels{
		Float32:  {one: semiF32NEON, four: fourTimes(semiF32NEON), columns: 8},
		Float16:  {one: semiF16NEON, four: fourTimes(semiF16NEON), columns: 8},
		BFloat16: {one: semiBF16NEON, four: fourTimes(semiBF16NEON), columns: 8},
	}
	return storedWith(plain, bitmask, semi, panelKernels{
		lanes: 4, width: 64, transpose: transposeF32NEON,
		mul: [formats]panelKernel{Float32: panelF32NEON, Float16: panelF16NEON, BFloat16: panelBF16NEON},
	})
}

// elementAt returns the vector that many elements on.
func elementAt(x *float32, n int) *float32 { return (*float32)(unsafe.Add(unsafe.Pointer(x), 4*n)) }

func plainNEON(one plainKernel) plainKernels {
	return plainKernels{
		one: one,
		quarters: func(rows, k int, w *byte, x *float32, y *float32) {
			one(4*rows, k, w, x, 0, y, 0)
		},
		four: func(rows, k int, w *byte, x *float32, ldx int, y *float32, ldy int) {
			for t := range storedLanes {
				one(rows, k, w, elementAt(x, t*ldx), ldx, elementAt(y, t*ldy), ldy)
			}
		},
		columns: 4,
	}
}

func fourTimes(one sparseKernel) sparseKernel {
	return func(rows, k int, positions, values *byte, x *float32, ldx int, y *float32, ldy int) {
		for t := range storedLanes {
			one(rows, k, positions, values, elementAt(x, t*ldx), ldx, elementAt(y, t*ldy), ldy)
		}
	}
}

func bitmaskNEON(one sparseKernel, widen func(blocks int, mask, values *byte, dst *float32), reach int) bitmaskKernels {
	return bitmaskKernels{
		one: one, four: fourTimes(one), widen: widen, reach: reach,
		pairs: func(rows, k int, mask, values, _ *byte, x *float32, y *float32) {
			one(2*rows, k, mask, values, x, 0, y, 0)
		},
	}
}
