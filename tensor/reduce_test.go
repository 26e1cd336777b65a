package tensor

import (
	"math"
	"testing"
)

func TestReductions(t *testing.T) {
	r := newRand(2)
	for _, n := range []int{0, 1, 2, 17, sumBlock - 1, sumBlock, sumBlock + 1, 3*sumBlock + 5} {
		x, y := random(r, n), random(r, n)
		var sum, squares, dot, size float64
		var top float32
		for i, v := range x.data {
			sum += float64(v)
			squares += float64(v) * float64(v)
			dot += float64(v) * float64(y.data[i])
			size += max(math.Abs(float64(v)), math.Abs(float64(v)*float64(y.data[i])), float64(v)*float64(v))
			top = max(top, float32(math.Abs(float64(v))))
		}
		for _, tc := range []struct {
			name      string
			got, want float64
		}{
			{"Sum", Sum(x), sum}, {"SumSquares", SumSquares(x), squares}, {"Dot", Dot(x, y), dot},
		} {
			// n roundings to float64 on either side.
			if bound := float64(n+1) * 0x1p-51 * size; !(math.Abs(tc.got-tc.want) <= bound) {
				t.Errorf("%s of %d: got %v, want %v", tc.name, n, tc.got, tc.want)
			}
		}
		if got := MaxAbs(x); got != top {
			t.Errorf("MaxAbs of %d: got %v, want %v", n, got, top)
		}
		if got, want := Mean(x), Sum(x)/float64(n); got != want && n > 0 || n == 0 && got == got {
			t.Errorf("Mean of %d: got %v, want %v", n, got, want)
		}
		if n > 0 {
			x.data[n/2] = float32(math.NaN())
			if got := MaxAbs(x); got == got {
				t.Errorf("MaxAbs of %d with NaN: got %v", n, got)
			}
		}
	}
}

func TestSumRows(t *testing.T) {
	r := newRand(3)
	for _, shape := range [][2]int{{0, 3}, {3, 0}, {1, 1}, {5, 7}, {1000, 3}, {70, 900}} {
		x := random(r, shape[0], shape[1])
		got := SumRows(x)
		CheckShape("SumRows result", got, shape[1])
		for j := range shape[1] {
			want := 0.0
			for i := range shape[0] {
				want += float64(x.At(i, j))
			}
			if got.At(j) != float32(want) {
				t.Fatalf("%v: column %d sums to %v, want %v", shape, j, got.At(j), want)
			}
		}
	}
}

func TestArgMax(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, tc := range []struct {
		row  []float32
		want int
	}{
		{nil, -1},
		{[]float32{3}, 0},
		{[]float32{1, 5, 2, 5}, 1},
		{[]float32{-inf, -inf}, 0},
		{[]float32{nan, -inf}, 1},
		{[]float32{nan, nan}, 0},
		{[]float32{-1, nan, 2, inf}, 3},
	} {
		if got := ArgMax(tc.row); got != tc.want {
			t.Errorf("ArgMax(%v) = %d, want %d", tc.row, got, tc.want)
		}
	}
}

// Sums, products and everything else must not depend on the number of threads.
func TestThreadsDoNotChangeResults(t *testing.T) {
	r := newRand(4)
	x, y, w := random(r, 700, 330), random(r, 700, 330), random(r, 500, 330)
	b := random(r, 330)
	results := func(n int) []*Tensor {
		threads(t, n)
		sums := []float64{Sum(x), SumSquares(x), Dot(x, y), Mean(x), float64(MaxAbs(x))}
		wide := New(len(sums))
		for i, s := range sums {
			wide.data[i] = float32(s)
		}
		out := New(700, 500)
		out.Fill(0.5)
		MatMulNTAdd(out, x, w)
		return []*Tensor{wide, SumRows(x), Add(x, y), AddBias(x, b), MatMulNT(x, w), MatMulTN(x, y), MatMul(w, Transpose(y)), Gram(x), out}
	}
	want := results(1)
	for _, n := range []int{2, 3, 7} {
		for i, got := range results(n) {
			for j, v := range got.data {
				if v != want[i].data[j] {
					t.Fatalf("%d threads, result %d, element %d: %v, want %v as with one thread", n, i, j, v, want[i].data[j])
				}
			}
		}
	}
}
