//go:build amd64 && !purego

package asm

var (
	convertAVX2 = convertKernels{
		widen:  [formats]func([]float32, []byte){copyFloats, widenWhole(8, widenF16AVX2, widenF16Generic), widenWhole(8, widenBF16AVX2, widenBF16Generic)},
		narrow: [formats]func([]byte, []float32){copyBytes, narrowWhole(8, narrowF16AVX2, narrowF16Generic), narrowWhole(8, narrowBF16AVX2, narrowBF16Generic)},
	}

	convertAVX512 = convertKernels{
		widen:  [formats]func([]float32, []byte){copyFloats, widenWith(widenF16AVX512), widenWith(widenBF16AVX512)},
		narrow: [formats]func([]byte, []float32){copyBytes, narrowWith(narrowF16AVX512), narrowWith(narrowBF16AVX512)},
	}
)

// widenWhole uses a kernel for multiples of lanes elements, and one in Go for the few behind them.
func widenWhole(lanes int, f func(dst *float32, src *byte, n int), rest func(dst []float32, src []byte)) func(dst []float32, src []byte) {
	return func(dst []float32, src []byte) {
		whole := len(dst) - len(dst)%lanes
		f(first(dst), first(src), whole)
		rest(dst[whole:], src[2*whole:])
	}
}

// narrowWhole does the same the other way round.
func narrowWhole(lanes int, f func(dst *byte, src *float32, n int), rest func(dst []byte, src []float32)) func(dst []byte, src []float32) {
	return func(dst []byte, src []float32) {
		whole := len(src) - len(src)%lanes
		f(first(dst), first(src), whole)
		rest(dst[2*whole:], src[whole:])
	}
}
