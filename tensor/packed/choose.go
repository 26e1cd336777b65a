package packed

import "github.com/adagp/adagp/tensor"

// Choose packs the weights [out, in] of type d in dense, which it may keep, in the smallest of the
// layouts, but leaves them as they are when that saves less than the products would lose.
func Choose(d tensor.DType, out, in int, dense []byte) Matrix {
	plain := &Plain{shape: mustShape("Choose", d, out, in, dense), data: dense}
	if out*in == 0 {
		return plain
	}
	var best Matrix = plain
	if b := PackBitmask(d, out, in, dense); b.Sparsity() >= BreakEven(d) && b.Bytes() < best.Bytes() {
		best = b
	}
	if s, ok := PackSemi(d, out, in, dense); ok && s.Bytes() < best.Bytes() {
		best = s
	}
	return best
}

// BreakEven returns the share of zeros from which on a product of one token with [Bitmask] takes no
// longer than with [Plain] for weights of type d, as measured on AVX-512, see docs/performance.md.
func BreakEven(d tensor.DType) float64 {
	if d == tensor.F32 {
		return 0.3
	}
	return 0.25
}
