//go:build amd64 && !purego

package asm

//go:generate go -C _gen run ./packed -out ../packed_amd64.s -stubs ../packed_stubs_amd64.go -pkg asm

var bitmaskAVX2 = [formats]bitmaskKernels{
	Float32:  {one: bitmaskF32x1AVX2, pairs: bitmaskPairsF32AVX2, four: bitmaskF32x4AVX2, reach: 32},
	Float16:  {one: bitmaskF16x1AVX2, pairs: bitmaskPairsF16AVX2, four: bitmaskF16x4AVX2, reach: 16},
	BFloat16: {one: bitmaskBF16x1AVX2, pairs: bitmaskPairsBF16AVX2, four: bitmaskBF16x4AVX2, reach: 16},
}

// storedAVX2 adds the products with stored weights to the level.
func storedAVX2(k *kernels) {
	plain := [formats]plainKernels{
		Float32:  {one: plainF32x1AVX2, halves: halvesF32AVX2, four: plainF32x4AVX2, columns: 8},
		Float16:  {one: plainF16x1AVX2, halves: halvesF16AVX2, four: plainF16x4AVX2, columns: 8},
		BFloat16: {one: plainBF16x1AVX2, halves: halvesBF16AVX2, four: plainBF16x4AVX2, columns: 8},
	}
	k.plainRows = plainRowsWith(plain)
	k.rowDots = rowDotsWith(plain[Float32])
	k.bitmaskRows = bitmaskRowsWith(bitmaskAVX2)
	k.semiRows = semiRowsWith([formats]semiKernels{
		Float32:  {one: semiF32x1AVX2, four: semiF32x4AVX2, columns: 16},
		Float16:  {one: semiF16x1AVX2, four: semiF16x4AVX2, columns: 16},
		BFloat16: {one: semiBF16x1AVX2, four: semiBF16x4AVX2, columns: 16},
	})
	k.panels = &panelKernels{lanes: 8, transpose: transposeF32AVX2, tiles: []panelTileKernel{
		{width: 64, mul: [formats]panelKernel{Float32: panelF32x8AVX2, Float16: panelF16x8AVX2, BFloat16: panelBF16x8AVX2}},
		{width: 32, mul: [formats]panelKernel{Float32: panelF32x4AVX2, Float16: panelF16x4AVX2, BFloat16: panelBF16x4AVX2}},
		{width: 16, mul: [formats]panelKernel{Float32: panelF32x2AVX2, Float16: panelF16x2AVX2, BFloat16: panelBF16x2AVX2}},
		{width: 8, mul: [formats]panelKernel{Float32: panelF32x1AVX2, Float16: panelF16x1AVX2, BFloat16: panelBF16x1AVX2}},
	}}
}

// storedAVX512 adds the products with stored weights to the level.
func storedAVX512(k *kernels) {
	plain := [formats]plainKernels{
		Float32:  {one: plainF32x1AVX512, halves: halvesF32AVX512, four: plainF32x4AVX512},
		Float16:  {one: plainF16x1AVX512, halves: halvesF16AVX512, four: plainF16x4AVX512},
		BFloat16: {one: plainBF16x1AVX512, halves: halvesBF16AVX512, four: plainBF16x4AVX512},
	}
	k.plainRows = plainRowsWith(plain)
	k.rowDots = rowDotsWith(plain[Float32])
	bitmask := [formats]bitmaskKernels{
		Float32:  {one: bitmaskF32x1AVX512, pairs: bitmaskPairsF32AVX512, narrowPairs: bitmaskPairsF32NarrowAVX512, narrowBelow: 0.35, four: bitmaskF32x4AVX512, reach: 64},
		Float16:  {one: bitmaskF16x1AVX512, pairs: bitmaskPairsF16AVX512, narrowPairs: bitmaskPairsF16NarrowAVX512, narrowBelow: 0.4, four: bitmaskF16x4AVX512, reach: 64},
		BFloat16: {one: bitmaskBF16x1AVX512, pairs: bitmaskPairsBF16AVX512, narrowPairs: bitmaskPairsBF16NarrowAVX512, narrowBelow: 0.4, four: bitmaskBF16x4AVX512, reach: 64, unzip: unzipF32AVX512},
	}
	if !hasExpandWords() {
		bitmask[Float16], bitmask[BFloat16] = bitmaskAVX2[Float16], bitmaskAVX2[BFloat16]
	}
	k.bitmaskRows = bitmaskRowsWith(bitmask)
	k.semiRows = semiRowsWith([formats]semiKernels{
		Float32:  {one: semiF32x1AVX512, four: semiF32x4AVX512},
		Float16:  {one: semiF16x1AVX512, four: semiF16x4AVX512},
		BFloat16: {one: semiBF16x1AVX512, four: semiBF16x4AVX512},
	})
	k.panels = &panelKernels{lanes: 16, transpose: transposeF32AVX512, tiles: []panelTileKernel{
		{width: 128, mul: [formats]panelKernel{Float32: panelF32x8AVX512, Float16: panelF16x8AVX512, BFloat16: panelBF16x8AVX512}},
		{width: 64, mul: [formats]panelKernel{Float32: panelF32x4AVX512, Float16: panelF16x4AVX512, BFloat16: panelBF16x4AVX512}},
		{width: 32, mul: [formats]panelKernel{Float32: panelF32x2AVX512, Float16: panelF16x2AVX512, BFloat16: panelBF16x2AVX512}},
		{width: 16, mul: [formats]panelKernel{Float32: panelF32x1AVX512, Float16: panelF16x1AVX512, BFloat16: panelBF16x1AVX512}},
	}}
}
