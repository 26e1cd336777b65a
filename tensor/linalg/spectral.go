package linalg

// FromEigen sets dst [n, n] to V·diag(values)·Vᵀ, exactly symmetric, for vectors V [n, n] as
// [SymEigen] returns them: a function of a symmetric matrix is that function of its eigenvalues.
// scratch [n, n] is overwritten; nothing is allocated. dst, scratch and vectors must not share
// storage. It takes n³ multiplications, half of a general product.
func FromEigen(dst, scratch, vectors *Matrix, values []float64) {
	n := vectors.square("FromEigen")
	dst.shape("FromEigen", n, n)
	scratch.shape("FromEigen", n, n)
	FromSlice(values, 1, len(values)).shape("FromEigen", 1, n)
	for i := range n {
		scaled := scratch.Row(i)
		for j, x := range vectors.Row(i) {
			scaled[j] = x * values[j]
		}
	}
	mulNTTriangle(false, dst.Data, n, n, 1, scratch.Data, vectors.Data, n, n, 0)
	dst.mirrorLower()
}
