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
				var caches []*nn.KVCache
				for range batch {
					caches = append(caches, nn.NewKVCache())
				}
				for i, lo := range cuts[:len(cuts)-1] {
					hi := cuts[i+1]
					if n := caches[batch-1].Len(); n != lo {
						t.Fatalf("a cache holds %d positions, want %d", n, lo)
					}
					got := forward(&nn.Context{SeqLen: hi - lo, Caches: caches}, pieces(x, batch, length, lo, hi))
					// Only the grouping of sums differs.
					checkClose(t, fmt.Sprintf("positions %d to %d", lo, hi), got, pieces(want, batch, length, lo, hi), 1e-5)
				}
				// Going back and on again gives the same rows once more.
				for _, cache := range caches {
					cache.Truncate(4)
				}
				got := forward(&nn.Context{SeqLen: 3, Caches: caches}, pieces(x, batch, length, 4, 7))
				checkClose(t, "after Truncate(4)", got, pieces(want, batch, length, 4, 7), 1e-5)
				caches[0].Reset()
				if n := caches[0].Len(); n != 0 {
					t.Errorf("after Reset a cache holds %d positions", n)
				}
			})
		}
	}
}

// Pieces of several blocks and single tokens continue each other, for every number of key heads.
func TestAttentionToBlocks(t *testing.T) {
	const length, hidden = 300, 16
	for _, kvHeads := range []int{1, 2, 4} {
		rng := newRNG(9)
		a := newAttention(t, 4, kvHeads, 4, hidden)
		fill(rng, a.Walk)
		x := random(rng, 1, length, hidden)
		want := a.Forward(&nn.Context{SeqLen: length}, autograd.Const(x)).Value
		cache, arena := nn.NewKVCache(), autograd.NewArena()
		at := 0
		forward := func(n int, arena *autograd.Arena) {
			c := &nn.Context{SeqLen: n, Caches: []*nn.KVCache{cache}, Arena: arena}
			got := a.Forward(c, c.Const(x.Rows(at, at+n))).Value
			checkClose(t, fmt.Sprintf("%d KV heads, %d rows at %d", kvHeads, n, at), got, want.Rows(at, at+n), 1e-5)
			at += n
		}
		forward(100, nil)
		for range 60 {
			arena.Reset()
			forward(1, arena)
		}
		forward(100, nil)
		forward(39, arena)
		forward(1, nil)
		if cache.Len() != length || cache.Bytes() == 0 {
			t.Errorf("the cache holds %d positions in %d bytes, want %d", cache.Len(), cache.Bytes(), length)
		}
	}
}

// Sequences of a batch may be at different positions.
func TestCachesAtDifferentPositions(t *testing.T) {
	const hidden = 16
	rng := newRNG(10)
	a := newAttention(t, 4, 2, 4, hidden)
	fill(rng, a.Walk)
	lengths := []int{3, 150, 1}
	var texts []*tensor.Tensor
	var caches []*nn.KVCache
	for _, n := range lengths {
		x, cache := random(rng, 1, n+2, hidden), nn.NewKVCache()
		a.Forward(&nn.Context{SeqLen: n, Caches: []*nn.KVCache{cache}}, autograd.Const(x.Rows(0, n)))
		texts, caches = append(texts, x), append(caches, cache)
	}
	next := tensor.New(2*len(lengths), hidden)
	for i, n := range lengths {
		next.Rows(2*i, 2*i+2).CopyFrom(texts[i].Rows(n, n+2))
	}
	got := a.Forward(&nn.Context{SeqLen: 2, Caches: caches}, autograd.Const(next)).Value
	for i, n := range lengths {
		want := a.Forward(&nn.Context{SeqLen: n + 2}, autograd.Const(texts[i])).Value
		checkClose(t, fmt.Sprintf("sequence %d", i), got.Rows(2*i, 2*i+2), want.Rows(n, n+2), 1e-5)
	}
}

func TestKVCacheMisuse(t *testing.T) {
	a := newAttention(t, 2, 2, 4, 8)
	fill(newRNG(1), a.Walk)
	x := autograd.Const(tensor.New(4, 8))
	if got := panics(func() {
		a.Forward(&nn.Context{SeqLen: 4, Caches: []*nn.KVCache{nn.NewKVCache()}, Tape: autograd.NewTape()}, x)
	}); got == nil {
		t.Error("a cache together with a tape did not panic")
	}
	if got := panics(func() { a.Forward(&nn.Context{SeqLen: 2, Caches: []*nn.KVCache{nn.NewKVCache()}}, x) }); got == nil {
		t.Error("two sequences with one cache did not panic")
	}
}

// A cache is told how long the text becomes: keys that were rotated for a shorter one are forgotten.
func TestKVCacheExpect(t *testing.T) {
	for _, tt := range []struct {
		scaling nn.RoPEScaling
		expect  []int
		want    int // positions held behind the last of them
	}{
		{nn.RoPEScaling{}, []int{5, 50}, 3},
		{nn.RoPEScaling{Type: "dynamic", Factor: 2, OriginalPositions: 8}, []int{5, 8}, 3},
		{nn.RoPEScaling{Type: "dynamic", Factor: 2, OriginalPositions: 8}, []int{5, 9}, 0},
		{nn.RoPEScaling{Type: "dynamic", Factor: 2, OriginalPositions: 8}, []int{9, 8}, 3},
	} {
		a := newAttention(t, 2, 1, 4, 6)
		var err error
		if a.RoPE, err = nn.NewRoPE(4, 100, tt.scaling); err != nil {
			t.Fatal(err)
		}
		fill(newRNG(1), a.Walk)
		k := nn.NewKVCache()
		k.Expect(tt.expect[0])
		a.Forward(&nn.Context{SeqLen: 3, Caches: []*nn.KVCache{k}}, autograd.Const(random(newRNG(2), 1, 3, 6)))
		k.Expect(tt.expect[1])
		if k.Len() != tt.want {
			t.Errorf("%v, %v: %d positions held, want %d", tt.scaling.Type, tt.expect, k.Len(), tt.want)
		}
	}
}
