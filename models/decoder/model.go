package decoder

import (
	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
)

// Register makes an architecture known under the name that config.json gives in "architectures", by the
// function that reads its config.json. A duplicate name panics.
func Register(architecture string, parse func(config []byte) (*Spec, error)) {
	models.Register(architecture, func(config []byte) (models.CausalLM, error) {
		s, err := parse(config)
		if err != nil {
			return nil, err
		}
		return New(s)
	})
}

// RegisterFamily is Register for a function that reads the fields of config.json. Faults that it leaves in them are
// found after it, so that it need not look for them as long as it can do without what a faulty file lacks.
func RegisterFamily(architecture string, read func(f *models.Fields) *Spec) {
	Register(architecture, func(config []byte) (*Spec, error) {
		f, err := models.ParseFields(config)
		if err != nil {
			return nil, err
		}
		s := read(f)
		if err := f.Err(); err != nil {
			return nil, err
		}
		return s, nil
	})
}

// Model is the network that a Spec declares. It implements models.CausalLM.
type Model struct {
	Embedding  *nn.Embedding         // [vocab, embedding width]
	Positions  *nn.PositionEmbedding // nil unless positions are learned
	ProjectIn  *nn.Linear            // [hidden, embedding width], nil when the widths agree
	ProjectOut *nn.Linear            // [embedding width, hidden], nil when the widths agree
	LMHead     *nn.Linear            // [vocab, embedding width]; shares the embedding's weight when tied

	spec          *Spec
	layers        []models.DecoderLayer
	embeddingNorm norm               // nil for none
	finalNorm     norm               // nil for none
	transposed    map[*nn.Param]bool // stored as [in, out]
	merged        map[*nn.Param][]models.View
}

// New returns the model that s declares, without values. The caller leaves s alone afterwards.
func New(s *Spec) (*Model, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	act, err := s.activation()
	if err != nil {
		return nil, err
	}
	n, width := s.Names, s.HiddenSize
	if s.Embedding.Width != 0 {
		width = s.Embedding.Width
	}
	m := &Model{spec: s, transposed: map[*nn.Param]bool{}, merged: map[*nn.Param][]models.View{}, Embedding: nn.NewEmbedding(n.Embedding, s.VocabSize, width)}
	cores, err := s.newCores()
	if err != nil {
		return nil, err
	}
	if s.Position.Kind == Learned {
		m.Positions = nn.NewPositionEmbedding(n.Positions, s.MaxPositions, s.Position.Offset, s.HiddenSize)
	}
	if s.Embedding.Norm {
		m.embeddingNorm = s.newNorm(n.EmbeddingNorm)
	}
	if width != s.HiddenSize {
		m.ProjectIn = nn.NewLinear(n.ProjectIn, width, s.HiddenSize, false)
		m.ProjectOut = nn.NewLinear(n.ProjectOut, s.HiddenSize, width, false)
	}
	for i, core := range cores {
		l := s.newLayer(i, core, act)
		for _, lin := range l.Linears() {
			m.transposed[lin.Weight] = s.Transposed
		}
		if l.experts != nil {
			l.experts.mergedViews(l.name+".", m.merged)
		}
		m.layers = append(m.layers, l)
	}
	if s.FinalNorm {
		m.finalNorm = s.newNorm(n.FinalNorm)
	}
	m.LMHead = nn.NewLinear(n.Head, width, s.VocabSize, s.Head.Bias)
	if s.TieWordEmbeddings {
		m.LMHead.Weight = m.Embedding.Weight
	}
	return m, nil
}

// Config returns the sizes.
func (m *Model) Config() models.Config { return m.spec.Config }

// Spec returns the declaration. Nobody may change it.
func (m *Model) Spec() *Spec { return m.spec }

// Embed implements models.CausalLM.
func (m *Model) Embed(c *nn.Context, ids [][]int) *autograd.Var {
	h := m.Embedding.Forward(c, models.Flatten(c, ids))
	if f := m.spec.Embedding.Scale; f != 0 {
		h = autograd.Scale(h, f)
	}
	if m.ProjectIn != nil {
		h = m.ProjectIn.Forward(c, h)
	}
	if m.Positions != nil {
		h = autograd.Add(h, m.Positions.Forward(c, len(ids)))
	}
	if m.embeddingNorm != nil {
		h = m.embeddingNorm.Forward(c, h)
	}
	return h
}

// Layers implements models.CausalLM.
func (m *Model) Layers() []models.DecoderLayer { return m.layers }

// Head implements models.CausalLM.
func (m *Model) Head(c *nn.Context, h *autograd.Var) *autograd.Var {
	if m.finalNorm != nil {
		h = m.finalNorm.Forward(c, h)
	}
	if m.ProjectOut != nil {
		h = m.ProjectOut.Forward(c, h)
	}
	y := m.LMHead.Forward(c, h)
	if f := m.spec.Head.Scale; f != 0 {
		y = autograd.Scale(y, f)
	}
	if bound := m.spec.Head.SoftCap; bound != 0 {
		y = autograd.SoftCap(y, bound)
	}
	return y
}

// Walk implements models.CausalLM.
func (m *Model) Walk(visit func(*nn.Param)) {
	m.EmbedWalk(visit)
	for _, l := range m.layers {
		l.Walk(visit)
	}
	m.walkTail(visit)
	m.LMHead.Walk(func(p *nn.Param) {
		if p != m.Embedding.Weight {
			visit(p)
		}
	})
}

// EmbedWalk implements models.CausalLM.
func (m *Model) EmbedWalk(visit func(*nn.Param)) {
	m.Embedding.Walk(visit)
	if m.Positions != nil {
		m.Positions.Walk(visit)
	}
	if m.ProjectIn != nil {
		m.ProjectIn.Walk(visit)
	}
	if m.embeddingNorm != nil {
		m.embeddingNorm.Walk(visit)
	}
}

// HeadWalk implements models.CausalLM.
func (m *Model) HeadWalk(visit func(*nn.Param)) {
	m.walkTail(visit)
	m.LMHead.Walk(visit)
}

// walkTail visits what stands between the last layer and the head.
func (m *Model) walkTail(visit func(*nn.Param)) {
	if m.finalNorm != nil {
		m.finalNorm.Walk(visit)
	}
	if m.ProjectOut != nil {
		m.ProjectOut.Walk(visit)
	}
}
