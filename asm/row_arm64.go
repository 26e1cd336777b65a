//go:build arm64 && !purego

package asm

var rowNEON = rowParts{
	lanes: 4, maximum: maximumF32NEON, expShifted: expShiftedF32NEON, scale: scaleF32NEON,
	scaleMul: scaleMulF32NEON, dotWide: dotWideF32NEON, sumWide: sumWideF32NEON,
	deviation: deviationF32NEON, normalize: normalizeF32NEON, withBias: normalizeBiasF32NEON, rope: ropeF32NEON,
}
