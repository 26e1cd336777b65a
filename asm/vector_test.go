package asm

import (
	"fmt"
	"math"
	"testing"
)

// lengths covers every tail of every vector width, and a few loops.
var lengths = func() []int {
	var n []int
	for i := range 70 {
		n = append(n, i)
	}
	return append(n, 127, 128, 129, 255, 256, 257, 1000, 1023, 1025)
}()

// elementwise lists kernels whose result i depends on element i only.
var elementwise = []struct {
	name   string
	call   func(dst, x, y []float32)
	want   func(x, y float64) float64
	ulps   float64 // allowed distance from want
	binary bool    // y is used
}{
	{"Add", Add, func(x, y float64) float64 { return x + y }, 0.5, true},
	{"Sub", Sub, func(x, y float64) float64 { return x - y }, 0.5, true},
	{"Mul", Mul, func(x, y float64) float64 { return x * y }, 0.5, true},
	{"Scale", func(dst, x, _ []float32) { Scale(dst, -1.7, x) }, func(x, _ float64) float64 { return float64(float32(-1.7)) * x }, 0.5, false},
	{"Exp", func(dst, x, _ []float32) { Exp(dst, x) }, func(x, _ float64) float64 { return math.Exp(x) }, 3, false},
	{"Tanh", func(dst, x, _ []float32) { Tanh(dst, x) }, func(x, _ float64) float64 { return math.Tanh(x) }, 3, false},
	{"Sigmoid", func(dst, x, _ []float32) { Sigmoid(dst, x) }, sigmoidExact, 3, false},
	{"SiLU", func(dst, x, _ []float32) { SiLU(dst, x) }, siluExact, 3, false},
	{"GELU", func(dst, x, _ []float32) { GELU(dst, x) }, geluExact, 3, false},
	{"GELUTanh", func(dst, x, _ []float32) { GELUTanh(dst, x) }, geluTanhExact, 3, false},
	{"SwiGLU", SwiGLU, func(x, y float64) float64 { return siluExact(x, 0) * y }, 6, true},
}

func sigmoidExact(x, _ float64) float64 { return 1 / (1 + math.Exp(-x)) }

func siluExact(x, _ float64) float64 {
	if math.IsInf(x, -1) {
		return 0
	}
	return x / (1 + math.Exp(-x))
}

func geluExact(x, _ float64) float64 {
	if math.IsInf(x, -1) {
		return 0
	}
	return x / 2 * math.Erfc(-x/math.Sqrt2)
}

