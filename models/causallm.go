package models

import (
	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

// CausalLM is a decoder-only language model. Hidden states are [batch · length, HiddenSize], the
// sequences of a batch one after the other.
type CausalLM interface {
	Config() Config
	// Embed turns batch windows of equal length into hidden states and sets c.SeqLen to that
	// length. Ids must have passed CheckIDs.
	Embed(c *nn.Context, ids [][]int) *autograd.Var
	// Layers returns the decoder layers in order; each maps hidden states to hidden states.
	Layers() []DecoderLayer
	// Head turns hidden states into logits [batch · length, VocabSize].
	Head(c *nn.Context, h *autograd.Var) *autograd.Var
	// Walk visits every parameter once; EmbedWalk and HeadWalk those that Embed and Head use,
	// which share the table when the embeddings are tied.
	Walk(visit func(*nn.Param))
	EmbedWalk(visit func(*nn.Param))
	HeadWalk(visit func(*nn.Param))
}

// DecoderLayer is one transformer layer.
type DecoderLayer interface {
	// Name is the path of the layer, such as "model.layers.0".
	Name() string
	// Forward maps hidden states [batch · c.SeqLen, hidden] to hidden states.
	Forward(c *nn.Context, h *autograd.Var) *autograd.Var
	// Linears returns the layers to prune, in pruning order: q, k, v, output projection, then
	// the feed-forward maps (gate, up, down or fc1, fc2).
	Linears() []*nn.Linear
	// Groups declares the layer as steps of linear maps with a common input, which together are
	// Forward, and what each is to reproduce when it is pruned.
	Groups() []nn.Group
	// Chain declares the feed-forward block for AdaGP.
	Chain() *nn.Chain
	Walk(visit func(*nn.Param))
}

// Mixture is a decoder layer with experts, feed-forward blocks of which each token goes through the few that a router
// chooses.
type Mixture interface {
	DecoderLayer
	// Experts returns the linear maps of each expert that the router chooses, its first ones first.
	Experts() [][]*nn.Linear
	// ShowAll makes passes for calibration show an expert all tokens, also those that do not go through it. What comes
	// out of the layer stays the same.
	ShowAll(expert int, all bool)
}

// Forward runs the whole model on batch windows of equal length and returns the logits
// [batch · length, VocabSize]. With caches in the context, window i continues what cache i holds. All
// weights must be loaded.
func Forward(c *nn.Context, m CausalLM, ids [][]int) *autograd.Var {
	h := m.Embed(c, ids)
	for _, l := range m.Layers() {
		h = through(c, l, h)
	}
	return m.Head(c, h)
}

// through takes hidden states through a layer. In an arena they stay where they are, and the memory that the
// layer took is free again for the next one.
func through(c *nn.Context, l DecoderLayer, h *autograd.Var) *autograd.Var {
	if c.Arena == nil {
		return l.Forward(c, h)
	}
	mark := c.Arena.Mark()
	h.Value.CopyFrom(l.Forward(c, h).Value)
	c.Arena.Release(mark)
	return h
}

// Flatten sets c.SeqLen to the length of the windows and returns their ids one after the other. It
// is the first step of every Embed; windows of different lengths panic.
func Flatten(c *nn.Context, ids [][]int) []int {
	if len(ids) == 0 || len(ids[0]) == 0 {
		panic(&tensor.ShapeError{Op: "models.Embed", Got: []int{len(ids), 0}, Want: []int{tensor.AnyDim, tensor.AnyDim}, Msg: "no tokens"})
	}
	c.SeqLen = len(ids[0])
	flat := make([]int, 0, len(ids)*c.SeqLen)
	for i, w := range ids {
		if len(w) != c.SeqLen {
			panic(&tensor.ShapeError{Op: "models.Embed", Got: []int{i, len(w)}, Want: []int{i, c.SeqLen}, Msg: "token windows differ in length"})
		}
		flat = append(flat, w...)
	}
	return flat
}
