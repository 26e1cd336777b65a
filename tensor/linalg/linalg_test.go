package linalg

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/adagp/adagp/tensor"
)

// sizes meet the leaves of triangles and every tail of them, and those of the tiles.
var sizes = []int{1, 2, 7, 8, 31, 33, 47, 48, 49, 64, 95, 96, 97, 129, 144, 193, 300}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 11)) }

func randomMatrix(r *rand.Rand, rows, cols int) *Matrix {
	m := New(rows, cols)
	for i := range m.Data {
		m.Data[i] = r.NormFloat64()
	}
	return m
}

// randomSPD returns A = XᵀX/n + 0.1·I, of condition number about 40.
func randomSPD(r *rand.Rand, n int) *Matrix {
	x := randomMatrix(r, 2*n+3, n)
	a := New(n, n)
	MulTNInto(a, 1/float64(2*n), x, x, 0)
	a.AddDiag(0.1)
	a.mirrorLower()
	return a
}

func randomLower(r *rand.Rand, n int) *Matrix {
	l := New(n, n)
	for i := range n {
		for j := range i {
			l.Data[i*n+j] = r.NormFloat64() / math.Sqrt(float64(n))
		}
		l.Data[i*n+i] = 1 + r.Float64()
	}
	return l
}

// naive is op(a)·op(b) by the definition.
func naive(transA, transB bool, a, b *Matrix) *Matrix {
	if transA {
		a = a.T()
	}
	if transB {
		b = b.T()
	}
	c := New(a.Rows, b.Cols)
	for i := range a.Rows {
		row := c.Row(i)
		for k, v := range a.Row(i) {
			for j, w := range b.Row(k) {
				row[j] += v * w
			}
		}
	}
	return c
}

// near fails unless every |got - want| <= tol·max|want|.
func near(t *testing.T, what string, got, want *Matrix, tol float64) {
	t.Helper()
	if got.Rows != want.Rows || got.Cols != want.Cols {
		t.Fatalf("%s: shape [%d %d], want [%d %d]", what, got.Rows, got.Cols, want.Rows, want.Cols)
	}
	scale, worst, at := 0.0, -1.0, 0
	for i, v := range want.Data {
		scale = max(scale, math.Abs(v))
		d := math.Abs(got.Data[i] - v)
		if d > worst || d != d {
			worst, at = d, i
		}
	}
	if !(worst <= tol*scale) && worst >= 0 {
		t.Errorf("%s: [%d %d] is %g, want %g: off by %.3g of the largest, tolerance %.3g", what,
			at/want.Cols, at%want.Cols, got.Data[at], want.Data[at], worst/scale, tol)
	}
}

func lowerPart(a *Matrix) *Matrix {
	l := a.Clone()
	for i := range l.Rows {
		clear(l.Row(i)[i+1:])
	}
	return l
}

// tolerance of n products with well conditioned operands.
func tolerance(n int) float64 { return 1e-14 * float64(n+10) }

func TestProducts(t *testing.T) {
	r := newRand(1)
	for _, s := range [][3]int{{1, 1, 1}, {3, 5, 2}, {0, 4, 3}, {4, 0, 3}, {4, 3, 0}, {128, 512, 7}, {130, 513, 33}, {257, 530, 65}, {64, 64, 300}} {
		m, n, k := s[0], s[1], s[2]
		for _, v := range []struct {
			name           string
			transA, transB bool
			f              func(dst *Matrix, alpha float64, a, b *Matrix, beta float64)
			alloc          func(a, b *Matrix) *Matrix
		}{{"Mul", false, false, MulInto, Mul}, {"MulNT", false, true, MulNTInto, MulNT}, {"MulTN", true, false, MulTNInto, MulTN}} {
			a, b := randomMatrix(r, m, k), randomMatrix(r, k, n)
			if v.transA {
				a = a.T()
			}
			if v.transB {
				b = b.T()
			}
			want := naive(v.transA, v.transB, a, b)
			what := fmt.Sprintf("%s %d×%d×%d", v.name, m, n, k)
			near(t, what, v.alloc(a, b), want, tolerance(k))

			dst := randomMatrix(r, m, n)
			for i := range want.Data {
				want.Data[i] = -0.5*want.Data[i] + 2*dst.Data[i]
			}
			v.f(dst, -0.5, a, b, 2)
			near(t, what+" with alpha and beta", dst, want, tolerance(k))

			for i := range dst.Data {
				dst.Data[i] = math.NaN()
			}
			v.f(dst, 1, a, b, 0)
			near(t, what+" over NaN", dst, naive(v.transA, v.transB, a, b), tolerance(k))
		}
	}
}

