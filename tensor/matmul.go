package tensor

import (
	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/internal/parallel"
)

// MatMul returns a·b for a [m, k] and b [k, n].
func MatMul(a, b *Tensor) *Tensor {
	m, n, _ := productShape("MatMul", false, false, a, b)
	dst := New(m, n)
	product("MatMul", false, false, 0, dst, a, b)
	return dst
}

// MatMulNT returns a·bᵀ for a [m, k] and b [n, k]: what a linear layer with
// weights [out, in] does to activations [tokens, in].
func MatMulNT(a, b *Tensor) *Tensor {
	m, n, _ := productShape("MatMulNT", false, true, a, b)
	dst := New(m, n)
	product("MatMulNT", false, true, 0, dst, a, b)
	return dst
}

// MatMulTN returns aᵀ·b for a [k, m] and b [k, n].
func MatMulTN(a, b *Tensor) *Tensor {
	m, n, _ := productShape("MatMulTN", true, false, a, b)
	dst := New(m, n)
	product("MatMulTN", true, false, 0, dst, a, b)
	return dst
}

// MatMulInto sets dst [m, n] = a·b. dst must not share storage with a or b.
func MatMulInto(dst, a, b *Tensor) { product("MatMulInto", false, false, 0, dst, a, b) }

// MatMulNTInto sets dst [m, n] = a·bᵀ. dst must not share storage with a or b.
func MatMulNTInto(dst, a, b *Tensor) { product("MatMulNTInto", false, true, 0, dst, a, b) }

// MatMulTNInto sets dst [m, n] = aᵀ·b. dst must not share storage with a or b.
func MatMulTNInto(dst, a, b *Tensor) { product("MatMulTNInto", true, false, 0, dst, a, b) }

// MatMulAdd adds a·b to dst [m, n]. dst must not share storage with a or b.
func MatMulAdd(dst, a, b *Tensor) { product("MatMulAdd", false, false, 1, dst, a, b) }

// MatMulNTAdd adds a·bᵀ to dst [m, n]. dst must not share storage with a or b.
func MatMulNTAdd(dst, a, b *Tensor) { product("MatMulNTAdd", false, true, 1, dst, a, b) }

// MatMulTNAdd adds aᵀ·b to dst [m, n]. dst must not share storage with a or b.
func MatMulTNAdd(dst, a, b *Tensor) { product("MatMulTNAdd", true, false, 1, dst, a, b) }

// productShape returns the sizes of op(a) [m, k] times op(b) [k, n].
func productShape(op string, transA, transB bool, a, b *Tensor) (m, n, k int) {
	CheckShape(op, a, AnyDim, AnyDim)
	m, k = a.shape[0], a.shape[1]
	if transA {
		m, k = k, m
	}
	if transB {
		CheckShape(op, b, AnyDim, k)
		return m, b.shape[0], k
	}
	CheckShape(op, b, k, AnyDim)
	return m, b.shape[1], k
}

func product(op string, transA, transB bool, beta float32, dst, a, b *Tensor) {
	m, n, k := productShape(op, transA, transB, a, b)
	CheckShape(op, dst, m, n)
	lda, ldb := a.shape[1], b.shape[1]
	parallel.For(m, max(1, 1<<16/max(1, n*k)), func(lo, hi int) {
		rows := a.data
		if transA {
			rows = rows[lo:]
		} else {
			rows = rows[lo*lda:]
		}
		asm.Gemm(transA, transB, hi-lo, n, k, 1, rows, lda, b.data, ldb, beta, dst.data[lo*n:], n)
	})
}

// Gram returns xᵀ·x [c, c] for x [n, c]. The result is exactly symmetric.
func Gram(x *Tensor) *Tensor {
	return MatMulTN(x, x)
}

// Transpose returns a copy of the matrix x [n, c] as [c, n].
func Transpose(x *Tensor) *Tensor {
	CheckShape("Transpose", x, AnyDim, AnyDim)
	n, c := x.shape[0], x.shape[1]
	dst := New(c, n)
	for i := range n {
		for j, v := range x.data[i*c : (i+1)*c] {
			dst.data[j*n+i] = v
		}
	}
	return dst
}
