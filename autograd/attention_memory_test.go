package autograd_test

import (
	"runtime"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/internal/parallel"
)

// TestAttentionMemory: forward and backward over a long text allocate what its queries, keys and values
// take a few times over, and blocks of scores: never anything with tokens in both dimensions.
func TestAttentionMemory(t *testing.T) {
	const tokens, whole = 4096, 4096 * 4096 * 4 // bytes of the scores of one head
	s := autograd.AttentionShape{Heads: 2, KVHeads: 1, HeadDim: 8, Queries: tokens, Keys: tokens, Scale: 0.35}
	q, k, v := attentionInputs(s, 1)
	dy := random(4, q.Shape()...)
	gradients(attention(s), dy, q, k, v) // products keep their workspaces from the first time on
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	gradients(attention(s), dy, q, k, v)
	runtime.ReadMemStats(&after)
	// Forward one block of 64 queries, backward two, for each thread.
	blocks := uint64(3 * min(parallel.Threads(), s.Heads) * 64 * tokens * 4)
	if got, most := after.TotalAlloc-before.TotalAlloc, blocks+16*uint64(q.Len())*4; got > most || most > whole/2 {
		t.Errorf("%d bytes were allocated, want at most %d; the scores of one head would be %d", got, most, whole)
	}
}
