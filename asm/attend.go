package asm

// attendKernels are the two products of one query's attention.
type attendKernels struct {
	scores func(s []float32, scale float32, q, k []float32)
	sum    func(y, p, v []float32)
}

// AttendScores multiplies keys by a query: s[i] = scale·Σ q[j]·k[i·d+j] with d = len(q), for all of s.
func AttendScores(s []float32, scale float32, q, k []float32) {
	if len(s) > 0 {
		current.Load().attend.scores(s, scale, q, k[:len(s)*len(q)])
	}
}

// AttendSum adds weighted values: y[j] += Σ p[i]·v[i·d+j] with d = len(y), over all of p.
func AttendSum(y, p, v []float32) {
	if len(p) > 0 && len(y) > 0 {
		current.Load().attend.sum(y, p, v[:len(p)*len(y)])
	}
}
