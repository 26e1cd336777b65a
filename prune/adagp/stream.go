package adagp

import (
	"fmt"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

// stream is the calibration batches on their way through groups of linear maps, with one set of weights.
// Signals are kept where it is cheap, so that a pass for one group need not begin at the input: of each
// batch the latest signals whose new tensors together are no wider than the input. For a decoder
// layer that is the attention's context, later the residual stream behind it; never the wide
// activations of the feed-forward block. So a stream takes the memory of its input once more.
type stream struct {
	groups  []nn.Group
	input   []*tensor.Tensor // batches [sequences · seqLens[b], width]
	seqLens []int
	dense   map[*nn.Linear]*tensor.Tensor // weights to use; nil: those that the maps have at the time
	last    int                           // the last group that will be asked for: nothing is kept in front of it
	kept    []position
}

// position is how far the kept signals of a batch have come.
type position struct {
	group   int // they are what reaches this group
	signals nn.Signals
}

func newStream(groups []nn.Group, input []*tensor.Tensor, seqLens []int, dense map[*nn.Linear]*tensor.Tensor, last int) *stream {
	s := &stream{groups: groups, input: input, seqLens: seqLens, dense: dense, last: last, kept: make([]position, len(input))}
	for b, x := range input {
		s.kept[b].signals = nn.Signals{autograd.Const(x)}
	}
	return s
}

// context returns the context of a pass with batch b.
func (s *stream) context(b int) *nn.Context { return &nn.Context{SeqLen: s.seqLens[b]} }

// with runs body with the stream's weights in place.
func (s *stream) with(body func() error) error {
	if s.dense != nil {
		for _, g := range s.groups {
			for _, l := range g.Linears {
				defer func(w *tensor.Tensor) { l.Weight.Value = w }(l.Weight.Value)
				l.Weight.Value = s.dense[l]
			}
		}
	}
	return body()
}

// reach returns the signals of batch b in front of group g, which must not be behind an earlier call's.
func (s *stream) reach(b, g int) (nn.Signals, error) {
	p := s.kept[b]
	c := s.context(b)
	for p.group < g {
		p = position{p.group + 1, s.groups[p.group].Forward(c, p.signals)}
		if err := s.finite(p); err != nil {
			return nil, err
		}
		s.keep(b, p)
	}
	return p.signals, nil
}

// finite names the group behind which a signal is not finite.
func (s *stream) finite(p position) error {
	for _, v := range p.signals {
		if i, ok := v.Value.Finite(); !ok {
			l := s.groups[p.group-1].Linears[0]
			return fmt.Errorf("layer %s: signal %d behind it is %v at token %d of a batch, want a finite value",
				l.Name(), i%v.Value.Dim(-1), v.Value.Data()[i], i/v.Value.Dim(-1))
		}
	}
	return nil
}

// keep stores signals unless they are too large or of no further use.
func (s *stream) keep(b int, p position) {
	if p.group >= s.last {
		return
	}
	size := 0
	for _, v := range p.signals {
		if v.Value != s.input[b] {
			size += v.Value.Len()
		}
	}
	if size <= s.input[b].Len() {
		s.kept[b] = p
	}
}
