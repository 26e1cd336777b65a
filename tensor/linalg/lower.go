package linalg

import "github.com/adagp/adagp/internal/parallel"

// stripRows is the height of the strips in which lower triangles are computed. Each strip reaches from
// the first column to the end of its square on the diagonal: tall enough for packing to cost little,
// low enough that the half of those squares that is not needed does.
const stripRows = 128

// inStrips calls body for the strips of an n × n lower triangle, in parallel: rows i to i+rows and
// columns 0 to i+rows. The long strips come first, which leaves the small ones to even out the end.
func inStrips(n int, body func(i, rows int)) {
	strips := (n + stripRows - 1) / stripRows
	parallel.For(strips, 1, func(lo, hi int) {
		for s := lo; s < hi; s++ {
			i := (strips - 1 - s) * stripRows
			body(i, min(stripRows, n-i))
		}
	})
}

// mulNTLower sets the lower triangle of c [n, n] to alpha·a·bᵀ + beta·c, for a and b [n, k] with
// leading dimension ld. It also writes to the upper halves of the squares on the diagonal.
func mulNTLower(c []float64, n, ldc int, alpha float64, a, b []float64, k, ld int, beta float64) {
	inStrips(n, func(i, rows int) {
		gemm(false, true, rows, i+rows, k, alpha, a[i*ld:], ld, b, ld, beta, c[i*ldc:], ldc)
	})
}
