package tokenizer

import (
	"fmt"
	"strings"
)

// bpe is a byte-pair vocabulary: tokens, and the pairs that merge into a longer token, in order of
// preference. It follows the definition that merges.txt and tokenizer.json share: among all
// neighbouring pairs that have a merge, the one of lowest rank is merged, the leftmost on ties,
// until none is left.
type bpe struct {
	tokens []string         // by id; "" for an id that is not in use
	ids    map[string]int32 // of what text is merged from and into
	extra  map[string]int32 // of added tokens that are not among them
	merges map[pair]merge

	unknown int32 // stands for what has no token of its own; -1: nothing does
	fuse    bool  // a run of unknown characters in a word is one unknown token ("fuse_unk")
}

type pair struct{ left, right int32 } // token ids

type merge struct {
	rank int32 // position in the list of merges
	id   int32 // the token that comes out
}

// newBPE checks vocab (token to id) and takes it over.
func newBPE(file string, vocab map[string]int) (*bpe, error) {
	if len(vocab) == 0 {
		return nil, malformed(file, "holds no vocabulary")
	}
	m := &bpe{ids: make(map[string]int32, len(vocab)), extra: map[string]int32{}, merges: map[pair]merge{}, unknown: -1}
	for token, id := range vocab {
		if err := m.add(file, token, id); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// add enters a token that text is merged into. The same token may come twice if the id is the same.
func (m *bpe) add(file, token string, id int) error { return m.enter(file, m.ids, token, id) }

// addExtra enters an added token.
func (m *bpe) addExtra(file, token string, id int) error { return m.enter(file, m.extra, token, id) }

func (m *bpe) enter(file string, table map[string]int32, token string, id int) error {
	if id < 0 || id > maxTokenID {
		return malformed(file, "id %d of token %q is not in 0 to %d", id, token, maxTokenID)
	}
	if token == "" {
		return malformed(file, "id %d has an empty token", id)
	}
	if old, ok := m.id(token); ok {
		if old != id {
			return malformed(file, "token %q has the ids %d and %d", token, old, id)
		}
		return nil
	}
	if id >= len(m.tokens) {
		m.tokens = append(m.tokens, make([]string, id+1-len(m.tokens))...)
	}
	if old := m.tokens[id]; old != "" {
		return malformed(file, "id %d belongs to %q and %q", id, min(old, token), max(old, token))
	}
	m.tokens[id] = token
	table[token] = int32(id)
	return nil
}

// addMerge enters the next pair; line is its place in the file for messages, from 1.
func (m *bpe) addMerge(file string, line int, left, right string) error {
	var ids [3]int32
	for i, token := range []string{left, right, left + right} {
		id, ok := m.ids[token]
		if !ok {
			return malformed(file, "merge %d (%q %q): %q is not in the vocabulary", line, left, right, token)
		}
		ids[i] = id
	}
	m.merges[pair{ids[0], ids[1]}] = merge{rank: int32(line), id: ids[2]}
	return nil
}

// splitMerge cuts "left right" at its only space.
func splitMerge(s string) (left, right string, err error) {
	left, right, ok := strings.Cut(s, " ")
	if !ok || left == "" || right == "" || strings.Contains(right, " ") {
		return "", "", fmt.Errorf("want two tokens with one space between them, have %q", s)
	}
	return left, right, nil
}

// id returns the id of a token of any kind.
func (m *bpe) id(token string) (int, bool) {
	id, ok := m.ids[token]
	if !ok {
		id, ok = m.extra[token]
	}
	return int(id), ok
}

// symbol is a node of the doubly linked list of what a word consists of at the moment.
type symbol struct {
	id         int32 // -1: merged into its left neighbour
	prev, next int32 // indices; -1 at the ends
}

// candidate is a merge that was possible when it was found: it still is when both symbols still
// have the ids of its pair.
type candidate struct {
	pair
	merge
	at int32 // index of the left symbol
}

func (a candidate) before(b candidate) bool {
	return a.rank < b.rank || a.rank == b.rank && a.at < b.at
}

// merger holds the buffers of merging, so that a text needs them once.
type merger struct {
	model   *bpe
	symbols []symbol
	queue   []candidate // binary heap, best first
	unknown bool        // what came last was unknown
}

// start empties the list of symbols.
func (w *merger) start() { w.symbols, w.unknown = w.symbols[:0], false }

// push appends one symbol to the list.
func (w *merger) push(id int32) {
	n := int32(len(w.symbols))
	w.symbols = append(w.symbols, symbol{id: id, prev: n - 1, next: n + 1})
	w.unknown = false
}

// pushUnknown stands for a character without a token: the unknown token, one for a whole run if the model
// says so, or nothing when there is no such token.
func (w *merger) pushUnknown() {
	if w.model.unknown >= 0 && !(w.unknown && w.model.fuse) {
		w.push(w.model.unknown)
	}
	w.unknown = true
}

// finish merges the pushed symbols and appends the ids that remain. Time is O(n log n) in the number
// of symbols, so one word of a million characters is no trouble.
func (w *merger) finish(ids []int) []int {
	if len(w.symbols) == 0 {
		return ids
	}
	w.symbols[len(w.symbols)-1].next = -1
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

// propose queues the merge of symbol i with its right neighbour, if there is one.
func (w *merger) propose(i int32) {
	s := w.symbols[i]
	if s.next < 0 {
		return
	}
	p := pair{s.id, w.symbols[s.next].id}
	m, ok := w.model.merges[p]
	if !ok {
		return
	}
	q := append(w.queue, candidate{pair: p, merge: m, at: i})
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
