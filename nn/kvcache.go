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

// kvEntry holds one layer's rows, per sequence because sequences grow.
type kvEntry struct {
	rows         int         // positions held
	keys, values [][]float32 // [batch] of [rows · KVHeads·HeadDim]
}

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

// rows returns the number of positions held for one layer.
func (k *KVCache) rows(a *Attention) int {
	if e := k.entries[a]; e != nil {
		return e.rows
	}
	return 0
}

// extend appends the new rows [batch·new, width] of a layer and returns all of its rows
// [batch·(held+new), width].
func (k *KVCache) extend(a *Attention, batch int, key, value *autograd.Var) (keys, values *autograd.Var) {
	e := k.entries[a]
	if e == nil {
		e = &kvEntry{keys: make([][]float32, batch), values: make([][]float32, batch)}
		if k.entries == nil {
			k.entries, k.first = map[*Attention]*kvEntry{}, e
		}
		k.entries[a] = e
	}
	if len(e.keys) != batch {
		panic(&tensor.ShapeError{Op: "nn.KVCache batch", Got: []int{batch}, Want: []int{len(e.keys)}})
	}
	added := key.Value.Dim(0) / batch
	keys = appendRows(e.keys, e.rows, added, key.Value)
	values = appendRows(e.values, e.rows, added, value.Value)
	e.rows += added
	return keys, values
}

// appendRows puts x's rows behind the rows held of each sequence and returns all of them as one
// constant. A single sequence needs no copy: the result shares the cache's storage, whose held
// rows never change.
func appendRows(held [][]float32, rows, added int, x *tensor.Tensor) *autograd.Var {
	width := x.Dim(1)
	for b := range held {
		held[b] = append(held[b][:rows*width], x.Rows(b*added, (b+1)*added).Data()...)
	}
	total := rows + added
	if len(held) == 1 {
		return autograd.Const(tensor.FromSlice(held[0], total, width))
	}
	all := make([]float32, 0, len(held)*total*width)
	for _, h := range held {
		all = append(all, h...)
	}
	return autograd.Const(tensor.FromSlice(all, len(held)*total, width))
}
