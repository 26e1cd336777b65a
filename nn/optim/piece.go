package optim

import (
	"github.com/nlpodyssey/spago/mat"
	spago "github.com/nlpodyssey/spago/nn"
	"github.com/nlpodyssey/spago/optimizers/adam"
)

// pieceLen is the number of elements that spago gets at once where a rule treats
// them one by one. Its rules go over their operands a dozen times, which is cheap
// while they are in the cache; threads share out pieces, whatever the sizes of
// parameters; and work matrices of one piece per thread do.
const pieceLen = 1 << 13

// adamScratch is the memory that Adam needs for the length of a step, for
// pieces of any length up to pieceLen.
type adamScratch struct{ storage [3][]float32 }

func newAdamScratch() *adamScratch {
	s := new(adamScratch)
	for i := range s.storage {
		s.storage[i] = make([]float32, pieceLen)
	}
	return s
}

// lend gives a piece the work matrices for its next step. spago would otherwise
// keep three for each.
func (s *adamScratch) lend(p *spago.Param) {
	n := p.Size()
	state, ok := p.State.(*adam.State)
	if !ok {
		state = &adam.State{V: column(make([]float32, n)), M: column(make([]float32, n))}
		p.State = state
	}
	for i, buf := range []*mat.Matrix{&state.Buf1, &state.Buf2, &state.Buf3} {
		*buf = column(s.storage[i][:n])
	}
}

// column is a spago matrix [n, 1] over x.
func column(x []float32) *mat.Dense[float32] {
	return mat.NewDense[float32](mat.WithShape(len(x), 1), mat.WithBacking(x))
}
