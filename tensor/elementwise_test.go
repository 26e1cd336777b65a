package tensor

import (
	"fmt"
	"slices"
	"testing"
)

func TestElementwise(t *testing.T) {
	r := newRand(1)
	for _, shape := range [][]int{{}, {0}, {5}, {3, 7}, {2, 3, 4}, {300, 301}} {
		a, b := random(r, shape...), random(r, shape...)
		const s = float32(-0.3)
		for _, tc := range []struct {
			name string
			got  *Tensor
			into func(dst *Tensor)
			want func(x, y float32) float32
		}{
			{"Add", Add(a, b), func(dst *Tensor) { AddInto(dst, dst, b) }, func(x, y float32) float32 { return x + y }},
			{"Sub", Sub(a, b), func(dst *Tensor) { SubInto(dst, dst, b) }, func(x, y float32) float32 { return x - y }},
			{"Mul", Mul(a, b), func(dst *Tensor) { MulInto(dst, dst, b) }, func(x, y float32) float32 { return x * y }},
			{"Scale", Scale(a, s), func(dst *Tensor) { ScaleInto(dst, dst, s) }, func(x, _ float32) float32 { return s * x }},
			{"Map", Map(a, square), func(dst *Tensor) { MapInto(dst, dst, square) }, func(x, _ float32) float32 { return x * x }},
		} {
			if !slices.Equal(tc.got.shape, a.shape) {
				t.Fatalf("%s %v: result has shape %v", tc.name, shape, tc.got.shape)
			}
			inPlace := a.Clone()
			tc.into(inPlace)
			for i, got := range tc.got.data {
				if want := tc.want(a.data[i], b.data[i]); got != want {
					t.Fatalf("%s %v: element %d is %v, want %v", tc.name, shape, i, got, want)
				}
				if inPlace.data[i] != got {
					t.Fatalf("%s %v: element %d is %v in place, %v otherwise", tc.name, shape, i, inPlace.data[i], got)
				}
			}
		}
		sum := a.Clone()
		AddScaled(sum, 2, b) // 2·b is exact, so rounding happens once however it is computed
		for i, got := range sum.data {
			if want := a.data[i] + 2*b.data[i]; got != want {
				t.Fatalf("AddScaled %v: element %d is %v, want %v", shape, i, got, want)
			}
		}
	}
}

func square(x float32) float32 { return x * x }

func TestAddBias(t *testing.T) {
	x, b := counting(3, 4), FromSlice([]float32{10, 20, 30, 40}, 4)
	got := AddBias(x, b)
	for i := range 3 {
		for j := range 4 {
			if want := x.At(i, j) + b.At(j); got.At(i, j) != want {
				t.Errorf("element [%d,%d] is %v, want %v", i, j, got.At(i, j), want)
			}
		}
	}
	AddBiasInto(x, x, b)
	if !slices.Equal(x.data, got.data) {
		t.Errorf("in place %v, otherwise %v", x, got)
	}
	AddBias(New(0, 4), b)
	AddBias(New(4, 0), New(0))
}

func BenchmarkElementwise(b *testing.B) {
	for _, n := range []int{1 << 12, 1 << 20} {
		x, y, dst := New(n), New(n), New(n)
		b.Run(fmt.Sprintf("Add/%d", n), func(b *testing.B) {
			b.SetBytes(int64(12 * n))
			for b.Loop() {
				AddInto(dst, x, y)
			}
		})
	}
}
