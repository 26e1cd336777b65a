//go:build arm64 && !purego

package asm

// The block of B, 192 KiB, is meant for a second-level cache of 256 KiB or more.

func gemm32NEON() gemmKernels[float32] {
	return gemmKernels[float32]{
		mr: 8, nr: 12, mc: 2048, nc: 192, kc: 256,
		pack: packBoth(
			panelPacker[float32]{width: 8, group: 4, lanes: 4, rows: packRows8xF32NEON, columns: packColumns8xF32NEON},
			panelPacker[float32]{width: 12, group: 4, lanes: 4, rows: packRows12xF32NEON, columns: packColumns12xF32NEON}),
		transpose: transposeGeneric[float32],
		strip: stripOf(12, func(k int, alpha float32, a, b, c []float32, ldc int, accumulate bool) {
			_, _, _ = a[8*k-1], b[12*k-1], c[7*ldc+11]
			tileF32NEON(k, alpha, &a[0], &b[0], &c[0], ldc, accumulate)
		}),
		dots:  dotsKernels[float32]{rows: 16, many: dotsF32NEON, four: dots4xF32NEON, one: dots1xF32NEON}.with(&buffers32),
		axpys: axpysWith(&buffers32, axpysF32NEON),
	}
}

func gemm64NEON() gemmKernels[float64] {
	return gemmKernels[float64]{
		mr: 8, nr: 6, mc: 2048, nc: 96, kc: 256,
		pack: packBoth(
			panelPacker[float64]{width: 8, group: 2, lanes: 2, rows: packRows8xF64NEON, columns: packColumns8xF64NEON},
			panelPacker[float64]{width: 6, group: 2, lanes: 2, rows: packRows6xF64NEON, columns: packColumns6xF64NEON}),
		transpose: transposeGeneric[float64],
		strip: stripOf(6, func(k int, alpha float64, a, b, c []float64, ldc int, accumulate bool) {
			_, _, _ = a[8*k-1], b[6*k-1], c[7*ldc+5]
			tileF64NEON(k, alpha, &a[0], &b[0], &c[0], ldc, accumulate)
		}),
		dots:  dotsKernels[float64]{rows: 8, many: dotsF64NEON, four: dots4xF64NEON, one: dots1xF64NEON}.with(&buffers64),
		axpys: axpysWith(&buffers64, axpysF64NEON),
	}
}
