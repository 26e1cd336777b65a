package tensor

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/adagp/adagp/internal/parallel"
)

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15)) }

// random returns a tensor of normally distributed elements.
func random(r *rand.Rand, shape ...int) *Tensor {
	t := New(shape...)
	for i := range t.data {
		t.data[i] = float32(r.NormFloat64())
	}
	return t
}

// counting returns the tensor 0, 1, 2, ….
func counting(shape ...int) *Tensor {
	t := New(shape...)
	for i := range t.data {
		t.data[i] = float32(i)
	}
	return t
}

// threads sets the number of threads for the rest of a test.
func threads(t testing.TB, n int) {
	parallel.SetThreads(n)
	t.Cleanup(func() { parallel.SetThreads(0) })
}

// wantShapeError runs f, which must panic with a *ShapeError whose text
// contains all of the given parts.
func wantShapeError(t *testing.T, f func(), parts ...string) {
	t.Helper()
	defer func() {
		t.Helper()
		v := recover()
		err, ok := v.(error)
		var shape *ShapeError
		if !ok || !errors.As(err, &shape) {
			t.Fatalf("got panic %v, want a *ShapeError", v)
		}
		for _, p := range parts {
			if !strings.Contains(err.Error(), p) {
				t.Errorf("error %q does not contain %q", err, p)
			}
		}
	}()
	f()
}

func TestShapePanics(t *testing.T) {
	a23, a32, v3 := New(2, 3), New(3, 2), New(3)
	for _, tc := range []struct {
		name  string
		call  func()
		parts []string
	}{
		{"New negative", func() { New(2, -1) }, []string{"New", "[2 -1]", "negative"}},
		{"New huge", func() { New(math.MaxInt/2, 3) }, []string{"New", "too many"}},
		{"FromSlice", func() { FromSlice(make([]float32, 5), 2, 3) }, []string{"FromSlice", "[5]", "[6]", "[2 3]"}},
		{"At rank", func() { a23.At(1) }, []string{"At", "[1]", "[2 3]"}},
		{"At range", func() { a23.At(1, 3) }, []string{"At", "[1 3]"}},
		{"Set negative", func() { a23.Set(1, 0, -1) }, []string{"Set"}},
		{"Dim", func() { a23.Dim(2) }, []string{"Dim", "[2]"}},
		{"Dim negative", func() { a23.Dim(-3) }, []string{"Dim"}},
		{"View", func() { a23.View(4, 2) }, []string{"View", "[4 2]", "[2 3]"}},
		{"View open", func() { a23.View(4, AnyDim) }, []string{"View", "[4 -1]"}},
		{"View two open", func() { a23.View(AnyDim, AnyDim) }, []string{"View", "more than one"}},
		{"Rows", func() { a23.Rows(1, 3) }, []string{"Rows", "[1 3]", "[2 3]"}},
		{"Rows reversed", func() { a23.Rows(2, 1) }, []string{"Rows"}},
		{"Rows of scalar", func() { New().Rows(0, 0) }, []string{"Rows"}},
		{"Row", func() { a23.Row(2) }, []string{"Row", "[2]"}},
		{"CopyFrom", func() { a23.CopyFrom(a32) }, []string{"CopyFrom", "[3 2]", "[2 3]"}},
		{"Add", func() { Add(a23, a32) }, []string{"Add"}},
		{"Sub", func() { SubInto(a32, a23, a23) }, []string{"Sub"}},
		{"Mul", func() { Mul(a23, v3) }, []string{"Mul"}},
		{"AddBias", func() { AddBias(a32, v3) }, []string{"AddBias", "[3]", "[2]"}},
		{"AddBias rank", func() { AddBias(v3, v3) }, []string{"AddBias", "[* *]"}},
		{"Scale", func() { ScaleInto(a23, a32, 1) }, []string{"Scale"}},
		{"AddScaled", func() { AddScaled(a23, 1, a32) }, []string{"AddScaled"}},
		{"Map", func() { MapInto(a23, a32, nil) }, []string{"Map"}},
		{"Dot", func() { Dot(a23, a32) }, []string{"Dot"}},
		{"SumRows", func() { SumRows(v3) }, []string{"SumRows"}},
		{"MatMul", func() { MatMul(a23, a23) }, []string{"MatMul", "[2 3]", "[3 *]"}},
		{"MatMulNT", func() { MatMulNT(a23, a32) }, []string{"MatMulNT", "[3 2]", "[* 3]"}},
		{"MatMulTN", func() { MatMulTN(a23, a32) }, []string{"MatMulTN", "[3 2]", "[2 *]"}},
		{"MatMul rank", func() { MatMul(v3, a32) }, []string{"MatMul", "[* *]"}},
		{"MatMulInto", func() { MatMulInto(a23, a23, a32) }, []string{"MatMulInto", "[2 3]", "[2 2]"}},
		{"MatMulAdd shared", func() { m := New(3, 3); MatMulAdd(m, m, m) }, []string{"shares storage"}},
		{"Gram", func() { Gram(v3) }, []string{"Gram"}},
		{"GramInto", func() { GramInto(a23, a23) }, []string{"Gram", "[3 3]"}},
		{"Transpose", func() { Transpose(v3) }, []string{"Transpose"}},
	} {
		t.Run(tc.name, func(t *testing.T) { wantShapeError(t, tc.call, tc.parts...) })
	}
}

