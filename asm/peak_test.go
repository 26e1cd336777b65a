package asm

import (
	"math"
	"testing"
)

func TestMultiplyAddLoops(t *testing.T) {
	onLevels(t, func(t *testing.T) {
		for _, f := range []func(int) int{MultiplyAddLoop32, MultiplyAddLoop64} {
			one := f(1)
			if one <= 0 {
				t.Errorf("one turn makes %d operations", one)
			}
			for _, turns := range []int{0, 2, 1000} {
				if got := f(turns); got != turns*one {
					t.Errorf("%d turns make %d operations, want %d", turns, got, turns*one)
				}
			}
			if got := f(-1); got != 0 {
				t.Errorf("-1 turns make %d operations, want none", got)
			}
		}
		if MultiplyAddLoop32(1) < MultiplyAddLoop64(1) {
			t.Error("a turn in float32 makes fewer operations than one in float64")
		}
	})
}

// TestReadLoop: every element counts, whatever the length and the place, and
// none beyond.
func TestReadLoop(t *testing.T) {
	onLevels(t, func(t *testing.T) {
		r := newRand(1)
		for _, n := range []int{0, 1, 3, 4, 5, 63, 64, 65, 127, 128, 129, 255, 256, 1000, 4099} {
			for offset := range 3 {
				g := guardFloats(n, offset)
				var want uint32
				for i := range g.data {
					bits := r.Uint32()
					g.data[i] = math.Float32frombits(bits)
					want ^= bits
				}
				if got := ReadLoop(g.data); got != want {
					t.Errorf("length %d, offset %d: bits %#x, want %#x", n, offset, got, want)
				}
				g.check(t, sameBits, "ReadLoop")
			}
		}
	})
}

func BenchmarkMultiplyAddLoops(b *testing.B) {
	for _, level := range Levels() {
		for name, f := range map[string]func(int) int{"float32": MultiplyAddLoop32, "float64": MultiplyAddLoop64} {
			b.Run(name+"/"+level.String(), func(b *testing.B) {
				withLevel(b, level)
				flops := 0
				for b.Loop() {
					flops += f(10_000)
				}
				b.ReportMetric(float64(flops)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}

func BenchmarkReadLoop(b *testing.B) {
	x := make([]float32, 16<<20) // 64 MiB
	for i := range x {
		x[i] = 1
	}
	for _, level := range Levels() {
		b.Run(level.String(), func(b *testing.B) {
			withLevel(b, level)
			b.SetBytes(int64(4 * len(x)))
			for b.Loop() {
				ReadLoop(x)
			}
		})
	}
}
