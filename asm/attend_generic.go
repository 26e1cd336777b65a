package asm

// attendByGemm has the level's own matrix products do the work. In assembly they are fast enough for one query
// except where attendKernels has bodies of its own.
var attendByGemm = attendKernels{scores: attendScoresByGemm, sum: attendSumByGemm}

// attendScoresByGemm is the product of a matrix and a vector, whatever the level's product is.
func attendScoresByGemm(s []float32, scale float32, q, k []float32) {
	n, d := len(s), len(q)
	Gemm(scale, MatrixOf(q, 1, d, d), MatrixOf(k, n, d, d).T(), 0, MatrixOf(s, 1, n, n))
}

// attendSumByGemm is the product of a vector and a matrix, whatever the level's product is.
func attendSumByGemm(y, p, v []float32) { attendColumnsByGemm(0, y, p, v) }

// attendColumnsByGemm does what attendSumByGemm does, from a column on.
func attendColumnsByGemm(from int, y, p, v []float32) {
	n, d := len(p), len(y)
	if from < d {
		Gemm(1, MatrixOf(p, 1, n, n), MatrixOf(v[from:], n, d-from, d), 1, MatrixOf(y[from:], 1, d-from, d-from))
	}
}
