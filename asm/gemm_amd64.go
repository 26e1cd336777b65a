//go:build amd64 && !purego

package asm

// The block of B, 512 KiB, is meant for a second-level cache of 1 MiB, for one of
// 512 KiB with AVX2, where it takes 448 (float64: 384); the panels of A, 4 MiB, for
// the third level. With AVX2 tiles are so small that they had better be deep.

func gemm32AVX512() gemmKernels[float32] {
	strips := [...]stripKernel[float32]{
		1: strip1x32F32AVX512, 2: strip2x32F32AVX512, 3: strip3x32F32AVX512, 4: strip4x32F32AVX512,
		5: strip5x32F32AVX512, 6: strip6x32F32AVX512, 7: strip7x32F32AVX512, 8: strip8x32F32AVX512,
		9: strip9x32F32AVX512, 10: strip10x32F32AVX512, 11: strip11x32F32AVX512, 12: strip12x32F32AVX512,
		13: strip13x32F32AVX512,
	}
	return gemmKernels[float32]{
		mr: 13, nr: 32, mc: 2080, nc: 256, kc: 512, packs: true, anyHeight: true, anyWidth: true,
		pack:      packWith(16, packRowsF32AVX512, packColumnsF32AVX512),
		transpose: transposeWith(16, packColumnsF32AVX512),
		strip:     stripWith(32, strips[:]),
		dots:      dotsKernels[float32]{rows: 32, many: dotsF32AVX512, four: dots4xF32FMA, one: dots1xF32FMA}.with(&buffers32),
		axpys:     axpysWith(&buffers32, axpysF32AVX512),
	}
}

func gemm64AVX512() gemmKernels[float64] {
	strips := [...]stripKernel[float64]{
		1: strip1x16F64AVX512, 2: strip2x16F64AVX512, 3: strip3x16F64AVX512, 4: strip4x16F64AVX512,
		5: strip5x16F64AVX512, 6: strip6x16F64AVX512, 7: strip7x16F64AVX512, 8: strip8x16F64AVX512,
		9: strip9x16F64AVX512, 10: strip10x16F64AVX512, 11: strip11x16F64AVX512, 12: strip12x16F64AVX512,
		13: strip13x16F64AVX512,
	}
	return gemmKernels[float64]{
		mr: 13, nr: 16, mc: 2080, nc: 256, kc: 256, packs: true, anyHeight: true, anyWidth: true,
		pack:      packWith(8, packRowsF64AVX512, packColumnsF64AVX512),
		transpose: transposeWith(8, packColumnsF64AVX512),
		strip:     stripWith(16, strips[:]),
		dots:      dotsKernels[float64]{rows: 16, many: dotsF64AVX512, four: dots4xF64FMA, one: dots1xF64FMA}.with(&buffers64),
		axpys:     axpysWith(&buffers64, axpysF64AVX512),
	}
}

func gemm32AVX2() gemmKernels[float32] {
	strips := [...]stripKernel[float32]{
		1: strip1x16F32AVX2, 2: strip2x16F32AVX2, 3: strip3x16F32AVX2, 4: strip4x16F32AVX2,
		5: strip5x16F32AVX2, 6: strip6x16F32AVX2,
	}
	return gemmKernels[float32]{
		mr: 6, nr: 16, mc: 1026, nc: 112, kc: 1024, packs: true, inPlace: true, anyHeight: true,
		pack:      packWith(8, packRowsF32AVX2, packColumnsF32AVX2),
		transpose: transposeWith(8, packColumnsF32AVX2),
		strip:     stripWith(16, strips[:]),
		dots:      dotsKernels[float32]{rows: 16, many: dotsF32AVX2, four: dots4xF32FMA, one: dots1xF32FMA}.with(&buffers32),
		axpys:     axpysWith(&buffers32, axpysF32AVX2),
	}
}

func gemm64AVX2() gemmKernels[float64] {
	strips := [...]stripKernel[float64]{
		1: strip1x8F64AVX2, 2: strip2x8F64AVX2, 3: strip3x8F64AVX2, 4: strip4x8F64AVX2,
		5: strip5x8F64AVX2, 6: strip6x8F64AVX2,
	}
	return gemmKernels[float64]{
		mr: 6, nr: 8, mc: 2040, nc: 192, kc: 256, packs: true, inPlace: true, anyHeight: true,
		pack:      packWith(4, packRowsF64AVX2, packColumnsF64AVX2),
		transpose: transposeWith(4, packColumnsF64AVX2),
		strip:     stripWith(8, strips[:]),
		dots:      dotsKernels[float64]{rows: 8, many: dotsF64AVX2, four: dots4xF64FMA, one: dots1xF64FMA}.with(&buffers64),
		axpys:     axpysWith(&buffers64, axpysF64AVX2),
	}
}

// stripKernel is a kernel in assembly for strips of a certain height, see any of
// them for what it does.
type stripKernel[T Float] func(cols, k int, alpha T, a, b, c *T, ldc int, accumulate bool,
	fromA *T, lda int, fromB *T, ldb int, soon *T, step, apart, leap, fetch int)

// stripWith chooses among kernels by height.
func stripWith[T Float](nr int, kernels []stripKernel[T]) func(*strip[T]) {
	return func(s *strip[T]) {
		_, _, _ = s.a[s.rows*s.k-1], s.b[roundUp(s.cols, nr)*s.k-1], s.c[(s.rows-1)*s.ldc+s.cols-1]
		var fromA, fromB *T
		if s.fromA != nil {
			_ = s.fromA[(s.rows-1)*s.lda+s.k-1]
			fromA = &s.fromA[0]
		}
		if s.fromB != nil {
			_ = s.fromB[(s.k-1)*s.ldb+s.cols-1]
			fromB = &s.fromB[0]
		}
		soon := s.soon
		if soon.at == nil {
			soon = lines[T]{at: &s.b[0]}
		}
		kernels[s.rows](s.cols, s.k, s.alpha, &s.a[0], &s.b[0], &s.c[0], s.ldc, s.accumulate,
			fromA, s.lda, fromB, s.ldb, soon.at, soon.step, soon.apart, soon.leap, soon.tiles)
	}
}
