//go:build amd64 && !purego

package asm

// The programs that write the assembly are a module of their own, so that this
// one does not depend on them.
//go:generate go -C _gen run ./gemm -out ../gemm_amd64.s -stubs ../gemm_stubs_amd64.go -pkg asm
//go:generate go -C _gen run ./pack -out ../gemm_pack_amd64.s -stubs ../gemm_pack_stubs_amd64.go -pkg asm
//go:generate go -C _gen run ./gemv -out ../gemm_gemv_amd64.s -stubs ../gemm_gemv_stubs_amd64.go -pkg asm
//go:generate go -C _gen run ./vector -out ../vector_amd64.s -stubs ../vector_stubs_amd64.go -pkg asm
//go:generate go -C _gen run ./activation -out ../activation_amd64.s -stubs ../activation_stubs_amd64.go -pkg asm
//go:generate go -C _gen run ./row -out ../row_amd64.s -stubs ../row_stubs_amd64.go -pkg asm
//go:generate go -C _gen run ./convert -out ../convert_amd64.s -stubs ../convert_stubs_amd64.go -pkg asm
//go:generate go -C _gen run ./stored -out ../stored_amd64.s -stubs ../stored_stubs_amd64.go -pkg asm
//go:generate go -C _gen run ./attend -out ../attend_amd64.s -stubs ../attend_stubs_amd64.go -pkg asm
//go:generate go -C _gen run ./peak -out ../peak_amd64.s -stubs ../peak_stubs_amd64.go -pkg asm

// compiledLevels lists the levels in assembly that this build contains, slowest
// first.
var compiledLevels = []*kernels{
	{
		level:      AVX2,
		gemm32:     gemm32AVX2(),
		gemm64:     gemm64AVX2(),
		vector:     vectorAVX2,
		activation: activationAVX2,
		row:        rowAVX2.kernels(),
		convert:    convertAVX2,
		stored:     storedAVX2(),
		attend:     attendByGemm,
		peak:       peakAVX2,
	},
	kernelsAVX512(AVX512NoVBMI2, false),
	kernelsAVX512(AVX512, hasExpandWords()),
}

func kernelsAVX512(level Level, expandWords bool) *kernels {
	return &kernels{
		level:      level,
		gemm32:     gemm32AVX512(),
		gemm64:     gemm64AVX512(),
		vector:     vectorAVX512,
		activation: activationAVX512,
		row:        rowAVX512.kernels(),
		convert:    convertAVX512,
		stored:     storedAVX512(expandWords),
		attend:     attendAVX512,
		peak:       peakAVX512,
	}
}
