package linalg

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/adagp/adagp/internal/parallel"
)

// TestNotPositiveDefinite makes the leading minor of a known size the first that is not positive.
func TestNotPositiveDefinite(t *testing.T) {
	for _, n := range []int{1, 5, 40, 130, 300} {
		for _, pivot := range []int{0, n / 3, n - 1} {
			for name, value := range map[string]float64{"indefinite": -3, "singular": 0} {
				r := newRand(uint64(n))
				l := randomLower(r, n)
				l.Set(pivot, pivot, 0)
				a := MulNT(l, l)
				if name == "indefinite" {
					a.Data[pivot*n+pivot] += value
				}
				_, err := Cholesky(a)
				var e *NotPositiveDefiniteError
				if name == "singular" {
					// Rounding decides on which side of zero the pivot falls; both are legal.
					if err != nil && !errors.As(err, &e) {
						t.Errorf("n = %d, singular at %d: error %v, want none or a *NotPositiveDefiniteError", n, pivot, err)
					}
					continue
				}
				if !errors.As(err, &e) || e.Pivot != pivot || math.Abs(e.Value-value) > 1e-9 {
					t.Errorf("n = %d: error %v, want pivot %d, value %g", n, err, pivot, value)
				}
			}
		}
	}
	zero := New(100, 100)
	var e *NotPositiveDefiniteError
	if _, err := Cholesky(zero); !errors.As(err, &e) || e.Pivot != 0 {
		t.Errorf("zero matrix: error %v, want pivot 0", err)
	}
	// From the other end the first trouble is the last row.
	a := Identity(100)
	a.Set(70, 70, -1)
	a.Set(20, 20, -2)
	if _, err := InverseUpperFactor(a); !errors.As(err, &e) || e.Pivot != 70 || e.Value != -1 {
		t.Errorf("InverseUpperFactor: error %v, want pivot 70, value -1", err)
	}
	for name, f := range map[string]func(a, b *Matrix) error{
		"InverseSPD": func(a, _ *Matrix) error { _, err := InverseSPD(a); return err },
		"SolveSPD":   func(a, b *Matrix) error { _, err := SolveSPD(a, b); return err },
	} {
		if err := f(a, zero); !errors.As(err, &e) || e.Pivot != 20 {
			t.Errorf("%s: error %v, want pivot 20", name, err)
		}
	}
}

func TestNonFiniteInput(t *testing.T) {
	for _, n := range []int{1, 40, 200} {
		for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			row, col := n-1, n/2
			a, b := randomSPD(newRand(1), n), randomMatrix(newRand(2), n, 3)
			a.Set(row, col, bad)
			a.Set(col, row, bad)
			for name, f := range map[string]func() error{
				"Cholesky":           func() error { _, err := Cholesky(a); return err },
				"InverseSPD":         func() error { _, err := InverseSPD(a); return err },
				"InverseUpperFactor": func() error { _, err := InverseUpperFactor(a); return err },
				"SolveSPD":           func() error { _, err := SolveSPD(a, b); return err },
			} {
				var e *NonFiniteError
				if err := f(); !errors.As(err, &e) || max(e.Row, e.Col) != row || min(e.Row, e.Col) != col {
					t.Errorf("%s, n = %d with %v: error %v, want a *NonFiniteError at [%d %d] or [%d %d]", name, n, bad, err, row, col, col, row)
				}
			}
			b.Set(n-1, 1, bad)
			var e *NonFiniteError
			if _, err := SolveSPD(Identity(n), b); !errors.As(err, &e) {
				t.Errorf("SolveSPD with %v on the right: error %v, want a *NonFiniteError", bad, err)
			}
		}
	}
}

