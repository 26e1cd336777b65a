package llama

import (
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

// Step implements models.Stepper.
func (m *Model) Step(s *nn.Step, caches []*nn.KVCache, ids []int) *tensor.Tensor {
	s.Begin(caches)
	h := m.Embedding.Step(s, ids)
	for _, l := range m.Blocks {
		l.step(s, h)
	}
	return m.LMHead.Step(s, m.Norm.Step(s, h))
}

// step takes the hidden states h [rows, hidden] through the layer, in place.
func (l *Layer) step(s *nn.Step, h *tensor.Tensor) {
	defer s.Release(s.Mark())
	nn.AddStep(h, l.Attention.Step(s, l.InputNorm.Step(s, h)))
	nn.AddStep(h, l.MLP.Step(s, l.PostAttentionNorm.Step(s, h)))
}
