//go:build amd64 && !purego

package asm

// The block of B, 512 KiB, is meant for a second-level cache of 1 MiB, for one of
// 512 KiB with AVX2, where it takes 384; the panels of A, 4 MiB, for the third
// level.

func gemm32AVX512() gemmKernel[float32] {
	tiles := [...]func(k int, alpha float32, a, b, c *float32, ldc, cols int, accumulate bool, soon *float32, step, apart int){
		1: tile1x32F32AVX512, tile2x32F32AVX512, tile3x32F32AVX512, tile4x32F32AVX512, tile5x32F32AVX512,
		tile6x32F32AVX512, tile7x32F32AVX512, tile8x32F32AVX512, tile9x32F32AVX512, tile10x32F32AVX512,
		tile11x32F32AVX512, tile12x32F32AVX512, tile13x32F32AVX512,
	}
	return gemmKernel[float32]{
		mr: 13, nr: 32, mc: 2080, nc: 256, kc: 512, anyHeight: true, anyWidth: true,
		pack:      packWith(16, packRowsF32AVX512, packColumnsF32AVX512),
		transpose: transposeWith(16, packColumnsF32AVX512),
		tile: func(rows, cols, k int, alpha float32, a, b, c []float32, ldc int, accumulate bool, soon lines[float32]) {
			_, _, _ = a[rows*k-1], b[32*k-1], c[(rows-1)*ldc+cols-1]
			if soon.at == nil {
				soon.at = &b[0]
			}
			tiles[rows](k, alpha, &a[0], &b[0], &c[0], ldc, cols, accumulate, soon.at, soon.step, soon.apart)
		},
		dots:  dotsKernels[float32]{rows: 32, many: dotsF32AVX512, four: dots4xF32FMA, one: dots1xF32FMA}.with(&buffers32),
		axpys: axpysWith(&buffers32, axpysF32AVX512),
	}
}

func gemm64AVX512() gemmKernel[float64] {
	tiles := [...]func(k int, alpha float64, a, b, c *float64, ldc, cols int, accumulate bool, soon *float64, step, apart int){
		1: tile1x16F64AVX512, tile2x16F64AVX512, tile3x16F64AVX512, tile4x16F64AVX512, tile5x16F64AVX512,
		tile6x16F64AVX512, tile7x16F64AVX512, tile8x16F64AVX512, tile9x16F64AVX512, tile10x16F64AVX512,
		tile11x16F64AVX512, tile12x16F64AVX512, tile13x16F64AVX512,
	}
	return gemmKernel[float64]{
		mr: 13, nr: 16, mc: 2080, nc: 256, kc: 256, anyHeight: true, anyWidth: true,
		pack:      packWith(8, packRowsF64AVX512, packColumnsF64AVX512),
		transpose: transposeWith(8, packColumnsF64AVX512),
		tile: func(rows, cols, k int, alpha float64, a, b, c []float64, ldc int, accumulate bool, soon lines[float64]) {
			_, _, _ = a[rows*k-1], b[16*k-1], c[(rows-1)*ldc+cols-1]
			if soon.at == nil {
				soon.at = &b[0]
			}
			tiles[rows](k, alpha, &a[0], &b[0], &c[0], ldc, cols, accumulate, soon.at, soon.step, soon.apart)
		},
		dots:  dotsKernels[float64]{rows: 16, many: dotsF64AVX512, four: dots4xF64FMA, one: dots1xF64FMA}.with(&buffers64),
		axpys: axpysWith(&buffers64, axpysF64AVX512),
	}
}

func gemm32AVX2() gemmKernel[float32] {
	tiles := [...]func(k int, alpha float32, a, b, c *float32, ldc int, accumulate bool, soon *float32, step, apart int){
		1: tile1x16F32AVX2, tile2x16F32AVX2, tile3x16F32AVX2, tile4x16F32AVX2, tile5x16F32AVX2, tile6x16F32AVX2,
	}
	return gemmKernel[float32]{
		mr: 6, nr: 16, mc: 2040, nc: 192, kc: 512, anyHeight: true,
		pack:      packWith(8, packRowsF32AVX2, packColumnsF32AVX2),
		transpose: transposeWith(8, packColumnsF32AVX2),
		tile: func(rows, cols, k int, alpha float32, a, b, c []float32, ldc int, accumulate bool, soon lines[float32]) {
			_, _, _ = a[rows*k-1], b[16*k-1], c[(rows-1)*ldc+15]
			if soon.at == nil {
				soon.at = &b[0]
			}
			tiles[rows](k, alpha, &a[0], &b[0], &c[0], ldc, accumulate, soon.at, soon.step, soon.apart)
		},
		dots:  dotsKernels[float32]{rows: 16, many: dotsF32AVX2, four: dots4xF32FMA, one: dots1xF32FMA}.with(&buffers32),
		axpys: axpysWith(&buffers32, axpysF32AVX2),
	}
}

func gemm64AVX2() gemmKernel[float64] {
	tiles := [...]func(k int, alpha float64, a, b, c *float64, ldc int, accumulate bool, soon *float64, step, apart int){
		1: tile1x8F64AVX2, tile2x8F64AVX2, tile3x8F64AVX2, tile4x8F64AVX2, tile5x8F64AVX2, tile6x8F64AVX2,
	}
	return gemmKernel[float64]{
		mr: 6, nr: 8, mc: 2040, nc: 192, kc: 256, anyHeight: true,
		pack:      packWith(4, packRowsF64AVX2, packColumnsF64AVX2),
		transpose: transposeWith(4, packColumnsF64AVX2),
		tile: func(rows, cols, k int, alpha float64, a, b, c []float64, ldc int, accumulate bool, soon lines[float64]) {
			_, _, _ = a[rows*k-1], b[8*k-1], c[(rows-1)*ldc+7]
			if soon.at == nil {
				soon.at = &b[0]
			}
			tiles[rows](k, alpha, &a[0], &b[0], &c[0], ldc, accumulate, soon.at, soon.step, soon.apart)
		},
		dots:  dotsKernels[float64]{rows: 8, many: dotsF64AVX2, four: dots4xF64FMA, one: dots1xF64FMA}.with(&buffers64),
		axpys: axpysWith(&buffers64, axpysF64AVX2),
	}
}