// TestOverflow: finite input whose factor is not.
func TestOverflow(t *testing.T) {
	n := 60
	a := Identity(n)
	for i := range n {
		a.Set(i, i, 1e-310)
	}
	var e *NonFiniteError
	if _, err := InverseSPD(a); !errors.As(err, &e) {
		t.Errorf("InverseSPD of 1e-310·I: error %v, want a *NonFiniteError", err)
	}
	a = Scale(randomSPD(newRand(3), n), 1e308)
	if _, err := Cholesky(a); err != nil {
		t.Errorf("Cholesky near the largest number: %v", err)
	}
}

// hilbert is the Hilbert matrix plus a ridge: condition number about 2/ridge.
func hilbert(n int, ridge float64) *Matrix {
	a := New(n, n)
	for i := range n {
		for j := range n {
			a.Set(i, j, 1/float64(i+j+1))
		}
	}
	a.AddDiag(ridge)
	return a
}

// TestIllConditioned checks backward errors, which do not grow with the condition number, and that
// forward errors grow with its root only where the algorithm promises that.
func TestIllConditioned(t *testing.T) {
	for _, n := range []int{50, 150, 260} {
		for _, ridge := range []float64{1e-4, 1e-8, 1e-12} {
			a := hilbert(n, ridge)
			what := fmt.Sprintf("n = %d, ridge %g", n, ridge)
			l, err := Cholesky(a)
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			near(t, "L·Lᵀ, "+what, MulNT(l, l), a, tolerance(n))

			// U = R⁻¹ with A = R·Rᵀ: the residual U·R − I stays small whatever the condition of A,
			// and U·A·Uᵀ − I is as large as the root of the condition number allows.
			u, err := InverseUpperFactor(a)
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			near(t, "U·A·Uᵀ, "+what, MulNT(Mul(u, a), u), Identity(n), tolerance(n)*10/ridge)

			b := Mul(a, randomMatrix(newRand(9), n, 2))
			x, err := SolveSPD(a, b)
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			scale := 0.0
			for _, v := range x.Data {
				scale = max(scale, math.Abs(v))
			}
			near(t, "A·X − B, "+what, Scale(Mul(a, x), 1/scale), Scale(b, 1/scale), 1e-12)
		}
	}
}

// TestThreads: the same bits on any number of threads.
func TestThreads(t *testing.T) {
	defer parallel.SetThreads(0)
	r := newRand(31)
	n := 300
	a, b := randomSPD(r, n), randomMatrix(r, n, 150)
	x, y := randomMatrix(r, 600, n).Tensor(), randomMatrix(r, 600, 150).Tensor()
	run := func() map[string]*Matrix {
		out := map[string]*Matrix{"Mul": Mul(a, b), "MulNT": MulNT(a, a), "MulTN": MulTN(b, a), "SolveLower": SolveLower(a, b)}
		h, c := a.Clone(), New(150, n)
		AddGram(h, x)
		AddCross(c, y, x)
		out["AddGram"], out["AddCross"] = h, c
		for name, f := range map[string]func() (*Matrix, error){
			"Cholesky":           func() (*Matrix, error) { return Cholesky(a) },
			"InverseSPD":         func() (*Matrix, error) { return InverseSPD(a) },
			"InverseUpperFactor": func() (*Matrix, error) { return InverseUpperFactor(a) },
			"SolveSPD":           func() (*Matrix, error) { return SolveSPD(a, b) },
			"SymEigen":           func() (*Matrix, error) { _, v, err := SymEigen(a); return v, err },
			"PseudoInverseSym":   func() (*Matrix, error) { return PseudoInverseSym(a, 1e-6) },
		} {
			m, err := f()
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			out[name] = m
		}
		return out
	}
	parallel.SetThreads(1)
	want := run()
	for _, threads := range []int{2, 3, 7} {
		parallel.SetThreads(threads)
		for name, got := range run() {
			for i, v := range want[name].Data {
				if math.Float64bits(got.Data[i]) != math.Float64bits(v) {
					t.Errorf("%s with %d threads: element %d is %v, with one it is %v", name, threads, i, got.Data[i], v)
					break
				}
			}
		}
	}
}
