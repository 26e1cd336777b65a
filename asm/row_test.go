package asm

import (
	"math"
	"testing"
)

// compareRow compares a row with its values in float64. allowed is relative to
// scale, the largest magnitude that entered an element.
func compareRow(t *testing.T, what string, got []float32, want []float64, allowed, scale float64) {
	t.Helper()
	worst, at := 0.0, 0
	for i, v := range got {
		if d := math.Abs(float64(v) - want[i]); !(d <= worst) {
			worst, at = d, i
		}
	}
	if !(worst <= allowed*scale) {
		t.Fatalf("%s, length %d: element %d is %v, want %v", what, len(got), at, got[at], want[at])
	}
}

func TestSoftmaxRow(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	onLevels(t, func(t *testing.T) {
		r := newRand(5)
		for _, n := range lengths {
			for _, spread := range []float32{1, 30, 1000} {
				x, dst := guardFloats(n, n%3), guardFloats(n, n%4)
				fillNormal(r, x.data)
				Scale(x.data, spread, x.data)
				SoftmaxRow(dst.data, x.data)
				dst.check(t, same, "SoftmaxRow")
				x.check(t, same, "SoftmaxRow")
				top, sum, total := math.Inf(-1), 0.0, 0.0
				for _, v := range x.data {
					top = max(top, float64(v))
				}
				want := make([]float64, n)
				for i, v := range x.data {
					want[i] = math.Exp(float64(v) - top)
					sum += want[i]
				}
				for i := range want {
					want[i] /= sum
					total += float64(dst.data[i])
				}
				// x-max is rounded to float32 before the exponential: up to half a unit
				// of a difference of some 100, beyond which nothing is left.
				compareRow(t, "SoftmaxRow", dst.data, want, 8e-6, 1)
				if n > 0 && math.Abs(total-1) > 1e-6 {
					t.Fatalf("length %d: the row sums to %v", n, total)
				}
				SoftmaxRow(x.data, x.data)
				for i, v := range x.data {
					if v != dst.data[i] {
						t.Fatalf("length %d, element %d: %v in place, %v otherwise", n, i, v, dst.data[i])
					}
				}
			}
		}
		for _, tc := range []struct{ x, want []float64 }{
			{[]float64{0, -inf, 0}, []float64{0.5, 0, 0.5}},
			{[]float64{1e30, 1e30}, []float64{0.5, 0.5}},
			{[]float64{-3e38, 3e38}, []float64{0, 1}},
			{[]float64{-inf, -inf}, []float64{nan, nan}},
			{[]float64{0, inf}, []float64{nan, nan}},
			{[]float64{0, nan, 1}, []float64{nan, nan, nan}},
			{[]float64{nan, 0, 1}, []float64{nan, nan, nan}},
		} {
			x := make([]float32, len(tc.x))
			for i, v := range tc.x {
				x[i] = float32(v)
			}
			SoftmaxRow(x, x)
			for i, got := range x {
				if !same(float64(got), tc.want[i]) {
					t.Errorf("softmax of %v is %v, want %v", tc.x, x, tc.want)
					break
				}
			}
		}
	})
}

func TestExpRow(t *testing.T) {
	onLevels(t, func(t *testing.T) {
		r := newRand(7)
		for _, n := range lengths {
			for _, spread := range []float32{1, 30, 1000} {
				x, dst := guardFloats(n, n%3), guardFloats(n, n%4)
				fillNormal(r, x.data)
				Scale(x.data, spread, x.data)
				top, sum := ExpRow(dst.data, x.data)
				dst.check(t, same, "ExpRow")
				x.check(t, same, "ExpRow")
				wantTop, wantSum := math.Inf(-1), 0.0
				for _, v := range x.data {
					wantTop = max(wantTop, float64(v))
				}
				want := make([]float64, n)
				for i, v := range x.data {
					want[i] = math.Exp(float64(v) - wantTop)
					wantSum += float64(dst.data[i])
				}
				if float64(top) != wantTop || math.Abs(sum-wantSum) > 1e-14*float64(n)*wantSum {
					t.Fatalf("ExpRow, length %d: got top %v and sum %v, want %v and %v", n, top, sum, wantTop, wantSum)
				}
				compareRow(t, "ExpRow", dst.data, want, 8e-6, 1) // as for SoftmaxRow
			}
		}
		inf, nan := float32(math.Inf(1)), float32(math.NaN())
		for _, x := range [][]float32{{nan}, {0, nan, 1}, {inf, 0}, {-inf, -inf}} {
			if _, sum := ExpRow(make([]float32, len(x)), x); !math.IsNaN(sum) {
				t.Errorf("ExpRow(%v): got sum %v, want NaN", x, sum)
			}
		}
		x := []float32{1000, 1000, -inf}
		if top, sum := ExpRow(x, x); top != 1000 || sum != 2 || x[2] != 0 {
			t.Errorf("got top %v, sum %v and row %v, want 1000, 2 and a last element of 0", top, sum, x)
		}
	})
}

