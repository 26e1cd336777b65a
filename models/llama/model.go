// Package llama is the LLaMA architecture: RMSNorm, rotary positions, grouped-query attention and
// SwiGLU feed-forward blocks (Touvron et al. 2023; Llama 2 and 3 included). It registers itself as
// "LlamaForCausalLM".
package llama

import (
	"fmt"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
)

// Architecture is the name in config.json.
const Architecture = "LlamaForCausalLM"

func init() {
	models.Register(Architecture, func(config []byte) (models.CausalLM, error) {
		c, err := ParseConfig(config)
		if err != nil {
			return nil, err
		}
		return New(c)
	})
}

// Model is a LLaMA language model.
type Model struct {
	Embedding *nn.Embedding // [vocab, hidden]
	Blocks    []*Layer
	Norm      *nn.RMSNorm
	LMHead    *nn.Linear // [vocab, hidden]; shares the embedding's weight when tied

	config *Config
}

// New returns a model without values.
func New(c *Config) (*Model, error) {
	rope, err := nn.NewRoPE(c.HeadDim, c.RopeTheta, c.RopeScaling)
	if err != nil {
		return nil, err
	}
	m := &Model{
		Embedding: nn.NewEmbedding(embedName, c.VocabSize, c.HiddenSize),
		Norm:      nn.NewRMSNorm(normName, c.HiddenSize, c.RMSNormEps),
		config:    c,
	}
	for i := range c.NumLayers {
		m.Blocks = append(m.Blocks, newLayer(fmt.Sprintf(layerName, i), c, rope))
	}
	if c.TieWordEmbeddings {
		m.LMHead = nn.NewTiedLinear(headName, m.Embedding.Weight)
	} else {
		m.LMHead = nn.NewLinear(headName, c.HiddenSize, c.VocabSize, false)
	}
	return m, nil
}

// Config returns the sizes.
func (m *Model) Config() models.Config { return m.config.Config }

// Embed implements models.CausalLM.
func (m *Model) Embed(c *nn.Context, ids [][]int) *autograd.Var {
	return m.Embedding.Forward(c, models.Flatten(c, ids))
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
	return m.LMHead.Forward(c, m.Norm.Forward(c, h))
}

// Walk implements models.CausalLM.
func (m *Model) Walk(visit func(*nn.Param)) {
	m.EmbedWalk(visit)
	for _, b := range m.Blocks {
		b.Walk(visit)
	}
	m.Norm.Walk(visit)
	if !m.config.TieWordEmbeddings {
		m.LMHead.Walk(visit)
	}
}

// EmbedWalk implements models.CausalLM.
func (m *Model) EmbedWalk(visit func(*nn.Param)) { m.Embedding.Walk(visit) }

// HeadWalk implements models.CausalLM.
func (m *Model) HeadWalk(visit func(*nn.Param)) {
	m.Norm.Walk(visit)
	m.LMHead.Walk(visit)
}
