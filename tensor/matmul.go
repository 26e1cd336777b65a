package tensor

import (
	"math"

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
	checkDisjoint(op, dst, a, b)
	if m == 1 && transB && !transA && beta == 0 {
		multiplyRow(dst, a, b)
		return
	}
	g := newGrid(m, n, k, parallel.Threads())
	parallel.For(g.rows*g.cols, 1, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			r := g.tile(i)
			asm.Gemm(1, a.matrix(transA).Part(r.i, 0, r.m, k), b.matrix(transB).Part(0, r.j, k, r.n),
				beta, dst.matrix(false).Part(r.i, r.j, r.m, r.n))
		}
	})
}

// matrix returns the elements of a tensor [rows, cols] for the kernels, or the transpose.
func (t *Tensor) matrix(transposed bool) *asm.Matrix[float32] {
	m := asm.MatrixOf(t.data, t.shape[0], t.shape[1], t.shape[1])
	if transposed {
		return m.T()
	}
	return m
}

// checkDisjoint catches the plainest case of a destination that is an operand.
func checkDisjoint(op string, dst, a, b *Tensor) {
	if len(dst.data) == 0 {
		return
	}
	for _, x := range []*Tensor{a, b} {
		if len(x.data) > 0 && &x.data[0] == &dst.data[0] {
			panic(&ShapeError{Op: op, Got: dst.Shape(), Msg: "destination shares storage with an operand"})
		}
	}
}

// Gram returns xᵀ·x [c, c] for x [n, c]. The result is exactly symmetric; half
// of it is computed, the rest copied.
func Gram(x *Tensor) *Tensor {
	CheckShape("Gram", x, AnyDim, AnyDim)
	dst := New(x.shape[1], x.shape[1])
	GramInto(dst, x)
	return dst
}

// GramInto sets dst [c, c] = xᵀ·x for x [n, c]. dst must not share storage with
// x.
func GramInto(dst, x *Tensor) {
	CheckShape("Gram", x, AnyDim, AnyDim)
	n, c := x.shape[0], x.shape[1]
	CheckShape("Gram", dst, c, c)
	checkDisjoint("Gram", dst, x, x)

	if c == 0 {
		return
	}
	// Strips of the lower triangle, of about the same area: one per thread, or two
	// where they are high enough. All of them pack what lies left of their diagonal.
	strips := parallel.Threads()
	if strips > 1 {
		if c >= 2*strips*gramStripHigh {
			strips *= 2
		}
		strips = max(1, min(strips, c/gramStrip, c*c*n/2/minTileWork))
	}
	start := func(s int) int {
		return min(c, roundUp(int(float64(c)*math.Sqrt(float64(s)/float64(strips))), tileUnit/6))
	}
	parallel.For(strips, 1, func(lo, hi int) {
		for s := lo; s < hi; s++ {
			asm.GramRows(start(s), start(s+1), x.matrix(false), false, dst.matrix(false))
		}
	})
	blocks := (c + gramStrip - 1) / gramStrip
	parallel.For(blocks, 1+minTileWork/(gramStrip*c), func(lo, hi int) {
		asm.MirrorLower(lo*gramStrip, min(c, hi*gramStrip), dst.matrix(false))
	})
}

// Transpose returns a copy of the matrix x [n, c] as [c, n].
func Transpose(x *Tensor) *Tensor {
	CheckShape("Transpose", x, AnyDim, AnyDim)
	dst := New(x.shape[1], x.shape[0])
	TransposeInto(dst, x)
	return dst
}

// TransposeInto sets dst [c, n] to the transpose of x [n, c]. dst must not share storage with x.
func TransposeInto(dst, x *Tensor) {
	CheckShape("Transpose", x, AnyDim, AnyDim)
	n, c := x.shape[0], x.shape[1]
	CheckShape("Transpose", dst, c, n)
	checkDisjoint("Transpose", dst, x, x)
	parallel.For(n, rowGrain(c), func(lo, hi int) {
		if c > 0 {
			asm.Transpose(dst.matrix(false).Part(0, lo, c, hi-lo), x.matrix(false).Part(lo, 0, hi-lo, c))
		}
	})
}
