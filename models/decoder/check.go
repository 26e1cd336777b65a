package decoder

import (
	"fmt"
	"slices"
)

// UnsupportedError reports something that a Spec can say and this package cannot do.
type UnsupportedError struct {
	Architecture string
	What         string
}

// Error names both.
func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("%s: %s is not supported", e.Architecture, e.What)
}

// Check reports the first value that makes no sense, or that is not supported.
func (s *Spec) Check() error {
	for _, u := range []struct {
		what string
		used bool
	}{
		{"a root mean square norm without a weight", s.Norm.Kind == RMSNorm && s.Norm.NoWeights},
		{"a layer norm whose stored weight lacks one", s.Norm.Kind == LayerNorm && s.Norm.PlusOne},
		{"a mixture of experts beside norms that do not stand in front of it, or a factor", s.MLP.Experts.Count != 0 && (s.Placement != Before || s.ResidualScale != 0)},
	} {
		if u.used {
			return &UnsupportedError{Architecture: s.Architecture, What: u.what}
		}
	}
	if err := s.checkSizes(); err != nil {
		return err
	}
	return s.checkParts()
}

// checkSizes reports sizes that do not fit together. Those that come from a file were checked one by one.
func (s *Spec) checkSizes() error {
	for _, n := range []struct {
		name  string
		value int
	}{
		{"vocabulary", s.VocabSize}, {"hidden size", s.HiddenSize}, {"intermediate size", s.IntermediateSize},
		{"number of layers", s.NumLayers}, {"number of heads", s.Heads}, {"number of key/value heads", s.KVHeads},
		{"head dimension", s.HeadDim}, {"number of positions", s.MaxPositions},
	} {
		if n.value < 1 {
			return fmt.Errorf("%s: the %s is %d, want at least 1", s.Architecture, n.name, n.value)
		}
	}
	if s.Heads%s.KVHeads != 0 {
		return fmt.Errorf("%s: %d key/value heads do not divide %d heads", s.Architecture, s.KVHeads, s.Heads)
	}
	return nil
}

// checkParts reports parts of the declaration that contradict each other.
func (s *Spec) checkParts() error {
	p, a, x := &s.Position, &s.Attention, &s.MLP.Experts
	for _, c := range []struct {
		what  string
		wrong bool
	}{
		{"rotary positions without a rotary embedding", p.Kind == Rotary && len(p.Rotary) == 0},
		{fmt.Sprintf("%d layers with a rotary embedding of their own, of %d", len(p.PerLayer), s.NumLayers),
			p.PerLayer != nil && len(p.PerLayer) != s.NumLayers},
		{fmt.Sprintf("a layer has a rotary embedding that is none of %d", len(p.Rotary)),
			slices.ContainsFunc(p.PerLayer, func(i int) bool { return i < -1 || i >= len(p.Rotary) })},
		{fmt.Sprintf("%d slopes of linear biases for %d heads", len(p.ALiBi.Slopes), s.Heads), p.Kind == ALiBi && len(p.ALiBi.Slopes) != s.Heads},
		{fmt.Sprintf("%d layers with a window of attention of their own, of %d", len(a.Window), s.NumLayers),
			a.Window != nil && len(a.Window) != s.NumLayers},
		{"a negative window of attention", slices.ContainsFunc(a.Window, func(w int) bool { return w < 0 })},
		{"a negative bound of scores, logits, queries, keys or values", a.SoftCap < 0 || a.Clip < 0 || s.Head.SoftCap < 0},
		{fmt.Sprintf("queries, keys and values head by head, with %d heads of keys and %d of queries", s.KVHeads, s.Heads),
			a.Layout == PerHead && s.KVHeads != s.Heads},
		{"gate and up in one matrix of a block that has no gate", s.MLP.Stacked && !s.MLP.Gated},
		{fmt.Sprintf("%d of %d experts of width %d for a token", x.Active, x.Count, x.Width),
			x.Count != 0 && (x.Active < 1 || x.Active > x.Count || x.Width < 1)},
		{fmt.Sprintf("%d layers with a plain block or with experts, of %d", len(x.Plain), s.NumLayers), x.Plain != nil && len(x.Plain) != s.NumLayers},
	} {
		if c.wrong {
			return fmt.Errorf("%s: %s", s.Architecture, c.what)
		}
	}
	for _, r := range p.Rotary {
		if r.Dims > s.HeadDim {
			return fmt.Errorf("%s: %d elements of a head of %d are rotated", s.Architecture, r.Dims, s.HeadDim)
		}
	}
	return nil
}
