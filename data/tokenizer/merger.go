package tokenizer

// symbol is a node of the doubly linked list of what a word consists of at the moment.
type symbol struct {
	id         int32 // -1: merged into its left neighbour
	prev, next int32 // indices; -1 at the ends
}

// candidate is a merge that was possible when it was found: it still is when both symbols still
// have the ids of its pair.
type candidate struct {
	merge
	left, right int32 // ids
	at          int32 // index of the left symbol
}

func (a candidate) before(b candidate) bool {
	return a.rank < b.rank || a.rank == b.rank && a.at < b.at
}

// merger holds the buffers of merging, so that a text needs them once.
type merger struct {
	model   *bpe
	symbols []symbol
	queue   []candidate // binary heap, best first
	unknown bool        // an unknown token is to come
}

// start empties the list of symbols.
func (w *merger) start() { w.symbols, w.unknown = w.symbols[:0], false }

// push appends one symbol to the list.
func (w *merger) push(id int32) {
	w.flush()
	w.append(id)
}

func (w *merger) append(id int32) {
	n := int32(len(w.symbols))
	w.symbols = append(w.symbols, symbol{id: id, prev: n - 1, next: n + 1})
}

// flush appends the unknown token that is to come.
func (w *merger) flush() {
	if w.unknown {
		w.append(w.model.unknown)
		w.unknown = false
	}
}

// pushOther stands for a character without a token: its bytes if they have tokens, or the unknown token,
// one for a whole run if the model says so, or nothing when there is no such token. An unknown token comes
// behind byte tokens that follow it, as in the library that the files are made with.
func (w *merger) pushOther(char string) {
	if ids, ok := w.model.bytesOf(char); ok {
		for _, id := range ids {
			w.append(id)
		}
		return
	}
	if w.unknown && !w.model.fuse {
		w.flush()
	}
	w.unknown = w.model.unknown >= 0
}

// finish merges the pushed symbols and appends the ids that remain. Time is O(n log n) in the number
// of symbols, so one word of a million characters is no trouble.
func (w *merger) finish(ids []int) []int {
	w.flush()
	if len(w.symbols) == 0 {
		return ids
	}
	w.symbols[len(w.symbols)-1].next = -1
	if len(w.symbols) <= shortWord {
		return w.finishShort(ids)
	}
	w.queue = w.queue[:0]
	for i := range w.symbols {
		w.propose(int32(i))
	}
	for len(w.queue) > 0 {
		c := w.pop()
		left := &w.symbols[c.at]
		if left.id != c.left || left.next < 0 || w.symbols[left.next].id != c.right {
			continue // one of the two has been merged meanwhile
		}
		right := &w.symbols[left.next]
		left.id, left.next = c.id, right.next
		right.id = -1
		if left.next >= 0 {
			w.symbols[left.next].prev = c.at
		}
		if left.prev >= 0 {
			w.propose(left.prev)
		}
		w.propose(c.at)
	}
	for i := int32(0); i >= 0; i = w.symbols[i].next {
		ids = append(ids, int(w.symbols[i].id))
	}
	return ids
}

// shortWord is up to how many symbols looking at all pairs again is faster than keeping them sorted.
const shortWord = 40

// finishShort is finish in O(n²).
func (w *merger) finishShort(ids []int) []int {
	var symbols [shortWord]int32
	var next [shortWord]merge // what each symbol and its right neighbour merge into; id -1: nothing
	n := len(w.symbols)
	for i, s := range w.symbols {
		symbols[i] = s.id
	}
	look := func(i int) {
		if i < 0 || i+1 >= n {
			return
		}
		m, ok := w.model.merges.get(symbols[i], symbols[i+1])
		if !ok {
			m.id = -1
		}
		next[i] = m
	}
	for i := range n - 1 {
		look(i)
	}
	for {
		best := -1
		for i := range n - 1 {
			if next[i].id >= 0 && (best < 0 || next[i].rank < next[best].rank) {
				best = i
			}
		}
		if best < 0 {
			break
		}
		symbols[best] = next[best].id
		copy(symbols[best+1:n-1], symbols[best+2:n])
		copy(next[best:n-2], next[best+1:n-1])
		n--
		look(best - 1)
		look(best)
	}
	for _, id := range symbols[:n] {
		ids = append(ids, int(id))
	}
	return ids
}

// propose queues the merge of symbol i with its right neighbour, if there is one.
func (w *merger) propose(i int32) {
	s := w.symbols[i]
	if s.next < 0 {
		return
	}
	right := w.symbols[s.next].id
	m, ok := w.model.merges.get(s.id, right)
	if !ok {
		return
	}
	q := append(w.queue, candidate{merge: m, left: s.id, right: right, at: i})
	for k := len(q) - 1; k > 0; {
		up := (k - 1) / 2
		if !q[k].before(q[up]) {
			break
		}
		q[k], q[up] = q[up], q[k]
		k = up
	}
	w.queue = q
}

// pop takes the best candidate.
func (w *merger) pop() candidate {
	q := w.queue
	top, n := q[0], len(q)-1
	q[0] = q[n]
	q = q[:n]
	for k := 0; ; {
		best := k
		for c := 2*k + 1; c <= 2*k+2 && c < n; c++ {
			if q[c].before(q[best]) {
				best = c
			}
		}
		if best == k {
			break
		}
		q[k], q[best] = q[best], q[k]
		k = best
	}
	w.queue = q
	return top
}
