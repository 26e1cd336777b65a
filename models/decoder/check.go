package decoder

import (
	"fmt"

	"github.com/adagp/adagp/nn"
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
		{"a norm whose stored weight lacks one", s.Norm.PlusOne},
		{"a norm with a weight and no bias", s.Norm.Kind == LayerNorm && s.Norm.NoBias},
		{"a root mean square norm without a weight", s.Norm.Kind == RMSNorm && s.Norm.NoWeights},
		{"a norm of branches before they join the residual stream", s.Placement == AfterBranch || s.Placement == Sandwich},
		{"a factor of the residual branches", s.ResidualScale != 0},
		{"a factor of the embedding", s.Embedding.Scale != 0},
		{"a norm of the embedding", s.Embedding.Norm},
		{"attention with linear biases (ALiBi)", s.Position.Kind == ALiBi},
		{"positions that differ between layers", s.Position.PerLayer != nil || len(s.Position.Rotary) > 1},
		{"queries, keys and values in one matrix head by head", s.Attention.Layout == PerHead},
		{"queries, keys and values in one matrix group by group", s.Attention.Layout == PerGroup},
		{"a factor of the attention scores", s.Attention.Scale != 0},
		{"a bound of the attention scores", s.Attention.SoftCap != 0},
		{"a bound of queries, keys and values", s.Attention.Clip != 0},
		{"a window of attention", s.Attention.Window != nil},
		{"a norm of queries and keys", s.Attention.QKNorm != NoQKNorm},
		{"gate and up in one matrix", s.MLP.Stacked},
		{fmt.Sprintf("the activation %q of a gated block", s.Activation), s.MLP.Gated && s.Activation != nn.SiLU.Name()},
		{"a bias of the head", s.Head.Bias},
		{"a factor of the logits", s.Head.Scale != 0},
		{"a bound of the logits", s.Head.SoftCap != 0},
		{"matrices stored as [in, out]", s.Transposed},
	} {
		if u.used {
			return &UnsupportedError{Architecture: s.Architecture, What: u.what}
		}
	}
	for _, r := range s.Position.Rotary {
		if r.Interleaved || r.Dims != 0 && r.Dims != s.HeadDim {
			return &UnsupportedError{Architecture: s.Architecture, What: "a rotary embedding of a part of a head, or of neighbours"}
		}
	}
	return s.checkSizes()
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
	if s.Position.Kind == Rotary && len(s.Position.Rotary) == 0 {
		return fmt.Errorf("%s: rotary positions without a rotary embedding", s.Architecture)
	}
	return nil
}