func geluTanhExact(x, _ float64) float64 {
	if math.IsInf(x, -1) {
		return 0
	}
	return x / (1 + math.Exp(-2*math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
}

// closeTo reports whether got is within the allowed distance. Tiny results may be
// flushed, see the contract.
func closeTo(got float32, want, allowed float64) bool {
	return ulps(got, want) <= allowed || math.Abs(want) < 1e-30 && math.Abs(float64(got)-want) <= 1e-35
}

func TestElementwise(t *testing.T) {
	onLevels(t, func(t *testing.T) {
		for _, k := range elementwise {
			t.Run(k.name, func(t *testing.T) {
				r := newRand(1)
				for _, n := range lengths {
					for offset := range 4 {
						x, y, dst := guardFloats(n, offset), guardFloats(n, offset+1), guardFloats(n, offset+2)
						fillNormal(r, x.data)
						fillNormal(r, y.data)
						k.call(dst.data, x.data, y.data)
						what := fmt.Sprintf("length %d, offset %d", n, offset)
						for _, g := range []*guarded[float32]{x, y, dst} {
							g.check(t, same, what)
						}
						for i, got := range dst.data {
							want := k.want(float64(x.data[i]), float64(y.data[i]))
							if !closeTo(got, want, k.ulps) {
								t.Fatalf("%s: element %d of x=%v y=%v is %v, want %v (%.2f ulp off)", what, i, x.data[i], y.data[i], got, want, ulps(got, want))
							}
							// The same element by itself gives the same bits.
							var alone [1]float32
							k.call(alone[:], x.data[i:i+1], y.data[i:i+1])
							if !sameBits(alone[0], got) {
								t.Fatalf("%s: element %d of x=%v y=%v is %v, but %v alone", what, i, x.data[i], y.data[i], got, alone[0])
							}
						}
						k.call(x.data, x.data, y.data)
						for i, got := range x.data {
							if got != dst.data[i] {
								t.Fatalf("%s: element %d is %v in place, %v otherwise", what, i, got, dst.data[i])
							}
						}
					}
				}
			})
		}
	})
}

// Every unary kernel over the whole range of float32, special values included.
func TestElementwiseRange(t *testing.T) {
	var x []float32
	for b := uint64(0); b < 1<<32; b += 9973 {
		x = append(x, math.Float32frombits(uint32(b)))
	}
	for v := float32(-110); v < 110; v += 0.0131 { // where the curves bend
		x = append(x, v)
	}
	inf := float32(math.Inf(1))
	x = append(x, 0, float32(math.Copysign(0, -1)), inf, -inf, float32(math.NaN()), math.MaxFloat32, -math.MaxFloat32, 1e-45)
	dst := make([]float32, len(x))
	onLevels(t, func(t *testing.T) {
		for _, k := range elementwise {
			if k.binary {
				continue
			}
			t.Run(k.name, func(t *testing.T) {
				k.call(dst, x, x)
				worst, at := 0.0, 0
				for i, got := range dst {
					want := k.want(float64(x[i]), 0)
					if !closeTo(got, want, k.ulps) {
						t.Fatalf("x=%v: got %v, want %v (%.2f ulp off)", x[i], got, want, ulps(got, want))
					}
					if u := ulps(got, want); math.Abs(want) > 1e-30 && u > worst {
						worst, at = u, i
					}
				}
				t.Logf("worst %.3f ulp at %v", worst, x[at])
			})
		}
	})
}

// sums lists kernels that reduce to one number, with the size of the terms that
// their error is measured against.
var sums = []struct {
	name string
	call func(x, y []float32) float64
	term func(x, y float64) float64
	unit float64
}{
	{"Dot", func(x, y []float32) float64 { return float64(Dot(x, y)) }, func(x, y float64) float64 { return x * y }, 0x1p-24},
	{"DotWide", DotWide, func(x, y float64) float64 { return x * y }, 0x1p-52},
	{"Sum", func(x, _ []float32) float64 { return Sum(x) }, func(x, _ float64) float64 { return x }, 0x1p-52},
	{"SumSquares", func(x, _ []float32) float64 { return SumSquares(x) }, func(x, _ float64) float64 { return x * x }, 0x1p-52},
	{"Dot64", func(x, y []float32) float64 { return Dot64(widen(x), widen(y)) }, func(x, y float64) float64 { return x * y }, 0x1p-52},
}

func widen(x []float32) []float64 {
	w := make([]float64, len(x))
	for i, v := range x {
		w[i] = float64(v)
	}
	return w
}

func TestSums(t *testing.T) {
	onLevels(t, func(t *testing.T) {
		for _, k := range sums {
			t.Run(k.name, func(t *testing.T) {
				r := newRand(2)
				for _, n := range append(lengths, 100_000) {
					for offset := range 4 {
						x, y := guardFloats(n, offset), guardFloats(n, 2*offset)
						fillNormal(r, x.data)
						fillNormal(r, y.data)
						got := k.call(x.data, y.data)
						want, size := 0.0, 0.0
						for i, v := range x.data {
							term := k.term(float64(v), float64(y.data[i]))
							want += term
							size += math.Abs(term)
						}
						if bound := float64(n+1) * k.unit * size; !(math.Abs(got-want) <= bound) {
							t.Fatalf("length %d, offset %d: got %v, want %v, difference %g above the bound %g", n, offset, got, want, math.Abs(got-want), bound)
						}
						if again := k.call(append([]float32{0}, x.data...)[1:], y.data); again != got {
							t.Fatalf("length %d: got %v at one alignment and %v at another", n, got, again)
						}
					}
				}
				nan := float32(math.NaN())
				for i := range 70 {
					x := make([]float32, 70)
					y := make([]float32, 70)
					x[i], y[i] = nan, nan
					if got := k.call(x, y); got == got {
						t.Fatalf("NaN at %d: got %v", i, got)
					}
				}
			})
		}
	})
}

func TestAxpy(t *testing.T) {
	onLevels(t, func(t *testing.T) {
		t.Run("float32", func(t *testing.T) { testAxpy(t, Axpy) })
		t.Run("float64", func(t *testing.T) { testAxpy(t, Axpy64) })
	})
}

func testAxpy[T Float](t *testing.T, axpy func(alpha T, x, y []T)) {
	r := newRand(3)
	for _, n := range lengths {
		for offset := range 4 {
			x, y := guard(n, offset, T(99)), guard(n, 2*offset+1, T(99))
			fillNormal(r, x.data)
			fillNormal(r, y.data)
			before := append([]T(nil), y.data...)
			alpha := T(-0.3)
			axpy(alpha, x.data, y.data)
			x.check(t, same, "x")
			y.check(t, same, "y")
			for i, got := range y.data {
				p, q := float64(alpha)*float64(x.data[i]), float64(before[i])
				if bound := 2.02 * unit[T]() * (math.Abs(p) + math.Abs(q)); !(math.Abs(float64(got)-(p+q)) <= bound) {
					t.Fatalf("length %d, offset %d, element %d: got %v, want %v", n, offset, i, got, p+q)
				}
				alone := []T{before[i]}
				axpy(alpha, x.data[i:i+1], alone)
				if alone[0] != got {
					t.Fatalf("length %d, element %d: got %v, but %v alone", n, i, got, alone[0])
				}
			}
		}
	}
}

func TestMaxAbs(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(-1))
	onLevels(t, func(t *testing.T) {
		r := newRand(4)
		for _, n := range lengths {
			x := guardFloats(n, n%5)
			fillNormal(r, x.data)
			want := float32(0)
			for _, v := range x.data {
				want = max(want, float32(math.Abs(float64(v))))
			}
			if got := MaxAbs(x.data); got != want {
				t.Fatalf("length %d: got %v, want %v", n, got, want)
			}
			for _, i := range []int{0, n / 2, n - 1} {
				if n == 0 {
					continue
				}
				x.data[i] = inf
				if got := MaxAbs(x.data); got != -inf {
					t.Fatalf("length %d, -Inf at %d: got %v", n, i, got)
				}
				x.data[i] = nan
				if got := MaxAbs(x.data); got == got {
					t.Fatalf("length %d, NaN at %d: got %v", n, i, got)
				}
				x.data[i] = 0
			}
		}
	})
}

func TestSwiGLUGrad(t *testing.T) {
	inf := float32(math.Inf(1))
	onLevels(t, func(t *testing.T) {
		r := newRand(9)
		for _, n := range lengths {
			for _, spread := range []float32{1, 30} {
				dy, gate, up := guardFloats(n, n%3), guardFloats(n, n%4), guardFloats(n, n%5)
				dGate, dUp := guardFloats(n, n%2), guardFloats(n, n%7)
				for _, g := range []*guarded[float32]{dy, gate, up} {
					fillNormal(r, g.data)
				}
				Scale(gate.data, spread, gate.data)
				if n > 3 {
					gate.data[3], gate.data[n-1] = -inf, -1000
				}
				SwiGLUGrad(dGate.data, dUp.data, dy.data, gate.data, up.data)
				for _, g := range []*guarded[float32]{dy, gate, up, dGate, dUp} {
					g.check(t, same, "SwiGLUGrad")
				}
				for i := range n {
					d, x, u := float64(dy.data[i]), float64(gate.data[i]), float64(up.data[i])
					s, silu := sigmoidExact(x, 0), siluExact(x, 0)
					wantUp, wantGate := d*silu, d*u*(s+silu*(1-s))
					// The two terms of silu' cancel near -1.28.
					if !closeTo(dUp.data[i], wantUp, 6) || !(math.Abs(float64(dGate.data[i])-wantGate) <= 1e-6*math.Abs(d*u*(s+math.Abs(silu)))+1e-35) {
						t.Fatalf("length %d, element %d: dy %v, gate %v, up %v: got %v and %v, want %v and %v",
							n, i, d, x, u, dGate.data[i], dUp.data[i], wantGate, wantUp)
					}
				}
				SwiGLUGrad(dy.data, up.data, dy.data, gate.data, up.data)
				for i := range n {
					if !same(dy.data[i], dGate.data[i]) || !same(up.data[i], dUp.data[i]) {
						t.Fatalf("length %d, element %d: %v and %v in place, %v and %v otherwise", n, i, dy.data[i], up.data[i], dGate.data[i], dUp.data[i])
					}
				}
			}
		}
	})
}

func TestShortSlicesPanic(t *testing.T) {
	long, short := make([]float32, 3), make([]float32, 2)
	for name, call := range map[string]func(){
		"Dot":        func() { Dot(long, short) },
		"Axpy":       func() { Axpy(1, long, short) },
		"Scale":      func() { Scale(short, 1, long) },
		"Add":        func() { Add(short, long, long) },
		"Add y":      func() { Add(long, long, short) },
		"Exp":        func() { Exp(short, long) },
		"SwiGLU":     func() { SwiGLU(long, long, short) },
		"SwiGLU dUp": func() { SwiGLUGrad(long, short, long, long, long) },
		"Softmax":    func() { SoftmaxRow(short, long) },
		"RMSNorm":    func() { RMSNormRow(long, long, short, 1) },
		"LayerNorm":  func() { LayerNormRow(long, long, long, short, 1) },
		"RoPE":       func() { RoPERow(long, long, short, short) },
		"RoPE sin":   func() { RoPERow(make([]float32, 4), make([]float32, 4), short, short[:1:1]) },
		"Widen":      func() { Widen(Float16, short, make([]byte, 3)) },
		"Narrow":     func() { Narrow(BFloat16, make([]byte, 5), long) },
		"format":     func() { Widen(formats, short, make([]byte, 4)) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			call()
		})
	}
}
