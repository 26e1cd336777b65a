package asm

// kernels is one level's implementation of everything in this package. A level
// in assembly starts as a copy of generic and replaces what it has.
//
// The exported functions check lengths; kernels rely on equal lengths.
type kernels struct {
	level Level

	gemm32 gemmKernel[float32]
	gemm64 gemmKernel[float64]

	dot        func(x, y []float32) float32
	dot64      func(x, y []float64) float64
	dotWide    func(x, y []float32) float64
	sum        func(x []float32) float64
	sumSquares func(x []float32) float64
	maxAbs     func(x []float32) float32

	axpy   func(alpha float32, x, y []float32)
	axpy64 func(alpha float64, x, y []float64)
	scale  func(dst []float32, alpha float32, x []float32)
	add    func(dst, x, y []float32)
	sub    func(dst, x, y []float32)
	mul    func(dst, x, y []float32)

	exp      func(dst, x []float32)
	tanh     func(dst, x []float32)
	sigmoid  func(dst, x []float32)
	silu     func(dst, x []float32)
	gelu     func(dst, x []float32)
	geluTanh func(dst, x []float32)
	swiglu   func(dst, gate, up []float32)

	swigluGrad func(dGate, dUp, dy, gate, up []float32)

	expRow       func(dst, x []float32) (top float32, sum float64)
	softmaxRow   func(dst, x []float32)
	rmsNormRow   func(dst, x, w []float32, eps float32) float32
	layerNormRow func(dst, x, w, b []float32, eps float32) (mean, invStd float32)
	ropeRow      func(dst, x, cos, sin []float32)

	f16ToF32  func(dst []float32, src []uint16)
	f32ToF16  func(dst []uint16, src []float32)
	bf16ToF32 func(dst []float32, src []uint16)
	f32ToBF16 func(dst []uint16, src []float32)

	rowDots      func(rows, k int, w, x, y []float32)
	widen        func(f Format, dst []float32, src []byte)
	plainRows    func(f Format, rows, k int, w []byte, n int, x []float32, ldx int, y []float32, ldy int)
	bitmaskRows  func(f Format, rows, k int, mask, values, offsets []byte, n int, x []float32, ldx int, y []float32, ldy int)
	panels       *panelKernels // nil: there are none
	bitmaskWiden func(f Format, rows, k int, mask, values, offsets []byte, dst []float32)
	semiRows     func(f Format, rows, k int, indices, values []byte, n int, x []float32, ldx int, y []float32, ldy int)

	attendScores func(s []float32, scale float32, q, k []float32)
	attendSum    func(y, p, v []float32)

	peak peakLoops
}

// generic is the level in Go.
var generic = kernels{
	level:  Generic,
	gemm32: genericGemm[float32](),
	gemm64: genericGemm[float64](),

	dot:        dotGeneric[float32],
	dot64:      dotGeneric[float64],
	dotWide:    dotWideGeneric,
	sum:        sumGeneric,
	sumSquares: sumSquaresGeneric,
	maxAbs:     maxAbsGeneric,

	axpy:   axpyGeneric[float32],
	axpy64: axpyGeneric[float64],
	scale:  scaleGeneric,
	add:    addGeneric,
	sub:    subGeneric,
	mul:    mulGeneric,

	exp:      expGeneric,
	tanh:     tanhGeneric,
	sigmoid:  sigmoidGeneric,
	silu:     siluGeneric,
	gelu:     geluGeneric,
	geluTanh: geluTanhGeneric,
	swiglu:   swigluGeneric,

	swigluGrad: swigluGradGeneric,

	expRow:       expRowGeneric,
	softmaxRow:   softmaxRowGeneric,
	rmsNormRow:   rmsNormRowGeneric,
	layerNormRow: layerNormRowGeneric,
	ropeRow:      ropeRowGeneric,

	f16ToF32:  f16ToF32Generic,
	f32ToF16:  f32ToF16Generic,
	bf16ToF32: bf16ToF32Generic,
	f32ToBF16: f32ToBF16Generic,

	rowDots:      rowDotsGeneric,
	widen:        widenGeneric,
	plainRows:    plainRowsGeneric,
	bitmaskRows:  bitmaskRowsGeneric,
	bitmaskWiden: bitmaskWidenGeneric,
	semiRows:     semiRowsGeneric,

	attendScores: attendScoresByGemm,
	attendSum:    attendSumByGemm,

	peak: peakLoops{
		multiplyAdd32: multiplyAddGeneric[float32], elements32: genericRegisters,
		multiplyAdd64: multiplyAddGeneric[float64], elements64: genericRegisters,
		read: readGeneric,
	},
}