func TestElementwise(t *testing.T) {
	a := FromSlice([]float64{1, 2, 3, 4, 5, 6}, 2, 3)
	b := FromSlice([]float64{6, 5, 4, 3, 2, 1}, 2, 3)
	near(t, "Add", Add(a, b), FromSlice([]float64{7, 7, 7, 7, 7, 7}, 2, 3), 0)
	near(t, "Sub", Sub(a, b), FromSlice([]float64{-5, -3, -1, 1, 3, 5}, 2, 3), 0)
	near(t, "Scale", Scale(a, -2), FromSlice([]float64{-2, -4, -6, -8, -10, -12}, 2, 3), 0)
	near(t, "T", a.T(), FromSlice([]float64{1, 4, 2, 5, 3, 6}, 3, 2), 0)
	near(t, "FromTensor", FromTensor(a.Tensor()), a, 0)
	h := FromSlice([]float64{2, 1, 0, 1, 3, 1, 0, 1, 4}, 3, 3)
	// w1 = (1,2,3): 2+12+36+2·(2+6) = 66; w2 = (4,5,6): 32+75+144+2·(20+30) = 351.
	if got := QuadForm(a, h); got != 417 {
		t.Errorf("QuadForm = %v, want 417", got)
	}
	if got := h.MeanDiag(); got != 3 {
		t.Errorf("MeanDiag = %v, want 3", got)
	}
	h.AddDiag(1)
	if d := h.Diag(); d[0] != 3 || d[1] != 4 || d[2] != 5 {
		t.Errorf("Diag = %v, want [3 4 5]", d)
	}
	r := newRand(2)
	for _, n := range sizes {
		m := randomMatrix(r, n, n)
		want := lowerPart(m)
		for i := range n {
			for j := i + 1; j < n; j++ {
				want.Set(i, j, m.At(j, i))
			}
		}
		m.mirrorLower()
		near(t, fmt.Sprint("mirrorLower ", n), m, want, 0)
	}
}

func TestCholesky(t *testing.T) {
	r := newRand(3)
	for _, n := range sizes {
		a := randomSPD(r, n)
		want := a.Clone()
		for i := range n { // the upper triangle is not to be read
			for j := i + 1; j < n; j++ {
				a.Set(i, j, math.Inf(1))
			}
		}
		l, err := Cholesky(a)
		if err != nil {
			t.Fatalf("n = %d: %v", n, err)
		}
		near(t, fmt.Sprintf("L·Lᵀ, n = %d", n), MulNT(l, l), want, tolerance(n))
		for i := range n {
			for j, v := range l.Row(i) {
				if j > i && v != 0 {
					t.Fatalf("n = %d: L[%d %d] = %g above the diagonal", n, i, j, v)
				}
			}
			if l.At(i, i) <= 0 {
				t.Fatalf("n = %d: L[%d %d] = %g", n, i, i, l.At(i, i))
			}
		}
	}
}

func TestTriangularSolves(t *testing.T) {
	r := newRand(4)
	for _, n := range sizes {
		for _, cols := range []int{0, 1, 5, 130} {
			l, b := randomLower(r, n), randomMatrix(r, n, cols)
			for _, v := range []struct {
				name  string
				op    *Matrix
				solve func() *Matrix
			}{
				{"SolveLower", l, func() *Matrix { return SolveLower(poison(l, true), b) }},
				{"SolveLowerT", l.T(), func() *Matrix { return SolveLowerT(poison(l, true), b) }},
			} {
				near(t, fmt.Sprintf("%s n = %d, %d columns", v.name, n, cols), Mul(v.op, v.solve()), b, tolerance(n)*10)
			}
		}
	}
}

// poison returns a copy of the triangle with NaN on its other side.
func poison(m *Matrix, lower bool) *Matrix {
	p := m.Clone()
	for i := range p.Rows {
		for j := range p.Cols {
			if i != j && (j > i) == lower {
				p.Set(i, j, math.NaN())
			}
		}
	}
	return p
}

func TestInverses(t *testing.T) {
	r := newRand(5)
	for _, n := range sizes {
		a := randomSPD(r, n)
		id := Identity(n)
		inv, err := InverseSPD(a)
		if err != nil {
			t.Fatalf("n = %d: %v", n, err)
		}
		near(t, fmt.Sprintf("A·A⁻¹, n = %d", n), Mul(a, inv), id, 100*tolerance(n))
		near(t, fmt.Sprintf("symmetry of A⁻¹, n = %d", n), inv, inv.T(), 0)

		u, err := InverseUpperFactor(poison(a, false)) // the lower triangle is not to be read
		if err != nil {
			t.Fatalf("n = %d: %v", n, err)
		}
		near(t, fmt.Sprintf("UᵀU, n = %d", n), MulTN(u, u), inv, 100*tolerance(n))
		near(t, fmt.Sprintf("U·A·Uᵀ, n = %d", n), MulNT(Mul(u, a), u), id, 100*tolerance(n))
		for i := range n {
			for j := range i {
				if u.At(i, j) != 0 {
					t.Fatalf("n = %d: U[%d %d] = %g below the diagonal", n, i, j, u.At(i, j))
				}
			}
			if u.At(i, i) <= 0 {
				t.Fatalf("n = %d: U[%d %d] = %g", n, i, i, u.At(i, i))
			}
		}

		b := randomMatrix(r, n, 70)
		x, err := SolveSPD(a, b)
		if err != nil {
			t.Fatalf("n = %d: %v", n, err)
		}
		near(t, fmt.Sprintf("A·X, n = %d", n), Mul(a, x), b, 100*tolerance(n))
	}
}

