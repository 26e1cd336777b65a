package nn

import (
	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/tensor"
)

// Step is the state of decoding: one row of the activations is the next token of a sequence of its
// own, whose earlier tokens are in its cache. The Step methods of layers compute what their Forward
// computes, without a tape, into memory that is used again for the next token; what they return is
// valid until then.
type Step struct {
	caches []*KVCache // of the rows
	taken  []*tensor.Tensor
	spare  [spares]*tensor.Tensor // of shapes that had to make room for others, the latest first
	next   int
	attend attendJob
}

// NewStep returns a Step without sequences.
func NewStep() *Step {
	s := &Step{}
	s.attend.body = s.attend.run // bound once, as a new closure per layer would be garbage
	return s
}

// Begin starts a token of the sequences behind the caches. It takes back all memory.
func (s *Step) Begin(caches []*KVCache) {
	s.caches, s.next = caches, 0
}

// Rows returns the number of sequences.
func (s *Step) Rows() int { return len(s.caches) }

// spares is how many matrices of other shapes are kept: the head, in the place of what a layer took,
// and the layer in that of the head.
const spares = 4

// Take returns a matrix of arbitrary content. Calls in the same order with the same sizes, token after
// token, get the same memory.
func (s *Step) Take(rows, cols int) *tensor.Tensor {
	if s.next == len(s.taken) {
		s.taken = append(s.taken, tensor.New(rows, cols))
	}
	t := &s.taken[s.next]
	if (*t).Dim(0) != rows || (*t).Dim(1) != cols {
		*t = s.exchange(*t, rows, cols)
	}
	s.next++
	return *t
}

// exchange keeps a matrix in return for a spare one of the wanted shape, or a new one.
func (s *Step) exchange(t *tensor.Tensor, rows, cols int) *tensor.Tensor {
	for i, other := range s.spare {
		if other != nil && other.Dim(0) == rows && other.Dim(1) == cols {
			s.spare[i] = t
			return other
		}
	}
	copy(s.spare[1:], s.spare[:])
	s.spare[0] = t
	return tensor.New(rows, cols)
}

// Mark and Release bracket a layer: what it took is free for the next one, which then works in memory
// that is still in the cache of the processor.
func (s *Step) Mark() int { return s.next }

// Release takes back what was taken since Mark.
func (s *Step) Release(mark int) { s.next = mark }

// AddStep adds a branch to the residual stream h.
func AddStep(h, branch *tensor.Tensor) { asm.Add(h.Data(), h.Data(), branch.Data()) }

// Step normalises the rows of x.
func (n *RMSNorm) Step(s *Step, x *tensor.Tensor) *tensor.Tensor {
	y, w := s.Take(x.Dim(0), x.Dim(1)), n.Weight.value().Data()
	for i := range y.Dim(0) {
		asm.RMSNormRow(y.Row(i), x.Row(i), w, n.Eps)
	}
	return y
}

// Step normalises the rows of x.
func (n *LayerNorm) Step(s *Step, x *tensor.Tensor) *tensor.Tensor {
	y := s.Take(x.Dim(0), x.Dim(1))
	var w, b []float32
	if n.Weight != nil {
		w, b = n.Weight.value().Data(), n.Bias.value().Data()
	} else {
		ones := s.Take(1, n.Width)
		ones.Fill(1)
		w = ones.Data()
	}
	for i := range y.Dim(0) {
		asm.LayerNormRow(y.Row(i), x.Row(i), w, b, n.Eps)
	}
	return y
}

// Step looks up one id per row.
func (e *Embedding) Step(s *Step, ids []int) *tensor.Tensor {
	y := s.Take(len(ids), e.Weight.Shape[1])
	for i, id := range ids {
		e.row(y.Row(i), id)
	}
	return y
}

// AddStep adds to each row of h the vector of the position behind what the row's cache holds.
func (e *PositionEmbedding) AddStep(s *Step, h *tensor.Tensor) {
	p := s.Take(1, h.Dim(1)).Data()
	for i, c := range s.caches {
		e.row(p, c.Len()+e.Offset)
		asm.Add(h.Row(i), h.Row(i), p)
	}
}

// Step maps x to Down(φ(Up(x))).
func (m *MLP) Step(s *Step, x *tensor.Tensor) *tensor.Tensor {
	u := m.Up.Step(s, x)
	return m.Down.Step(s, applyStep(m.Activation, u))
}

// Step maps x to Down(φ(Gate(x), Up(x))).
func (m *GatedMLP) Step(s *Step, x *tensor.Tensor) *tensor.Tensor {
	g, u := m.Gate.Step(s, x), m.Up.Step(s, x)
	return m.Down.Step(s, applyStep(m.Activation, g, u))
}