func TestIndexing(t *testing.T) {
	x := counting(2, 3, 4)
	if got := x.At(1, 2, 3); got != 23 {
		t.Errorf("At(1,2,3) = %v, want 23", got)
	}
	x.Set(-1, 1, 0, 2)
	if got := x.Data()[14]; got != -1 {
		t.Errorf("after Set(-1, 1,0,2) element 14 is %v", got)
	}
	if x.Rank() != 3 || x.Len() != 24 || x.Dim(0) != 2 || x.Dim(-1) != 4 || !slices.Equal(x.Shape(), []int{2, 3, 4}) {
		t.Errorf("shape of %v: rank %d, len %d, dims %d … %d", x.Shape(), x.Rank(), x.Len(), x.Dim(0), x.Dim(-1))
	}
	x.Shape()[0] = 99
	if x.Dim(0) != 2 {
		t.Error("Shape returns the tensor's own slice")
	}
	scalar := New()
	scalar.Set(7)
	if scalar.At() != 7 || scalar.Len() != 1 {
		t.Errorf("scalar %v", scalar)
	}
}

func TestViewsShareStorage(t *testing.T) {
	x := counting(4, 6)
	for name, view := range map[string]*Tensor{
		"View":           x.View(2, 12),
		"View open":      x.View(3, AnyDim),
		"Rows":           x.Rows(0, 2),
		"View of Rows":   x.Rows(0, 3).View(9, 2),
		"FromSlice Data": FromSlice(x.Data(), 24),
		"FromSlice Row":  FromSlice(x.Row(0), 6),
	} {
		x.Data()[5] = 5
		view.Data()[5] = -5
		if x.At(0, 5) != -5 {
			t.Errorf("%s: a write to the view is not seen in the tensor", name)
		}
	}
	if got := x.View(3, AnyDim).Shape(); !slices.Equal(got, []int{3, 8}) {
		t.Errorf("View(3, AnyDim) of [4 6] has shape %v, want [3 8]", got)
	}
	if got := x.Rows(1, 3); !slices.Equal(got.Shape(), []int{2, 6}) || got.At(0, 0) != 6 {
		t.Errorf("Rows(1,3) = %v", got)
	}
	if got := x.Rows(4, 4).Len(); got != 0 {
		t.Errorf("Rows(4,4) has %d elements", got)
	}
	if row := x.Row(2); len(row) != 6 || cap(row) != 6 || row[0] != 12 {
		t.Errorf("Row(2) = %v with capacity %d, want six elements from 12 and no more room", row, cap(row))
	}
	clone := x.Clone()
	clone.Data()[0] = 100
	if x.Data()[0] == 100 {
		t.Error("Clone shares storage")
	}
	y := New(4, 6)
	y.CopyFrom(x)
	if !slices.Equal(y.Data(), x.Data()) {
		t.Errorf("CopyFrom: got %v, want %v", y, x)
	}
}

func TestFillZeroFinite(t *testing.T) {
	x := New(3, 5)
	x.Fill(2)
	if Sum(x) != 30 {
		t.Errorf("after Fill(2): %v", x)
	}
	if i, ok := x.Finite(); !ok || i != -1 {
		t.Errorf("Finite() = %d, %v", i, ok)
	}
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		x.Zero()
		x.Data()[3] = math.MaxFloat32
		x.Data()[7], x.Data()[9] = float32(bad), float32(bad)
		if i, ok := x.Finite(); ok || i != 7 {
			t.Errorf("%v at 7: Finite() = %d, %v", bad, i, ok)
		}
	}
}

func TestString(t *testing.T) {
	for _, tc := range []struct {
		x    *Tensor
		want string
	}{
		{New(), "[]{0}"},
		{New(0, 3), "[0 3]{}"},
		{FromSlice([]float32{1, -2.5}, 2), "[2]{1 -2.5}"},
		{counting(3, 4), "[3 4]{0 1 2 3 4 5 6 7 …}"},
	} {
		if got := tc.x.String(); got != tc.want {
			t.Errorf("String() = %q, want %q", got, tc.want)
		}
	}
	if got := fmt.Sprint(&ShapeError{Op: "X", Got: []int{1, -1}, Want: []int{2, AnyDim}, Msg: "why"}); got != "tensor: X: got [1 -1], want [2 *]: why" {
		t.Errorf("ShapeError text %q", got)
	}
}
