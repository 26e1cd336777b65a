// Package opt is the OPT architecture: learned positions, LayerNorm before or after each sub-block,
// multi-head attention and fc1 → ReLU → fc2 blocks (Zhang et al. 2022). It registers itself as
// "OPTForCausalLM".
package opt

import (
	"fmt"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
)

// Architecture is the name in config.json.
const Architecture = "OPTForCausalLM"

const (
	normEps = 1e-5
	// positionOffset is the number of unused rows in front of the position table.
	positionOffset = 2
)

func init() {
	models.Register(Architecture, func(config []byte) (models.CausalLM, error) {
		c, err := ParseConfig(config)
		if err != nil {
			return nil, err
		}
		return New(c)
	})
}

// Model is an OPT language model.
type Model struct {
	Embedding  *nn.Embedding         // [vocab, embed]
	Positions  *nn.PositionEmbedding // [positions + 2, hidden]
	ProjectIn  *nn.Linear            // [hidden, embed], nil when the widths agree
	Blocks     []*Layer
	FinalNorm  *nn.LayerNorm // nil for post-norm models
	ProjectOut *nn.Linear    // [embed, hidden], nil when the widths agree
	LMHead     *nn.Linear    // [vocab, embed]; shares the embedding's weight when tied

	config *Config
}

// New returns a model without values.
func New(c *Config) (*Model, error) {
	act, err := nn.ActivationByName(c.Activation)
	if err != nil {
		return nil, err
	}
	m := &Model{
		Embedding: nn.NewEmbedding(embedName, c.VocabSize, c.EmbedSize),
		Positions: nn.NewPositionEmbedding(positionName, c.MaxPositions, positionOffset, c.HiddenSize),
		config:    c,
	}
	if c.EmbedSize != c.HiddenSize {
		m.ProjectIn = nn.NewLinear(projectInName, c.EmbedSize, c.HiddenSize, false)
		m.ProjectOut = nn.NewLinear(projectOutName, c.HiddenSize, c.EmbedSize, false)
	}
	for i := range c.NumLayers {
		m.Blocks = append(m.Blocks, newLayer(fmt.Sprintf(layerName, i), c, act))
	}
	if c.FinalNorm {
		m.FinalNorm = nn.NewLayerNorm(finalNormName, c.HiddenSize, normEps, c.NormAffine)
	}
	if c.TieWordEmbeddings {
		m.LMHead = nn.NewTiedLinear(headName, m.Embedding.Weight)
	} else {
		m.LMHead = nn.NewLinear(headName, c.EmbedSize, c.VocabSize, false)
	}
	return m, nil
}

// Config returns the sizes.
func (m *Model) Config() models.Config { return m.config.Config }

// Embed implements models.CausalLM.
func (m *Model) Embed(c *nn.Context, ids [][]int) *autograd.Var {
	h := m.Embedding.Forward(c, models.Flatten(c, ids))
	if m.ProjectIn != nil {
		h = m.ProjectIn.Forward(c, h)
	}
	return autograd.Add(h, m.Positions.Forward(c, len(ids)))
}

// Layers implements models.CausalLM.
func (m *Model) Layers() []models.DecoderLayer {
	ls := make([]models.DecoderLayer, len(m.Blocks))
	for i, b := range m.Blocks {
		ls[i] = b
	}
	return ls
}

// Head implements models.CausalLM.
func (m *Model) Head(c *nn.Context, h *autograd.Var) *autograd.Var {
	if m.FinalNorm != nil {
		h = m.FinalNorm.Forward(c, h)
	}
	if m.ProjectOut != nil {
		h = m.ProjectOut.Forward(c, h)
	}
	return m.LMHead.Forward(c, h)
}

// Walk implements models.CausalLM.
func (m *Model) Walk(visit func(*nn.Param)) {
	m.EmbedWalk(visit)
	for _, b := range m.Blocks {
		b.Walk(visit)
	}
	m.walkTail(visit)
	if !m.config.TieWordEmbeddings {
		m.LMHead.Walk(visit)
	}
}

// EmbedWalk implements models.CausalLM.
func (m *Model) EmbedWalk(visit func(*nn.Param)) {
	m.Embedding.Walk(visit)
	m.Positions.Walk(visit)
	if m.ProjectIn != nil {
		m.ProjectIn.Walk(visit)
	}
}

// HeadWalk implements models.CausalLM.
func (m *Model) HeadWalk(visit func(*nn.Param)) {
	m.walkTail(visit)
	m.LMHead.Walk(visit)
}

// walkTail visits what stands between the last layer and the head.
func (m *Model) walkTail(visit func(*nn.Param)) {
	if m.FinalNorm != nil {
		m.FinalNorm.Walk(visit)
	}
	if m.ProjectOut != nil {
		m.ProjectOut.Walk(visit)
	}
}
