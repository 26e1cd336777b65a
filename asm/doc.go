// Package asm holds the arithmetic kernels: float32 (and some float64) routines
// on plain slices that everything else is built from.
//
// # Levels
//
// Every kernel has a body in Go, the level [Generic], which is compiled into
// every build. Other levels replace some of the kernels by assembly for a family
// of instructions. The best usable level is chosen when the program starts;
// [SetLevel] changes it, for tests, measurements and the command line. The build
// tag purego leaves only Generic.
//
// # Contract
//
// Lengths. The operand named first after the destination (x as a rule) decides
// how many elements are processed. Every other slice must be at least as long,
// otherwise the call panics as an index out of range does; elements beyond are
// neither read nor written. Length 0 is allowed everywhere and does nothing.
//
// Aliasing. A destination may be the very same slice as an operand (in place)
// but must not overlap one otherwise. [Gemm] is stricter: C must not overlap A
// or B at all.
//
// Tails. Any length and any alignment is right: a kernel never reads or writes
// outside the given slices, and an element's value does not depend on its
// position in the slice, except through the order of a sum.
//
// Sums. The order of summation is fixed by the length of the vector (by k for
// Gemm) and by the level, nothing else: not by alignment, by threads, or by how
// a matrix is cut into calls. Functions that return float64 add in float64.
// Levels may differ from each other by rounding, as AVX2, AVX512 and NEON fuse
// multiply-adds and add in other orders. Sums and products on Generic give the
// same bits on every machine.
//
// Accuracy. With u = 2⁻²⁴ for float32 and 2⁻⁵³ for float64, a sum of k products
// is off by at most k·u·Σ|x[i]·y[i]| to first order ([Dot], [Gemm]); in
// practice far less, as long sums are added blockwise. [Exp], [Sigmoid],
// [Tanh], [SiLU], [GELU] and [GELUTanh] are within 3 units in the last place of
// the exact value ([SwiGLU] 6), save for results below 10⁻³⁰ in magnitude, which
// may be off by 10⁻³⁵. Conversions between formats are exact or correctly
// rounded.
//
// Special values. NaN in an operand gives NaN in every result that depends on
// it, infinities follow IEEE arithmetic. Nothing panics or raises flags.
//
// Concurrency. A call runs on the calling goroutine and calls on disjoint
// destinations may run at the same time. The package starts no goroutines.
package asm