func TestSymEigen(t *testing.T) {
	r := newRand(6)
	for _, n := range sizes {
		a := randomMatrix(r, n, n)
		a.mirrorLower()
		values, v, err := SymEigen(a)
		if err != nil {
			t.Fatalf("n = %d: %v", n, err)
		}
		checkEigen(t, fmt.Sprintf("n = %d", n), a, values, v)
	}
}

func checkEigen(t *testing.T, what string, a *Matrix, values []float64, v *Matrix) {
	t.Helper()
	n := a.Rows
	scaled := v.Clone()
	for i := range n {
		for j := range n {
			scaled.Data[i*n+j] *= values[j]
		}
		if i > 0 && values[i] < values[i-1] {
			t.Errorf("%s: eigenvalue %d is %g, below %g before it", what, i, values[i], values[i-1])
		}
	}
	near(t, "V·D·Vᵀ, "+what, MulNT(scaled, v), a, 100*tolerance(n))
	near(t, "VᵀV, "+what, MulTN(v, v), Identity(n), 100*tolerance(n))
}

func TestGram(t *testing.T) {
	r := newRand(7)
	for _, s := range [][3]int{{1, 1, 1}, {5, 3, 2}, {256, 128, 64}, {257, 129, 130}, {700, 200, 33}, {0, 4, 3}, {513, 64, 64}} {
		n, c, rows := s[0], s[1], s[2]
		x, y := randomMatrix(r, n, c).Tensor(), randomMatrix(r, n, rows).Tensor()
		what := fmt.Sprintf("%d tokens, %d inputs, %d outputs", n, c, rows)

		h := randomSPD(r, c)
		want := Add(h, MulTN(FromTensor(x), FromTensor(x)))
		AddGram(h, x)
		// Sums of 256 float32 products: 256·2⁻²⁴ in the worst case, far less on average.
		near(t, "AddGram, "+what, h, want, 2e-6)
		near(t, "symmetry of AddGram, "+what, h, h.T(), 0)

		m := randomMatrix(r, rows, c)
		want = Add(m, MulTN(FromTensor(y), FromTensor(x)))
		AddCross(m, y, x)
		near(t, "AddCross, "+what, m, want, 2e-6)
	}
}

func TestShapeErrors(t *testing.T) {
	a, b := New(2, 3), New(2, 4)
	for name, f := range map[string]func(){
		"New":       func() { New(-1, 2) },
		"FromSlice": func() { FromSlice(make([]float64, 5), 2, 3) },
		"Mul":       func() { Mul(a, b) },
		"MulNT":     func() { MulNT(a, b) },
		"MulTN":     func() { MulTN(a, New(3, 1)) },
		"Add":       func() { Add(a, b) },
		"Cholesky":  func() { _, _ = Cholesky(a) },
		"SolveSPD":  func() { _, _ = SolveSPD(Identity(3), b) },
		"At":        func() { a.At(0, 3) },
		"Row":       func() { a.Row(2) },
		"AddGram":   func() { AddGram(Identity(2), tensor.New(5, 3)) },
		"AddCross":  func() { AddCross(a, tensor.New(5, 2), tensor.New(4, 3)) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				v := recover()
				if _, ok := v.(*tensor.ShapeError); !ok {
					t.Errorf("panic value %v, want a *tensor.ShapeError", v)
				}
			}()
			f()
			t.Error("no panic")
		})
	}
}

func TestMatrixHelpers(t *testing.T) {
	m := FromSlice([]float64{1, 2, 3, 4}, 2, 2)
	if got, want := m.String(), "[2 2][1 2 3 4]"; got != want {
		t.Errorf("String = %q, want %q", got, want)
	}
	if got, want := New(3, 3).String(), "[3 3][0 0 0 0 0 0]…"; got != want {
		t.Errorf("String = %q, want %q", got, want)
	}
	if !m.Finite() {
		t.Error("a finite matrix is not Finite")
	}
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		m.Set(1, 0, bad)
		if m.Finite() {
			t.Errorf("a matrix with %v is Finite", bad)
		}
	}
	if got := New(0, 0).MeanDiag(); got != 0 {
		t.Errorf("MeanDiag of the empty matrix = %v, want 0", got)
	}
	c := Identity(2).Clone()
	c.Set(0, 1, 5)
	if c.At(0, 1) != 5 || Identity(2).At(0, 1) != 0 {
		t.Error("Set on a clone")
	}
	if got, want := (&NonFiniteError{Row: 1, Col: 2, Value: math.Inf(1)}).Error(), "matrix is not finite: element [1 2] is +Inf"; got != want {
		t.Errorf("error %q, want %q", got, want)
	}
}
