//go:build arm64 && !purego

package asm

// The multiply-add of NEON adds to its destination, so the loops add a·b to
// their elements instead of multiplying them; that takes the same time.
var peakNEON = peakLoops{
	multiplyAdd32: multiplyAddF32NEON, elements32: 24 * 4,
	multiplyAdd64: multiplyAddF64NEON, elements64: 24 * 2,
	read: readWith(readF32NEON),
}

func peakLoopsOf(l Level) *peakLoops {
	if l == NEON {
		return &peakNEON
	}
	return &peakGeneric
}
