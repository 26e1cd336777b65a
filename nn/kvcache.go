package nn

// KVCache keeps the keys and values that each attention layer has computed for one sequence, so that a
// model can be fed a text piece by piece. A cache belongs to one model; give every pass of the same
// sequence the same cache. It serves inference only and one pass at a time.
type KVCache struct {
	entries map[*Attention]*kvEntry
	first   *kvEntry // of the layer that ran first, which leads the others during a pass

	expected int // positions that the text will have
}

// kvBlock is the number of positions for which a cache gets memory at a time. Blocks are never moved,
// so that a long text costs no copies, and hold the rows of each head together, as attention reads
// them.
const kvBlock = 128

// kvEntry holds one layer's rows, in blocks of [KVHeads, kvBlock, HeadDim].
type kvEntry struct {
	rows         int // positions held
	keys, values [][]float32
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

// Expect says how many positions the text will have in the end. Models whose rotation of queries and keys depends
// on that give all positions the one of the whole text then, as a single pass over it does. Where the positions held
// were rotated for a shorter text the cache is empty afterwards, and the text has to be fed again.
func (k *KVCache) Expect(positions int) {
	before := max(k.expected, k.Len())
	k.expected = max(k.expected, positions)
	for a := range k.entries {
		if a.RoPE != nil && a.RoPE.scaling.stretch(before) != a.RoPE.scaling.stretch(k.expected) {
			k.Reset()
			return
		}
	}
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
		for i := range e.keys {
			n += 4 * int64(len(e.keys[i])+len(e.values[i]))
		}
	}
	return n
}

// entry returns the rows of a layer.
func (k *KVCache) entry(a *Attention) *kvEntry {
	e := k.entries[a]
	if e == nil {
		e = &kvEntry{}
		if k.entries == nil {
			k.entries, k.first = map[*Attention]*kvEntry{}, e
		}
		k.entries[a] = e
	}
	return e
}

// add stores the row behind the last one.
func (e *kvEntry) add(a *Attention, key, value []float32) {
	block, at := e.rows/kvBlock, e.rows%kvBlock
	if block == len(e.keys) {
		size := a.KVHeads * kvBlock * a.HeadDim
		e.keys, e.values = append(e.keys, make([]float32, size)), append(e.values, make([]float32, size))
	}
	d := a.HeadDim
	for h := range a.KVHeads {
		to := (h*kvBlock + at) * d
		copy(e.keys[block][to:to+d], key[h*d:])
		copy(e.values[block][to:to+d], value[h*d:])
	}
	e.rows++
}
