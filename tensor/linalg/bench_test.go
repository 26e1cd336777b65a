package linalg

import (
	"fmt"
	"testing"

	"gonum.org/v1/gonum/blas"
	blasgonum "gonum.org/v1/gonum/blas/gonum"
	"gonum.org/v1/gonum/lapack"
	lapackgonum "gonum.org/v1/gonum/lapack/gonum"
)

// benchSizes are the widths of small to medium models' layers.
var benchSizes = []int{512, 1024, 2048}

// rate reports the speed of a step of the given number of multiplications and additions.
func rate(b *testing.B, flops float64) {
	b.ReportMetric(flops*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}

func cube(n int) float64 { return float64(n) * float64(n) * float64(n) }

func benchmark(b *testing.B, flops float64, f func(n int, a *Matrix)) {
	for _, n := range benchSizes {
		a := randomSPD(newRand(1), n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				f(n, a)
			}
			rate(b, flops*cube(n))
		})
	}
}

func must(b *testing.B, err error) {
	if err != nil {
		b.Fatal(err)
	}
}

func BenchmarkMul(b *testing.B) {
	benchmark(b, 2, func(n int, a *Matrix) { Mul(a, a) })
}

func BenchmarkCholesky(b *testing.B) {
	benchmark(b, 1./3, func(n int, a *Matrix) { _, err := Cholesky(a); must(b, err) })
}

func BenchmarkInverseSPD(b *testing.B) {
	benchmark(b, 1, func(n int, a *Matrix) { _, err := InverseSPD(a); must(b, err) })
}

func BenchmarkInverseUpperFactor(b *testing.B) {
	benchmark(b, 2./3, func(n int, a *Matrix) { _, err := InverseUpperFactor(a); must(b, err) })
}

func BenchmarkSolveSPD(b *testing.B) {
	benchmark(b, 1./3+2, func(n int, a *Matrix) { _, err := SolveSPD(a, a); must(b, err) })
}

// BenchmarkSymEigen counts 9·n³, what the reduction to tridiagonal form, the iteration without
// deflation and the back transformation come to.
func BenchmarkSymEigen(b *testing.B) {
	benchmark(b, 9, func(n int, a *Matrix) { _, _, err := SymEigen(a); must(b, err) })
}

func BenchmarkAddGram(b *testing.B) {
	for _, n := range benchSizes {
		x := randomMatrix(newRand(1), 2048, n).Tensor()
		h := New(n, n)
		b.Run(fmt.Sprintf("2048×%d", n), func(b *testing.B) {
			for b.Loop() {
				AddGram(h, x)
			}
			rate(b, 2048*float64(n)*float64(n))
		})
	}
}

// The same steps by gonum, for the choice that the package comment explains.

func BenchmarkGonumMul(b *testing.B) {
	var impl blasgonum.Implementation
	benchmark(b, 2, func(n int, a *Matrix) {
		c := New(n, n)
		impl.Dgemm(blas.NoTrans, blas.NoTrans, n, n, n, 1, a.Data, n, a.Data, n, 0, c.Data, n)
	})
}

func BenchmarkGonumCholesky(b *testing.B) {
	var impl lapackgonum.Implementation
	benchmark(b, 1./3, func(n int, a *Matrix) { impl.Dpotrf(blas.Lower, n, a.Clone().Data, n) })
}

func BenchmarkGonumInverseSPD(b *testing.B) {
	var impl lapackgonum.Implementation
	benchmark(b, 1, func(n int, a *Matrix) {
		l := a.Clone()
		impl.Dpotrf(blas.Lower, n, l.Data, n)
		impl.Dpotri(blas.Lower, n, l.Data, n)
	})
}

func BenchmarkGonumInverseUpperFactor(b *testing.B) {
	var impl lapackgonum.Implementation
	benchmark(b, 2./3, func(n int, a *Matrix) {
		l := a.Clone()
		impl.Dpotrf(blas.Lower, n, l.Data, n)
		impl.Dtrtri(blas.Lower, blas.NonUnit, n, l.Data, n)
	})
}

func BenchmarkGonumSymEigen(b *testing.B) {
	var impl lapackgonum.Implementation
	benchmark(b, 9, func(n int, a *Matrix) {
		v, values, work := a.Clone(), make([]float64, n), make([]float64, 64*n)
		impl.Dsyev(lapack.EVCompute, blas.Lower, n, v.Data, n, values, work, len(work))
	})
}
