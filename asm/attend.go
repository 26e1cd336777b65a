package asm

// AttendScores multiplies keys by a query: s[i] = scale·Σ q[j]·k[i·d+j] with d = len(q), for all of s.
func AttendScores(s []float32, scale float32, q, k []float32) {
	if len(s) > 0 {
		current.Load().attendScores(s, scale, q, k[:len(s)*len(q)])
	}
}

// AttendSum adds weighted values: y[j] += Σ p[i]·v[i·d+j] with d = len(y), over all of p.
func AttendSum(y, p, v []float32) {
	if len(p) > 0 && len(y) > 0 {
		current.Load().attendSum(y, p, v[:len(p)*len(y)])
	}
}

// attendScoresByGemm is the product of a matrix and a vector, whatever the level's product is.
func attendScoresByGemm(s []float32, scale float32, q, k []float32) {
	n, d := len(s), len(q)
	Gemm(false, true, 1, n, d, scale, q, d, k, d, 0, s, n)
}

// attendSumByGemm is the product of a vector and a matrix, whatever the level's product is.
func attendSumByGemm(y, p, v []float32) { attendColumnsByGemm(0, y, p, v) }

// attendColumnsByGemm does what attendSumByGemm does, from a column on.
func attendColumnsByGemm(from int, y, p, v []float32) {
	n, d := len(p), len(y)
	if from < d {
		Gemm(false, false, 1, d-from, n, 1, p, n, v[from:], d, 1, y[from:], d)
	}
}
