package adagp

import (
	"fmt"
	"slices"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/scratch"
	"github.com/adagp/adagp/tensor"
)

// stream is the calibration batches on their way through groups of linear maps, with one set of weights.
// Signals are kept where it is cheap, so that a pass for one group need not begin at the input: of each
// batch the latest signals whose new tensors together are no wider than the input. For a decoder
// layer that is the attention's context, later the residual stream behind it; never the wide
// activations of the feed-forward block. So a stream takes the scratch space of its input once more.
type stream struct {
	groups  []nn.Group
	input   []*scratch.Slot // batches [sequences · seqLens[b], width]
	seqLens []int
	dense   map[*nn.Linear]*tensor.Tensor // weights to use; nil: those that the maps have at the time
	last    int                           // the last group that will be asked for: nothing is kept in front of it
	kept    []position
	scratch *scratch.Store
	tape    *autograd.Tape // memory of the signals that were reached last; nil: fresh memory
}

// position is how far the kept signals of a batch have come.
type position struct {
	group int             // they are what reaches this group
	slots []*scratch.Slot // one per signal; the stream's input may be among them
}

// reached are the signals of a batch in front of a group.
type reached struct {
	group   int
	signals nn.Signals
	slots   map[*tensor.Tensor]*scratch.Slot // of the signals that are kept already
}

func newStream(groups []nn.Group, input []*scratch.Slot, seqLens []int, dense map[*nn.Linear]*tensor.Tensor, last int, store *scratch.Store) *stream {
	s := &stream{groups: groups, input: input, seqLens: seqLens, dense: dense, last: last, kept: make([]position, len(input)), scratch: store}
	for b, x := range input {
		s.kept[b].slots = []*scratch.Slot{x}
	}
	return s
}

// context returns the context of a pass with batch b.
func (s *stream) context(b int) *nn.Context {
	return &nn.Context{SeqLen: s.seqLens[b], Calibration: true}
}

// inputs returns what the maps of the group read that the signals have reached [tokens, in].
func (s *stream) inputs(b int, at *reached) *tensor.Tensor {
	return s.groups[at.group].Input(s.context(b), at.signals).Value
}

// outputs returns what these maps make of it with the stream's weights, sums for Residual targets.
func (s *stream) outputs(b int, at *reached) []*autograd.Var {
	g, c := &s.groups[at.group], s.context(b)
	for _, l := range g.Linears {
		if s.dense != nil {
			defer l.Weight.Set(l.Weight.Value())
			l.Weight.Set(s.dense[l])
		}
	}
	return g.Outputs(c, at.signals, g.Input(c, at.signals))
}

// reach returns the signals of batch b in front of group g: from those that are kept, or from the input where what
// is kept lies behind g already. They, and what is computed from them, are good until the next call.
func (s *stream) reach(b, g int) (*reached, error) {
	s.tape.Reset()
	if s.kept[b].group > g {
		s.drop(b, nil)
	}
	at := &reached{group: s.kept[b].group, slots: map[*tensor.Tensor]*scratch.Slot{}}
	for _, slot := range s.kept[b].slots {
		t, err := slot.Load()
		if err != nil {
			return nil, err
		}
		at.signals = append(at.signals, s.tape.Const(t))
		at.slots[t] = slot
	}
	for at.group < g {
		if err := s.forward(b, at); err != nil {
			return nil, err
		}
		if err := s.keep(b, at); err != nil {
			return nil, err
		}
	}
	return at, nil
}

// forward takes the signals of batch b through one more group.
func (s *stream) forward(b int, at *reached) error {
	g := &s.groups[at.group]
	at.signals = g.Finish(s.context(b), at.signals, s.outputs(b, at))
	at.group++
	for n, v := range at.signals {
		if err := finite(g.Linears[0], fmt.Sprintf("signal %d behind it, feature", n), v.Value); err != nil {
			return err
		}
	}
	return nil
}

// keep stores signals unless they are too large or of no further use.
func (s *stream) keep(b int, at *reached) error {
	if at.group >= s.last {
		return nil
	}
	size := 0
	for _, v := range at.signals {
		if at.slots[v.Value] != s.input[b] {
			size += v.Value.Len()
		}
	}
	if size > s.input[b].Len() {
		return nil
	}
	next := position{group: at.group}
	for _, v := range at.signals {
		slot := at.slots[v.Value]
		if slot == nil {
			var err error
			if slot, err = s.scratch.Put(v.Value.Clone()); err != nil {
				return err
			}
			at.slots[v.Value] = slot
		}
		next.slots = append(next.slots, slot)
	}
	s.drop(b, next.slots)
	s.kept[b] = next
	return nil
}

// drop frees what is kept of batch b, except the given slots and the input, which is not the stream's.
func (s *stream) drop(b int, except []*scratch.Slot) {
	for _, slot := range s.kept[b].slots {
		if slot != s.input[b] && !slices.Contains(except, slot) {
			slot.Free()
		}
	}
	s.kept[b] = position{slots: []*scratch.Slot{s.input[b]}}
}

// release drops all that is kept.
func (s *stream) release() {
	for b := range s.kept {
		s.drop(b, nil)
	}
}

// passes reports whether the first signal in front of group first is still the first one in front of
// group last: a residual stream that both see.
func (s *stream) passes(first, last int) (bool, error) {
	at, err := s.reach(0, first)
	if err != nil {
		return false, err
	}
	begin := at.signals[0].Value
	for at.group < last {
		if err := s.forward(0, at); err != nil {
			return false, err
		}
	}
	return at.signals[0].Value == begin, nil
}
