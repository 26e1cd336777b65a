package tokenizer

// table maps pairs of numbers to pairs of numbers. It is made once and read for every character of every
// text, where Go's map takes most of the time.
type table struct {
	slots []slot // a power of two, at most half of them in use
	used  int
}

type slot struct {
	key   uint64 // 0: not in use
	value merge
}

// tableKey is never 0, as a is not negative.
func tableKey(a, b int32) uint64 { return uint64(a+1)<<32 | uint64(uint32(b)) }

// place is the slot of a key, or the free one where it belongs.
func (t *table) place(key uint64) *slot {
	mask := uint64(len(t.slots) - 1)
	for i := key * 0x9e3779b97f4a7c15 >> 20; ; i++ {
		if s := &t.slots[i&mask]; s.key == key || s.key == 0 {
			return s
		}
	}
}

func (t *table) get(a, b int32) (merge, bool) {
	if t.used == 0 {
		return merge{}, false
	}
	s := t.place(tableKey(a, b))
	return s.value, s.key != 0
}

func (t *table) put(a, b int32, value merge) {
	if 2*t.used >= len(t.slots) {
		old := t.slots
		t.slots = make([]slot, max(16, 2*len(old)))
		for _, s := range old {
			if s.key != 0 {
				*t.place(s.key) = s
			}
		}
	}
	s := t.place(tableKey(a, b))
	if s.key == 0 {
		t.used++
	}
	*s = slot{tableKey(a, b), value}
}

// each calls visit for all pairs, in no order.
func (t *table) each(visit func(a, b int32, value merge)) {
	for _, s := range t.slots {
		if s.key != 0 {
			visit(int32(s.key>>32)-1, int32(uint32(s.key)), s.value)
		}
	}
}
