package autograd

import "github.com/adagp/adagp/tensor"

// Recycle makes the tape keep, from one Reset to the next, the memory of the
// values and gradients that its operations compute, instead of leaving it to the
// garbage collector: a training step whose shapes repeat then hardly allocates,
// and does not wait for fresh memory to be cleared and mapped. The price is that
// values and retained gradients die with Reset: only Grad of leaves and of
// parameters stays valid. It returns the tape.
func (t *Tape) Recycle() *Tape {
	t.memory = &memory{free: map[int][]buffer{}, lent: map[*float32]buffer{}}
	return t
}

// maxIdle is the number of rounds in a row that memory is kept without being of
// use: shapes may take turns, as when windows of text differ in length.
const maxIdle = 8

// minRecycled is the number of elements from which on memory is worth keeping.
const minRecycled = 1 << 10

// memory is what a recycling tape, or an arena, lends to operations.
type memory struct {
	arena *Arena              // lends matrices in order; nil for a tape's memory, which is kept by length
	round int                 // counts Resets
	taken bool                // something was lent in this round
	free  map[int][]buffer    // by size
	lent  map[*float32]buffer // by first element
}

type buffer struct {
	data []float32 // all of it
	size int       // how much of it is lent, from the first element on
	used int       // round in which it was lent last
}

// Const is the function Const, for a tape that recycles: what is computed from
// the constant alone, without being recorded, lives in the tape's memory too, and
// dies with Reset.
func (t *Tape) Const(v *tensor.Tensor) *Var {
	if t == nil {
		return Const(v)
	}
	return &Var{Value: v, memory: t.memory}
}

// memoryOf returns the memory for what is computed from some variables, which may
// be nil; nil if they have none.
func memoryOf(inputs ...*Var) *memory {
	var m *memory
	for _, v := range inputs {
		switch {
		case v == nil:
		case v.tape != nil:
			return v.tape.memory // which lives as long as what is recorded
		case m == nil:
			m = v.memory
		}
	}
	return m
}

// empty returns a tensor for the value or a gradient of an operation in the given
// memory, or in fresh memory for nil. Its content is arbitrary: the operation
// sets every element.
func empty(m *memory, shape ...int) *tensor.Tensor {
	n := 1
	for _, d := range shape {
		n *= d
	}
	switch {
	case m != nil && m.arena != nil && len(shape) == 2:
		return m.arena.Take(shape[0], shape[1])
	case m == nil || m.arena != nil || n < minRecycled:
		return tensor.New(shape...)
	}
	return tensor.FromSlice(m.take(n), shape...)
}

// emptyLike is empty in the shape of x.
func emptyLike(m *memory, x *tensor.Tensor) *tensor.Tensor { return empty(m, x.Shape()...) }

// zeros is empty filled with zeros.
func zeros(m *memory, shape ...int) *tensor.Tensor {
	x := empty(m, shape...)
	if m != nil {
		x.Zero()
	}
	return x
}

// take lends n elements of a free buffer of that size, or else of the smallest larger one, so that a small batch
// after larger ones takes no memory of its own.
func (m *memory) take(n int) []float32 {
	fits := n
	if len(m.free[n]) == 0 {
		fits = 0
		for size, list := range m.free {
			if size > n && len(list) > 0 && (fits == 0 || size < fits) {
				fits = size
			}
		}
	}
	var b buffer
	if list := m.free[fits]; len(list) > 0 {
		b, m.free[fits] = list[len(list)-1], list[:len(list)-1]
	} else {
		b.data = make([]float32, n)
	}
	b.size, b.used, m.taken = n, m.round, true
	m.lent[&b.data[0]] = b
	return b.data[:n:n]
}

// release takes back the memory of x, if it was lent, before Reset: nothing uses
// it any more.
func (m *memory) release(x *tensor.Tensor) {
	if b, ok := m.find(x); ok {
		delete(m.lent, &b.data[0])
		m.free[len(b.data)] = append(m.free[len(b.data)], b)
	}
}

// giveAway leaves the memory of x to the caller for good.
func (m *memory) giveAway(x *tensor.Tensor) {
	if b, ok := m.find(x); ok {
		delete(m.lent, &b.data[0])
	}
}

func (m *memory) find(x *tensor.Tensor) (b buffer, ok bool) {
	if m == nil || x.Len() == 0 {
		return b, false
	}
	b, ok = m.lent[&x.Data()[0]]
	return b, ok && b.size == x.Len()
}

// reset takes everything back, and drops what has been idle for long. Rounds in
// which nothing was lent do not count.
func (m *memory) reset() {
	if !m.taken {
		return
	}
	for first, b := range m.lent {
		delete(m.lent, first)
		m.free[len(b.data)] = append(m.free[len(b.data)], b)
	}
	for n, list := range m.free {
		kept := list[:0]
		for _, b := range list {
			if m.round-b.used < maxIdle {
				kept = append(kept, b)
			}
		}
		clear(list[len(kept):])
		if len(kept) == 0 {
			delete(m.free, n)
		} else {
			m.free[n] = kept
		}
	}
	m.round, m.taken = m.round+1, false
}