func TestNormRows(t *testing.T) {
	const eps = 1e-5
	onLevels(t, func(t *testing.T) {
		RMSNormRow(nil, nil, nil, eps) // does nothing
		LayerNormRow(nil, nil, nil, nil, eps)
		r := newRand(6)
		for _, n := range lengths[1:] {
			x, w, b := guardFloats(n, n%3), guardFloats(n, n%4), guardFloats(n, n%5)
			dst := guardFloats(n, n%2)
			fillNormal(r, x.data)
			fillNormal(r, w.data)
			fillNormal(r, b.data)
			for i := range x.data {
				x.data[i] += 3
			}
			check := func() {
				t.Helper()
				for _, g := range []*guarded[float32]{x, w, b, dst} {
					g.check(t, same, "norm")
				}
			}
			var sum, squares, deviation float64
			for _, v := range x.data {
				sum += float64(v)
				squares += float64(v) * float64(v)
			}
			mean := sum / float64(n)
			for _, v := range x.data {
				deviation += (float64(v) - mean) * (float64(v) - mean)
			}
			want := make([]float64, n)

			inv := 1 / math.Sqrt(squares/float64(n)+float64(float32(eps)))
			for i, v := range x.data {
				want[i] = float64(v) * inv * float64(w.data[i])
			}
			got := RMSNormRow(dst.data, x.data, w.data, eps)
			check()
			// A few roundings of numbers below 3·4.
			compareRow(t, "RMSNormRow", dst.data, want, 4*0x1p-24, 12)
			if ulps(got, inv) > 1 {
				t.Fatalf("RMSNormRow, length %d: returned %v, want %v", n, got, inv)
			}

			std := 1 / math.Sqrt(deviation/float64(n)+float64(float32(eps)))
			for _, bias := range [][]float32{nil, b.data} {
				for i, v := range x.data {
					want[i] = (float64(v) - mean) * std * float64(w.data[i])
					if bias != nil {
						want[i] += float64(bias[i])
					}
				}
				gotMean, gotStd := LayerNormRow(dst.data, x.data, w.data, bias, eps)
				check()
				// The mean is rounded to float32; with a single element it is all there is.
				compareRow(t, "LayerNormRow", dst.data, want, 16*0x1p-24, 12*max(1, std/10))
				if ulps(gotMean, mean) > 1 || ulps(gotStd, std) > 1 {
					t.Fatalf("LayerNormRow, length %d: returned %v %v, want %v %v", n, gotMean, gotStd, mean, std)
				}
			}
		}
		// A row whose variance is far below its mean must not cancel to nothing.
		x, w := []float32{10000, 10001, 10002, 10003}, []float32{1, 1, 1, 1}
		LayerNormRow(x, x, w, nil, 0)
		compareRow(t, "LayerNormRow", x, []float64{-1.3416408, -0.4472136, 0.4472136, 1.3416408}, 1e-6, 1)
	})
}

func TestRoPERow(t *testing.T) {
	onLevels(t, func(t *testing.T) {
		r := newRand(8)
		for _, half := range []int{1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 32, 33, 64} {
			for heads := range 4 {
				n := heads * 2 * half
				x, dst := guardFloats(n, heads), guardFloats(n, half%4)
				cos, sin, back := make([]float32, half), make([]float32, half), make([]float32, half)
				for i := range cos {
					s, c := math.Sincos(r.Float64() * 7)
					cos[i], sin[i], back[i] = float32(c), float32(s), float32(-s)
				}
				fillNormal(r, x.data)
				want := make([]float64, n)
				for h := range heads {
					for i := range half {
						lo, hi := h*2*half+i, h*2*half+half+i
						want[lo] = float64(x.data[lo])*float64(cos[i]) - float64(x.data[hi])*float64(sin[i])
						want[hi] = float64(x.data[hi])*float64(cos[i]) + float64(x.data[lo])*float64(sin[i])
					}
				}
				RoPERow(dst.data, x.data, cos, sin)
				dst.check(t, same, "RoPERow")
				x.check(t, same, "RoPERow")
				compareRow(t, "RoPERow", dst.data, want, 4*0x1p-24, 4)
				before := widen(x.data)
				RoPERow(x.data, x.data, cos, sin)
				compareRow(t, "RoPERow in place", x.data, want, 4*0x1p-24, 4)
				RoPERow(x.data, x.data, cos, back)
				compareRow(t, "RoPERow and back", x.data, before, 8*0x1p-24, 4)
			}
		}
	})
}
