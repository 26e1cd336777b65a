package nn

import (
	"github.com/adagp/adagp/autograd"
)

// Embedding is a table of vectors looked up by index.
type Embedding struct {
	Weight *Param // [entries, width]
}

// NewEmbedding returns an embedding with the parameter path.weight [entries, width].
func NewEmbedding(path string, entries, width int) *Embedding {
	return &Embedding{Weight: NewParam(path+".weight", entries, width)}
}

// Forward returns the rows of the table named by ids, [len(ids), width]. An id outside the table
// panics; check ids from outside the program first.
func (e *Embedding) Forward(c *Context, ids []int) *autograd.Var {
	return e.Weight.Rows(c, ids)
}

// Walk visits the table.
func (e *Embedding) Walk(visit func(*Param)) { walkAll(visit, e.Weight) }

// PositionEmbedding is a learned vector per position. OPT's table has two rows in front that no
// position uses (Offset 2), a leftover of its padding scheme.
type PositionEmbedding struct {
	Embedding
	Offset int
}

// NewPositionEmbedding returns a table path.weight [positions+offset, width].
func NewPositionEmbedding(path string, positions, offset, width int) *PositionEmbedding {
	return &PositionEmbedding{Embedding: *NewEmbedding(path, positions+offset, width), Offset: offset}
}

// Forward returns the position vectors for batch sequences of c.SeqLen rows, which continue behind
// what c.Caches hold: [batch · SeqLen, width].
func (e *PositionEmbedding) Forward(c *Context, batch int) *autograd.Var {
	ids := make([]int, batch*c.SeqLen)
	starts := c.positions(batch, (*KVCache).Len)
	for i := range ids {
		ids[i] = e.Offset + i%c.SeqLen
		if starts != nil {
			ids[i] += starts[i/c.SeqLen]
		}
	}
	return e.Embedding.Forward(c, ids)
}
