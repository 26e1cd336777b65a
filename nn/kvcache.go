package nn

import (
	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/tensor"
)

// KVCache keeps the keys and values that each attention layer has computed, so that a model can be
// fed a text piece by piece. A cache belongs to one model and one batch; give every pass of the same
// sequences the same cache. It serves inference only and one pass at a time.
type KVCache struct {
	entries map[*Attention]*kvEntry
	first   *kvEntry // of the layer that ran first, which leads the others during a pass
}

// kvBlock is the number of positions for which a cache gets memory at a time. Blocks are never moved,
// so that a long text costs no copies, and hold the rows of each head together, as attention reads
// them.
const kvBlock = 128

// kvEntry holds one layer's rows.
type kvEntry struct {
	rows      int // positions held
	sequences []kvSequence
}

// kvSequence holds the blocks of one sequence, each [KVHeads, kvBlock, HeadDim].
type kvSequence struct{ keys, values [][]float32 }

// NewKVCache returns an empty cache.
func NewKVCache() *KVCache { return &KVCache{} }

// Len returns the number of positions held, which is the position of the next row.
func (k *KVCache) Len() int {
	if k.first == nil {
		return 0
	}
	return k.first.rows
}

// Reset empties the cache and keeps nothing.
func (k *KVCache) Reset() { k.entries, k.first = nil, nil }

// Truncate forgets all but the first n positions; n beyond Len does nothing.
func (k *KVCache) Truncate(n int) {
	for _, e := range k.entries {
		e.rows = max(0, min(e.rows, n))
	}
}

// Bytes returns the size of what the cache holds memory for.
func (k *KVCache) Bytes() int64 {
	var n int64
	for _, e := range k.entries {
		for _, s := range e.sequences {
			for i := range s.keys {
				n += 4 * int64(len(s.keys[i])+len(s.values[i]))
			}
		}
	}
	return n
}

// rows returns the number of positions held for one layer.
func (k *KVCache) rows(a *Attention) int {
	if e := k.entries[a]; e != nil {
		return e.rows
	}
	return 0
}

// entry returns the rows of a layer in a cache for so many sequences.
func (k *KVCache) entry(a *Attention, batch int) *kvEntry {
	e := k.entries[a]
	if e == nil {
		e = &kvEntry{sequences: make([]kvSequence, batch)}
		if k.entries == nil {
			k.entries, k.first = map[*Attention]*kvEntry{}, e
		}
		k.entries[a] = e
	}
	if len(e.sequences) != batch {
		panic(&tensor.ShapeError{Op: "nn.KVCache batch", Got: []int{batch}, Want: []int{len(e.sequences)}})
	}
	return e
}

// extend appends the new rows [batch·new, width] of a layer and returns all of its rows
// [batch·(held+new), width].
func (k *KVCache) extend(a *Attention, batch int, key, value *autograd.Var) (keys, values *autograd.Var) {
	e := k.entry(a, batch)
	added := key.Value.Dim(0) / batch
	for b := range e.sequences {
		for i := range added {
			e.sequences[b].put(a, e.rows+i, key.Value.Row(b*added+i), value.Value.Row(b*added+i))
		}
	}
	held := e.rows
	e.rows += added
	if held == 0 {
		return key, value
	}
	ks, vs := tensor.New(batch*e.rows, key.Value.Dim(1)), tensor.New(batch*e.rows, key.Value.Dim(1))
	for b, s := range e.sequences {
		for i := range e.rows {
			s.get(a, i, ks.Row(b*e.rows+i), vs.Row(b*e.rows+i))
		}
	}
	return autograd.Const(ks), autograd.Const(vs)
}

// put stores the row of a position, which is at most one behind the last.
func (s *kvSequence) put(a *Attention, position int, key, value []float32) {
	if position/kvBlock == len(s.keys) {
		size := a.KVHeads * kvBlock * a.HeadDim
		s.keys, s.values = append(s.keys, make([]float32, size)), append(s.values, make([]float32, size))
	}
	s.each(a, position, func(k, v []float32, lo, hi int) {
		copy(k, key[lo:hi])
		copy(v, value[lo:hi])
	})
}

// get copies the row of a position.
func (s *kvSequence) get(a *Attention, position int, key, value []float32) {
	s.each(a, position, func(k, v []float32, lo, hi int) {
		copy(key[lo:hi], k)
		copy(value[lo:hi], v)
	})
}

// each shows the heads of a position: their storage, and where they are in a row.
func (s *kvSequence) each(a *Attention, position int, do func(k, v []float32, lo, hi int)) {
	keys, values := s.keys[position/kvBlock], s.values[position/kvBlock]
	for h := range a.KVHeads {
		at := (h*kvBlock + position%kvBlock) * a.HeadDim
		do(keys[at:at+a.HeadDim], values[at:at+a.HeadDim], h*a.HeadDim, (h+1)*a.HeadDim)
	}
}
