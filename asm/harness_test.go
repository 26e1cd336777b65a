package asm

import (
	"math"
	"math/rand/v2"
	"testing"
)

// onLevels runs a test once per level that this machine can use, so that a new
// level is tested as soon as it is listed.
func onLevels(t *testing.T, test func(t *testing.T)) {
	for _, level := range Levels() {
		t.Run(level.String(), func(t *testing.T) {
			withLevel(t, level)
			test(t)
		})
	}
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15)) }

// guarded is a slice between guard words.
type guarded[T any] struct {
	all  []T
	data []T
	lo   int
	word T
}

const guardWords = 40 // more than the widest vector

// guard returns n elements, offset elements past the alignment of a fresh
// allocation, surrounded by copies of word.
func guard[T any](n, offset int, word T) *guarded[T] {
	g := &guarded[T]{all: make([]T, n+offset+2*guardWords), lo: guardWords + offset, word: word}
	for i := range g.all {
		g.all[i] = word
	}
	g.data = g.all[g.lo : g.lo+n : g.lo+n]
	return g
}

// check reports guard words that were overwritten.
func (g *guarded[T]) check(t *testing.T, equal func(x, y T) bool, what string) {
	t.Helper()
	for i, v := range g.all {
		if inside := i >= g.lo && i < g.lo+len(g.data); !inside && !equal(v, g.word) {
			t.Fatalf("%s: wrote %v outside the slice, at index %d of length %d", what, v, i-g.lo, len(g.data))
		}
	}
}

func guardFloats(n, offset int) *guarded[float32] { return guard(n, offset, float32(-12345.5)) }

func sameBits(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) }

// same is equality with NaN equal to NaN.
func same[T Float](x, y T) bool { return x == y || x != x && y != y }

func fillNormal[T Float](r *rand.Rand, x []T) {
	for i := range x {
		x[i] = T(r.NormFloat64())
	}
}

// ulps returns the distance of got from want in units in the last place of
// want rounded to float32; 0 if both are NaN.
func ulps(got float32, want float64) float64 {
	switch {
	case math.IsNaN(want) || got != got:
		if math.IsNaN(want) && got != got {
			return 0
		}
		return math.Inf(1)
	case math.IsInf(float64(got), 0) || math.Abs(want) > math.MaxFloat32:
		if float32(want) == got {
			return 0
		}
		return math.Inf(1)
	}
	_, exponent := math.Frexp(want)
	unit := math.Ldexp(1, max(exponent-24, -149))
	return math.Abs(float64(got)-want) / unit
}

// unit returns the rounding unit of T.
func unit[T Float]() float64 {
	var x T
	if _, ok := any(x).(float32); ok {
		return 0x1p-24
	}
	return 0x1p-53
}
