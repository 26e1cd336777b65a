package asm

import (
	"fmt"
	"math"
	"testing"
)

// Both kernels for every number of keys around their steps and for head dimensions that fill vectors
// and strips and do not, at unaligned places, against float64.
func TestAttend(t *testing.T) {
	onLevels(t, func(t *testing.T) {
		r := newRand(3)
		for _, d := range []int{1, 12, 16, 32, 48, 64, 80, 96, 128, 160} {
			for n := range 20 {
				offset := (n + d) % 5
				q, k, p := guardFloats(d, offset), guardFloats(n*d, 1), guardFloats(n, 2)
				fillNormal(r, q.data)
				fillNormal(r, k.data)
				fillNormal(r, p.data)
				const scale = 0.25
				s := guardFloats(n, offset)
				AttendScores(s.data, scale, q.data, k.data)
				for i, got := range s.data {
					want, size := 0.0, 0.0
					for j, v := range q.data {
						x := float64(v) * float64(k.data[i*d+j])
						want, size = want+x, size+math.Abs(x)
					}
					attendClose(t, fmt.Sprintf("score %d of %d, %d wide", i, n, d), got, scale*want, scale*size*float64(d))
				}
				y := guardFloats(d, 3)
				fillNormal(r, y.data)
				before := append([]float32(nil), y.data...)
				AttendSum(y.data, p.data, k.data)
				for j, got := range y.data {
					want, size := float64(before[j]), math.Abs(float64(before[j]))
					for i, v := range p.data {
						x := float64(v) * float64(k.data[i*d+j])
						want, size = want+x, size+math.Abs(x)
					}
					attendClose(t, fmt.Sprintf("column %d of %d, %d values", j, d, n), got, want, size*float64(n+1))
				}
				for what, g := range map[string]*guarded[float32]{"query": q, "keys": k, "weights": p, "scores": s, "sums": y} {
					g.check(t, sameBits, what)
				}
			}
		}
	})
}

// attendClose fails when got is off by more than the bound of a sum of products of the given size.
func attendClose(t *testing.T, what string, got float32, want, size float64) {
	t.Helper()
	if d := math.Abs(float64(got) - want); !(d <= 0x1p-23*size+1e-30) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// NaN reaches every result that depends on it, and no other.
func TestAttendNaN(t *testing.T) {
	onLevels(t, func(t *testing.T) {
		const n, d = 9, 64
		nan := float32(math.NaN())
		for at := range n {
			q, k, s := make([]float32, d), make([]float32, n*d), make([]float32, n)
			k[at*d+7] = nan
			AttendScores(s, 1, q, k)
			for i, v := range s {
				if (v != v) != (i == at) {
					t.Errorf("NaN in key %d: score %d is %v", at, i, v)
				}
			}
			y := make([]float32, d)
			AttendSum(y, s[:n], make([]float32, n*d))
			for j, v := range y {
				if v == v {
					t.Errorf("NaN in weight %d: column %d is %v", at, j, v)
				}
			}
		}
	})
}

func TestAttendBadLengths(t *testing.T) {
	for name, f := range map[string]func(){
		"too few keys":   func() { AttendScores(make([]float32, 3), 1, make([]float32, 16), make([]float32, 47)) },
		"too few values": func() { AttendSum(make([]float32, 64), make([]float32, 3), make([]float32, 191)) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

func BenchmarkAttend(b *testing.B) {
	const n, d = 128, 64
	r := newRand(1)
	q, k, s := make([]float32, d), make([]float32, n*d), make([]float32, n)
	fillNormal(r, q)
	fillNormal(r, k)
	b.Run("scores", func(b *testing.B) {
		b.SetBytes(4 * n * d)
		for b.Loop() {
			AttendScores(s, 1, q, k)
		}
	})
	b.Run("sum", func(b *testing.B) {
		b.SetBytes(4 * n * d)
		for b.Loop() {
			AttendSum(q, s, k)
		}
	})
}
