//go:build amd64 && !purego

package asm

var bitmaskAVX2 = [formats]bitmaskKernels{
	Float32:  {one: bitmaskF32x1AVX2, widen: bitmaskWidenF32AVX2, pairs: bitmaskPairsF32AVX2, four: bitmaskF32x4AVX2, reach: 32},
	Float16:  {one: bitmaskF16x1AVX2, widen: bitmaskWidenF16AVX2, pairs: bitmaskPairsF16AVX2, four: bitmaskF16x4AVX2, reach: 16},
	BFloat16: {one: bitmaskBF16x1AVX2, widen: bitmaskWidenBF16AVX2, pairs: bitmaskPairsBF16AVX2, four: bitmaskBF16x4AVX2, reach: 16},
}

func storedAVX2() storedKernels {
	plain := [formats]plainKernels{
		Float32:  {one: plainF32x1AVX2, quarters: quartersF32AVX2, four: plainF32x4AVX2, columns: 8},
		Float16:  {one: plainF16x1AVX2, quarters: quartersF16AVX2, four: plainF16x4AVX2, columns: 8},
		BFloat16: {one: plainBF16x1AVX2, quarters: quartersBF16AVX2, four: plainBF16x4AVX2, columns: 8},
	}
	semi := [formats]semiKernels{
		Float32:  {one: semiF32x1AVX2, four: semiF32x4AVX2, columns: 16},
		Float16:  {one: semiF16x1AVX2, four: semiF16x4AVX2, columns: 16},
		BFloat16: {one: semiBF16x1AVX2, four: semiBF16x4AVX2, columns: 16},
	}
	panels := panelKernels{
		lanes: 8, width: 64, transpose: transposeF32AVX2,
		mul: [formats]panelKernel{Float32: panelF32AVX2, Float16: panelF16AVX2, BFloat16: panelBF16AVX2},
	}
	return storedWith(plain, bitmaskAVX2, semi, panels)
}

// storedAVX512 takes no kernel that spreads 16-bit words (VBMI2) without expandWords.
func storedAVX512(expandWords bool) storedKernels {
	plain := [formats]plainKernels{
		Float32:  {one: plainF32x1AVX512, quarters: quartersF32AVX512, four: plainF32x4AVX512},
		Float16:  {one: plainF16x1AVX512, quarters: quartersF16AVX512, four: plainF16x4AVX512},
		BFloat16: {one: plainBF16x1AVX512, quarters: quartersBF16AVX512, four: plainBF16x4AVX512},
	}
	bitmask := [formats]bitmaskKernels{
		Float32:  {one: bitmaskF32x1AVX512, widen: bitmaskWidenF32AVX512, pairs: bitmaskPairsF32AVX512, narrowPairs: bitmaskPairsF32NarrowAVX512, narrowBelow: 0.35, four: bitmaskF32x4AVX512, reach: 64},
		Float16:  {one: bitmaskF16x1AVX512, widen: bitmaskWidenF16AVX512, pairs: bitmaskPairsF16AVX512, narrowPairs: bitmaskPairsF16NarrowAVX512, narrowBelow: 0.4, four: bitmaskF16x4AVX512, reach: 64},
		BFloat16: {one: bitmaskBF16x1AVX512, widen: bitmaskWidenBF16AVX512, pairs: bitmaskPairsBF16AVX512, narrowPairs: bitmaskPairsBF16NarrowAVX512, narrowBelow: 0.4, four: bitmaskBF16x4AVX512, reach: 64, unzip: unzipF32AVX512},
	}
	if !expandWords {
		bitmask[Float16], bitmask[BFloat16] = bitmaskAVX2[Float16], bitmaskAVX2[BFloat16]
	}
	semi := [formats]semiKernels{
		Float32:  {one: semiF32x1AVX512, four: semiF32x4AVX512},
		Float16:  {one: semiF16x1AVX512, four: semiF16x4AVX512},
		BFloat16: {one: semiBF16x1AVX512, four: semiBF16x4AVX512},
	}
	panels := panelKernels{
		lanes: 16, width: 128, transpose: transposeF32AVX512,
		mul: [formats]panelKernel{Float32: panelF32AVX512, Float16: panelF16AVX512, BFloat16: panelBF16AVX512},
	}
	return storedWith(plain, bitmask, semi, panels)
}
