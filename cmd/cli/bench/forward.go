package bench

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/adagp/adagp/models"
	_ "github.com/adagp/adagp/models/all" // the architectures by name
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

// randomParam gives p values of the size that keeps the variance of a signal over so many inputs.
func (r *run) randomParam(p *nn.Param, inputs int) {
	p.Set(tensor.New(p.Shape...))
	r.fill(p.Value().Data())
	tensor.ScaleInto(p.Value(), p.Value(), float32(math.Sqrt(3/float64(inputs))))
}

// model returns a decoder-only model with random weights: each layer has attention and two linear maps with relu
// between them.
func (f forwardSize) model(r *run) (models.CausalLM, error) {
	m, err := models.Build(fmt.Appendf(nil, `{"architectures": ["OPTForCausalLM"], "vocab_size": %d,
		"hidden_size": %d, "ffn_dim": %d, "num_hidden_layers": %d, "num_attention_heads": %d,
		"max_position_embeddings": %d, "activation_function": "relu"}`,
		f.vocab, f.hidden, f.intermediate, f.layers, f.heads, f.tokens))
	if err != nil {
		return nil, err
	}
	m.Walk(func(p *nn.Param) { r.randomParam(p, f.hidden) })
	return m, nil
}

// flops counts the operations of the matrix products: in the linear layers and the head, and in
// attention, two products over the keys that a query sees, which are half of all on average.
func (f forwardSize) flops() float64 {
	h, t := float64(f.hidden), float64(f.tokens)
	linear := 4*h*h + 2*h*float64(f.intermediate)
	attention := 2 * h * (t + 1) / 2
	return 2 * t * (float64(f.layers)*(linear+attention) + h*float64(f.vocab))
}

// measureForward times the forward pass, beside the products of its two largest linear layers.
func (r *run) measureForward() error {
	f := r.sizes.forward
	m, err := f.model(r)
	if err != nil {
		return err
	}
	rng := rand.New(rand.NewPCG(r.o.Seed, 0))
	ids := make([]int, f.tokens)
	for i := range ids {
		ids[i] = rng.IntN(f.vocab)
	}
	pass := newSeries(func() { models.Forward(&nn.Context{}, m, [][]int{ids}) })
	fc1 := Product{M: f.tokens, N: f.intermediate, K: f.hidden, Trans: "NT"}
	fc2 := Product{M: f.tokens, N: f.hidden, K: f.intermediate, Trans: "NT"}
	first, second := r.product(fc1), r.product(fc2)
	if err := r.measure(r.peak, first, second, pass); err != nil {
		return err
	}
	perSecond := (fc1.flops() + fc2.flops()) / (first.median() + second.median())
	seconds := pass.median()
	r.res.Forward = Forward{
		Layers: f.layers, Hidden: f.hidden, Vocab: f.vocab, Tokens: f.tokens,
		Seconds: seconds, TokensPer: float64(f.tokens) / seconds,
		GFLOPS: f.flops() / seconds / 1e9, OfProducts: f.flops() / perSecond / seconds,
	}
	return nil
}
