package tensor

import (
	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/internal/parallel"
)

// elementGrain is the fewest elements worth a thread of their own: 64 KiB, some
// ten microseconds of memory traffic against about one for the hand-out.
const elementGrain = 1 << 14

// Add returns a + b.
func Add(a, b *Tensor) *Tensor { return into(AddInto, a, b) }

// Sub returns a - b.
func Sub(a, b *Tensor) *Tensor { return into(SubInto, a, b) }

// Mul returns the elementwise product a ⊙ b.
func Mul(a, b *Tensor) *Tensor { return into(MulInto, a, b) }

func into(f func(dst, a, b *Tensor), a, b *Tensor) *Tensor {
	dst := New(a.shape...)
	f(dst, a, b)
	return dst
}

// AddInto sets dst = a + b. dst may be a or b.
func AddInto(dst, a, b *Tensor) { zip("Add", asm.Add, dst, a, b) }

// SubInto sets dst = a - b. dst may be a or b.
func SubInto(dst, a, b *Tensor) { zip("Sub", asm.Sub, dst, a, b) }

// MulInto sets dst = a ⊙ b. dst may be a or b.
func MulInto(dst, a, b *Tensor) { zip("Mul", asm.Mul, dst, a, b) }

func zip(op string, kernel func(dst, a, b []float32), dst, a, b *Tensor) {
	checkSame(op, a, b)
	checkSame(op, a, dst)
	parallel.For(len(dst.data), elementGrain, func(lo, hi int) {
		kernel(dst.data[lo:hi], a.data[lo:hi], b.data[lo:hi])
	})
}

// AddBias returns x [n, c] with b [c] added to every row.
func AddBias(x, b *Tensor) *Tensor {
	dst := New(x.shape...)
	AddBiasInto(dst, x, b)
	return dst
}

// AddBiasInto sets dst [n, c] to x [n, c] plus b [c] on every row. dst may be x.
func AddBiasInto(dst, x, b *Tensor) {
	CheckShape("AddBias", x, AnyDim, AnyDim)
	CheckShape("AddBias", b, x.shape[1])
	checkSame("AddBias", x, dst)
	n, c := x.shape[0], x.shape[1]
	parallel.For(n, rowGrain(c), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			asm.Add(dst.data[i*c:(i+1)*c], x.data[i*c:(i+1)*c], b.data)
		}
	})
}

// Scale returns s·a.
func Scale(a *Tensor, s float32) *Tensor {
	dst := New(a.shape...)
	ScaleInto(dst, a, s)
	return dst
}

// ScaleInto sets dst = s·a. dst may be a.
func ScaleInto(dst, a *Tensor, s float32) {
	checkSame("Scale", a, dst)
	parallel.For(len(dst.data), elementGrain, func(lo, hi int) {
		asm.Scale(dst.data[lo:hi], s, a.data[lo:hi])
	})
}

// AddScaled adds s·x to dst.
func AddScaled(dst *Tensor, s float32, x *Tensor) {
	checkSame("AddScaled", dst, x)
	parallel.For(len(dst.data), elementGrain, func(lo, hi int) {
		asm.Axpy(s, x.data[lo:hi], dst.data[lo:hi])
	})
}

// Map returns f applied to every element. f must be safe for concurrent calls.
func Map(x *Tensor, f func(float32) float32) *Tensor {
	dst := New(x.shape...)
	MapInto(dst, x, f)
	return dst
}

// MapInto sets dst = f(x), element by element. dst may be x.
func MapInto(dst, x *Tensor, f func(float32) float32) {
	checkSame("Map", x, dst)
	parallel.For(len(dst.data), elementGrain/4, func(lo, hi int) {
		d := dst.data[lo:hi]
		for i, v := range x.data[lo:hi] {
			d[i] = f(v)
		}
	})
}

// rowGrain is the number of rows of c elements that make up elementGrain.
func rowGrain(c int) int { return max(1, elementGrain/max(1, c)) }
