package nn_test

import (
	"fmt"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

// pieces returns rows [lo, hi) of each of batch sequences of the given length.
func pieces(x *tensor.Tensor, batch, length, lo, hi int) *tensor.Tensor {
	y := tensor.New(batch*(hi-lo), x.Dim(1))
	for b := range batch {
		y.Rows(b*(hi-lo), (b+1)*(hi-lo)).CopyFrom(x.Rows(b*length+lo, b*length+hi))
	}
	return y
}

// Feeding sequences piece by piece gives what one pass gives.
func TestKVCache(t *testing.T) {
	const length, hidden = 12, 16
	for _, batch := range []int{1, 3} {
		for _, cuts := range [][]int{{0, 12}, {0, 5, 6, 7, 12}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}} {
			t.Run(fmt.Sprintf("batch %d cuts %v", batch, cuts), func(t *testing.T) {
				rng := newRNG(3)
				layers := []*nn.Attention{newAttention(t, 4, 2, 4, hidden), newAttention(t, 4, 1, 4, hidden)}
				x := random(rng, 1, batch*length, hidden)
				forward := func(c *nn.Context, h *tensor.Tensor) *tensor.Tensor {
					v := autograd.Const(h)
					for _, a := range layers {
						v = a.Forward(c, v)
					}
					return v.Value
				}
				for _, a := range layers {
					fill(rng, a.Walk)
				}
				want := forward(&nn.Context{SeqLen: length}, x)
				cache := nn.NewKVCache()
				for i, lo := range cuts[:len(cuts)-1] {
					hi := cuts[i+1]
					if cache.Len() != lo {
						t.Fatalf("cache holds %d positions, want %d", cache.Len(), lo)
					}
					got := forward(&nn.Context{SeqLen: hi - lo, Cache: cache}, pieces(x, batch, length, lo, hi))
					// Only the grouping of sums differs.
					checkClose(t, fmt.Sprintf("positions %d to %d", lo, hi), got, pieces(want, batch, length, lo, hi), 1e-5)
				}
				// Going back and on again gives the same rows once more.
				cache.Truncate(4)
				got := forward(&nn.Context{SeqLen: 3, Cache: cache}, pieces(x, batch, length, 4, 7))
				checkClose(t, "after Truncate(4)", got, pieces(want, batch, length, 4, 7), 1e-5)
				cache.Reset()
				if cache.Len() != 0 {
					t.Errorf("after Reset the cache holds %d positions", cache.Len())
				}
			})
		}
	}
}

// Step continues what Forward left in a cache, over several blocks of it, and the other way round.
func TestAttentionStep(t *testing.T) {
	const length, hidden = 300, 16
	for _, kvHeads := range []int{1, 2, 4} {
		rng := newRNG(9)
		a := newAttention(t, 4, kvHeads, 4, hidden)
		fill(rng, a.Walk)
		x := random(rng, 1, length, hidden)
		want := a.Forward(&nn.Context{SeqLen: length}, autograd.Const(x)).Value
		cache, s := nn.NewKVCache(), nn.NewStep()
		at := 0
		forward := func(n int) {
			got := a.Forward(&nn.Context{SeqLen: n, Cache: cache}, autograd.Const(x.Rows(at, at+n))).Value
			checkClose(t, fmt.Sprintf("%d KV heads, Forward at %d", kvHeads, at), got, want.Rows(at, at+n), 1e-5)
			at += n
		}
		step := func(n int) {
			for range n {
				s.Begin([]*nn.KVCache{cache})
				checkClose(t, fmt.Sprintf("%d KV heads, Step at %d", kvHeads, at), a.Step(s, x.Rows(at, at+1)), want.Rows(at, at+1), 1e-5)
				at++
			}
		}
		forward(100)
		step(60)
		forward(100)
		step(40)
		if cache.Len() != length || cache.Bytes() == 0 {
			t.Errorf("the cache holds %d positions in %d bytes, want %d", cache.Len(), cache.Bytes(), length)
		}
	}
}

// A step in memory that earlier steps left takes no more of it.
func TestStepMemory(t *testing.T) {
	s := nn.NewStep()
	s.Begin([]*nn.KVCache{nn.NewKVCache()})
	a, mark := s.Take(1, 8), s.Mark()
	b := s.Take(2, 3)
	s.Release(mark)
	if c := s.Take(2, 3); c != b || c == a {
		t.Error("memory was not used again after Release")
	}
	if c := s.Take(4, 4); c.Dim(0) != 4 || c.Dim(1) != 4 {
		t.Errorf("got shape %v, want 4×4", c.Shape())
	}
	s.Begin([]*nn.KVCache{nn.NewKVCache(), nn.NewKVCache()})
	if s.Rows() != 2 || s.Take(1, 8) != a {
		t.Error("Begin did not start over")
	}
	if c := s.Take(3, 2); c == b || c.Dim(0) != 3 {
		t.Error("memory of another shape was handed out")
	}
}

func TestKVCacheMisuse(t *testing.T) {
	a := newAttention(t, 2, 2, 4, 8)
	fill(newRNG(1), a.Walk)
	x := autograd.Const(tensor.New(4, 8))
	if got := panics(func() {
		a.Forward(&nn.Context{SeqLen: 4, Cache: nn.NewKVCache(), Tape: autograd.NewTape()}, x)
	}); got == nil {
		t.Error("a cache together with a tape did not panic")
	}
	cache := nn.NewKVCache()
	a.Forward(&nn.Context{SeqLen: 4, Cache: cache}, x)
	if got := panics(func() { a.Forward(&nn.Context{SeqLen: 2, Cache: cache}, x) }); got == nil {
		t.Error("changing the batch of a cache did not panic")
	}
}
