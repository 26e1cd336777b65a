package asm

// AttendScores multiplies keys by a query: s[i] = scale·Σ q[j]·k[i·d+j] with d = len(q), for all of s.
func AttendScores(s []float32, scale float32, q, k []float32) {
	n, d := len(s), len(q)
	if n == 0 {
		return
	}
	k = k[:n*d]
	if d > 0 && attendScores(s, scale, q, k) {
		return
	}
	Gemm(false, true, 1, n, d, scale, q, d, k, d, 0, s, n)
}

// AttendSum adds weighted values: y[j] += Σ p[i]·v[i·d+j] with d = len(y), over all of p.
func AttendSum(y, p, v []float32) {
	n, d := len(p), len(y)
	if n == 0 || d == 0 {
		return
	}
	v = v[:n*d]
	if done := attendSum(y, p, v); done < d {
		Gemm(false, false, 1, d-done, n, 1, p, n, v[done:], d, 1, y[done:], d)
	}
}
