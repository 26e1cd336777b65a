//go:build arm64 && !purego

package asm

var convertNEON = convertKernels{
	widen:  [formats]func([]float32, []byte){copyFloats, widenWith(widenF16NEON), widenWith(widenBF16NEON)},
	narrow: [formats]func([]byte, []float32){copyBytes, narrowWith(narrowF16NEON), narrowWith(narrowBF16NEON)},
}
