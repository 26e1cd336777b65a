package nn_test

import (
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

// doubled is an activation from outside the package.
type doubled struct{}

func (doubled) Name() string                            { return "doubled" }
func (doubled) Arity() int                              { return 1 }
func (doubled) Apply(in ...*autograd.Var) *autograd.Var { return autograd.Scale(in[0], 2) }

// A layer computes the same in an arena, in memory that was used before, as in fresh memory.
func TestLayersInArena(t *testing.T) {
	const rows, hidden, inner = 3, 8, 12
	rng := newRNG(4)
	x := random(rng, 1, rows, hidden)
	norms := func(affine bool) *nn.LayerNorm { return nn.NewLayerNorm("n", hidden, 1e-5, affine) }
	type layer interface {
		Forward(*nn.Context, *autograd.Var) *autograd.Var
		Walk(func(*nn.Param))
	}
	layers := map[string]layer{
		"linear": nn.NewLinear("l", hidden, inner, true), "linear without bias": nn.NewLinear("l", hidden, inner, false),
		"rms norm": nn.NewRMSNorm("n", hidden, 1e-6), "layer norm": norms(true), "plain layer norm": norms(false),
		"gated": &nn.GatedMLP{Gate: nn.NewLinear("g", hidden, inner, false), Up: nn.NewLinear("u", hidden, inner, false),
			Down: nn.NewLinear("d", inner, hidden, false), Activation: nn.SwiGLU},
	}
	for _, a := range []nn.Activation{nn.ReLU, nn.GELU, nn.GELUTanh, nn.SiLU, nn.Sigmoid, nn.Tanh, doubled{}} {
		layers["mlp "+a.Name()] = &nn.MLP{Up: nn.NewLinear("u", hidden, inner, true), Down: nn.NewLinear("d", inner, hidden, true), Activation: a}
	}
	for name, l := range layers {
		fill(rng, l.Walk)
		want := l.Forward(&nn.Context{SeqLen: 1}, autograd.Const(x)).Value
		c := &nn.Context{SeqLen: 1, Arena: autograd.NewArena()}
		first := l.Forward(c, c.Const(x)).Value
		checkClose(t, name, first, want, 0)
		first.Fill(7)
		c.Arena.Reset()
		second := l.Forward(c, c.Const(x)).Value
		checkClose(t, name+", again", second, want, 0)
		if second != first {
			t.Errorf("%s: the second pass took other memory than the first", name)
		}
	}
}

// Embeddings come from the values or from what is stored, and an id outside the table panics in both.
func TestEmbeddingStored(t *testing.T) {
	e := nn.NewEmbedding("e", 5, 4)
	fill(newRNG(2), e.Walk)
	want := e.Forward(&nn.Context{SeqLen: 1}, []int{4, 0}).Value
	check := func(what string) {
		for _, arena := range []*autograd.Arena{nil, autograd.NewArena()} {
			c := &nn.Context{SeqLen: 1, Arena: arena}
			checkClose(t, what, e.Forward(c, []int{4, 0}).Value, want, 0)
			if _, ok := panics(func() { e.Forward(c, []int{5}) }).(*tensor.ShapeError); !ok {
				t.Errorf("%s: an id outside the table did not panic with a *tensor.ShapeError", what)
			}
		}
	}
	check("values")
	e.Weight.Hold(pack(t, e.Weight.Value()))
	check("packed")
}

// Positions continue behind what the cache of each sequence holds.
func TestPositionsBehindCaches(t *testing.T) {
	const hidden = 8
	rng := newRNG(6)
	e := nn.NewPositionEmbedding("p", 10, 2, hidden)
	a := newAttention(t, 2, 2, 4, hidden)
	fill(rng, e.Walk)
	fill(rng, a.Walk)
	caches := []*nn.KVCache{nn.NewKVCache(), nn.NewKVCache()}
	a.Forward(&nn.Context{SeqLen: 4, Caches: caches[1:]}, autograd.Const(tensor.New(4, hidden)))
	h := e.Forward(&nn.Context{SeqLen: 2, Caches: caches}, 2).Value
	checkClose(t, "new sequence", h.Rows(0, 2), e.Weight.Value().Rows(2, 4), 0)
	checkClose(t, "after 4 tokens", h.Rows(2, 4), e.Weight.Value().Rows(6, 8), 0)
}
