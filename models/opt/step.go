package opt

import (
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

// Step implements models.Stepper.
func (m *Model) Step(s *nn.Step, caches []*nn.KVCache, ids []int) *tensor.Tensor {
	s.Begin(caches)
	h := m.Embedding.Step(s, ids)
	if m.ProjectIn != nil {
		h = m.ProjectIn.Step(s, h)
	}
	m.Positions.AddStep(s, h)
	for _, l := range m.Blocks {
		l.step(s, h)
	}
	if m.FinalNorm != nil {
		h = m.FinalNorm.Step(s, h)
	}
	if m.ProjectOut != nil {
		h = m.ProjectOut.Step(s, h)
	}
	return m.LMHead.Step(s, h)
}

// step takes the hidden states h [rows, hidden] through the layer, in place.
func (l *Layer) step(s *nn.Step, h *tensor.Tensor) {
	defer s.Release(s.Mark())
	l.branch(s, h, l.AttentionNorm, l.Attention.Step)
	l.branch(s, h, l.MLPNorm, l.MLP.Step)
}

// branch adds a sub-block to h, with its norm before it or behind the sum.
func (l *Layer) branch(s *nn.Step, h *tensor.Tensor, norm *nn.LayerNorm, block func(*nn.Step, *tensor.Tensor) *tensor.Tensor) {
	if l.NormBefore {
		nn.AddStep(h, block(s, norm.Step(s, h)))
		return
	}
	nn.AddStep(h, block(s, h))
	h.CopyFrom(norm.Step(s, h))
}
