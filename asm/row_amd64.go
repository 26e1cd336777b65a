//go:build amd64 && !purego

package asm

var (
	rowAVX2 = rowParts{
		lanes: 8, maximum: maximumF32AVX2, expShifted: expShiftedF32AVX2, scale: scaleF32AVX2,
		scaleMul: scaleMulF32AVX2, dotWide: dotWideF32AVX2, sumWide: sumWideF32AVX2,
		deviation: deviationF32AVX2, normalize: normalizeF32AVX2, withBias: normalizeBiasF32AVX2, rope: ropeF32AVX2,
	}

	rowAVX512 = rowParts{
		lanes: 16, maximum: maximumF32AVX512, expShifted: expShiftedF32AVX512, scale: scaleF32AVX512,
		scaleMul: scaleMulF32AVX512, dotWide: dotWideF32AVX512, sumWide: sumWideF32AVX512,
		deviation: deviationF32AVX512, normalize: normalizeF32AVX512, withBias: normalizeBiasF32AVX512, rope: ropeF32AVX512,
	}
)
