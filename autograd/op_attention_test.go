package autograd_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/nlpodyssey/spago/ag"
	"github.com/nlpodyssey/spago/mat"
	spago "github.com/nlpodyssey/spago/nn/attention"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
	"github.com/adagp/adagp/tensor"
)

// attentionCases are the kinds of attention of the models: multi-head, grouped,
// one key head, and windows that continue a cached text.
var attentionCases = []autograd.AttentionShape{
	{Heads: 2, KVHeads: 2, HeadDim: 3, Queries: 4, Keys: 4, Scale: 0.6},
	{Heads: 4, KVHeads: 2, HeadDim: 2, Queries: 3, Keys: 3, Scale: 0.7},
	{Heads: 3, KVHeads: 1, HeadDim: 2, Queries: 1, Keys: 1, Scale: 1},
	{Heads: 2, KVHeads: 1, HeadDim: 3, Queries: 2, Keys: 5, Scale: 0.5},
	{Heads: 1, KVHeads: 1, HeadDim: 2, Queries: 1, Keys: 6, Scale: 0.5},
	{Heads: 2, KVHeads: 1, HeadDim: 3, Queries: 4, Keys: 4, Scale: 0.5, SoftCap: 0.7},
	{Heads: 2, KVHeads: 1, HeadDim: 3, Queries: 5, Keys: 5, Scale: 0.5, Nearest: 2},
	{Heads: 2, KVHeads: 2, HeadDim: 2, Queries: 3, Keys: 5, Scale: 0.5, Nearest: 3, SoftCap: 2, Bias: random(9, 2, 6)},
	{Heads: 2, KVHeads: 1, HeadDim: 2, Queries: 4, Keys: 4, Scale: 0.5, Bias: random(8, 2, 4)},
}

func attention(s autograd.AttentionShape) gradcheck.Func {
	return func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var {
		return autograd.Attention(in[0], in[1], in[2], s)
	}
}

// attentionInputs returns q, k and v for a number of windows.
func attentionInputs(s autograd.AttentionShape, windows int) (q, k, v *tensor.Tensor) {
	return random(1, windows*s.Queries, s.Heads*s.HeadDim),
		random(2, windows*s.Keys, s.KVHeads*s.HeadDim),
		random(3, windows*s.Keys, s.KVHeads*s.HeadDim)
}

// plainAttention follows the definition, one number at a time, in float64.
func plainAttention(q, k, v *tensor.Tensor, s autograd.AttentionShape) *tensor.Tensor {
	y := tensor.New(q.Shape()...)
	for row := range q.Dim(0) {
		window, i := row/s.Queries, row%s.Queries
		for h := range s.Heads {
			kvHead := h * s.KVHeads / s.Heads
			var sum float64
			out := make([]float64, s.HeadDim)
			for j := range i + s.Keys - s.Queries + 1 {
				if s.Nearest > 0 && j <= i+s.Keys-s.Queries-s.Nearest {
					continue
				}
				var score float64
				for d := range s.HeadDim {
					score += float64(q.At(row, h*s.HeadDim+d)) * float64(k.At(window*s.Keys+j, kvHead*s.HeadDim+d))
				}
				score *= float64(s.Scale)
				if s.Bias != nil {
					score += float64(s.Bias.At(h, j))
				}
				if c := float64(s.SoftCap); c != 0 {
					score = c * math.Tanh(score/c)
				}
				p := math.Exp(score)
				sum += p
				for d := range out {
					out[d] += p * float64(v.At(window*s.Keys+j, kvHead*s.HeadDim+d))
				}
			}
			for d := range out {
				y.Set(float32(out[d]/sum), row, h*s.HeadDim+d)
			}
		}
	}
	return y
}

func TestAttention(t *testing.T) {
	// With scores of 0 a query averages the values it sees.
	s := autograd.AttentionShape{Heads: 1, KVHeads: 1, HeadDim: 1, Queries: 3, Keys: 3, Scale: 1}
	got := infer(attention(s), tensor.New(3, 1), tensor.New(3, 1), values([]int{3, 1}, 6, 2, 1))
	wantClose(t, "averages", got, values([]int{3, 1}, 6, 4, 3), roundoff)
	// Adding log 3 to the score of a key weighs it by 3.
	s = autograd.AttentionShape{Heads: 1, KVHeads: 1, HeadDim: 1, Queries: 1, Keys: 2, Scale: 0.5}
	got = infer(attention(s), values([]int{1, 1}, 2), values([]int{2, 1}, 0, 1.09861229), values([]int{2, 1}, 0, 4))
	wantClose(t, "weights", got, values([]int{1, 1}, 3), roundoff)

	for i, s := range attentionCases {
		t.Run(fmt.Sprintf("case %d", i), func(t *testing.T) {
			q, k, v := attentionInputs(s, 2)
			wantClose(t, "value", infer(attention(s), q, k, v), plainAttention(q, k, v, s), roundoff)
			gradcheck.Check(t, "attention", attention(s), q, k, v)
			if s.Queries == s.Keys && s.Nearest == 0 && s.SoftCap == 0 && s.Bias == nil {
				againstSpago(t, attention(s), func(in []mat.Tensor) mat.Tensor { return spagoAttention(in, s, 2) }, q, k, v)
			}
		})
	}
}

// spagoAttention puts spago's single-head attention together to all heads of
// all windows.
func spagoAttention(in []mat.Tensor, s autograd.AttentionShape, windows int) mat.Tensor {
	d, group := s.HeadDim, s.Heads/s.KVHeads
	var rows []mat.Tensor
	for w := range windows {
		heads := make([][]mat.Tensor, s.Queries)
		for h := range s.Heads {
			q := ag.Slice(in[0], w*s.Queries, h*d, (w+1)*s.Queries, (h+1)*d)
			k := ag.Slice(in[1], w*s.Keys, h/group*d, (w+1)*s.Keys, (h/group+1)*d)
			v := ag.Slice(in[2], w*s.Keys, h/group*d, (w+1)*s.Keys, (h/group+1)*d)
			columns := ag.RowViews(q)
			for i, c := range columns {
				columns[i] = ag.T(c)
			}
			outs, _ := spago.ScaledDotProductAttention(columns, k, v, constant(float64(s.Scale)), true)
			for i, o := range outs {
				heads[i] = append(heads[i], o)
			}
		}
		for _, h := range heads {
			rows = append(rows, ag.Concat(h...))
		}
	}
	return ag.Stack(rows...)
}

// TestAttentionBlocks goes over several blocks of queries, the last one partly
// filled, and compares every way of asking for the same numbers.
func TestAttentionBlocks(t *testing.T) {
	for _, s := range []autograd.AttentionShape{
		{Heads: 2, KVHeads: 1, HeadDim: 8, Queries: 150, Keys: 150, Scale: 0.35},
		{Heads: 2, KVHeads: 1, HeadDim: 8, Queries: 150, Keys: 150, Scale: 0.35, Nearest: 40, SoftCap: 3, Bias: random(7, 2, 160)},
	} {
		t.Run(fmt.Sprintf("nearest %d", s.Nearest), func(t *testing.T) { attentionBlocks(t, s) })
	}
}

func attentionBlocks(t *testing.T, s autograd.AttentionShape) {
	q, k, v := attentionInputs(s, 1)
	whole := infer(attention(s), q, k, v)
	wantClose(t, "whole text", whole, plainAttention(q, k, v, s), roundoff)

	tail := s
	tail.Queries = 70
	wantClose(t, "the last queries, keys cached", infer(attention(tail), q.Rows(80, 150), k, v), whole.Rows(80, 150), roundoff)
	step := s
	step.Queries, step.Keys = 1, 100
	wantClose(t, "one query", infer(attention(step), q.Rows(99, 100), k.Rows(0, 100), v.Rows(0, 100)), whole.Rows(99, 100), roundoff)
}

// TestAttentionBlocksGradient compares the gradients over several blocks with
// those of the same attention written with small operations.
func TestAttentionBlocksGradient(t *testing.T) {
	for _, s := range []autograd.AttentionShape{
		{Heads: 1, KVHeads: 1, HeadDim: 8, Queries: 130, Keys: 140, Scale: 0.35},
		{Heads: 1, KVHeads: 1, HeadDim: 8, Queries: 130, Keys: 140, Scale: 0.35, Nearest: 70, SoftCap: 3, Bias: random(7, 1, 140)},
	} {
		t.Run(fmt.Sprintf("nearest %d", s.Nearest), func(t *testing.T) { attentionBlocksGradient(t, s) })
	}
}

func attentionBlocksGradient(t *testing.T, s autograd.AttentionShape) {
	q, k, v := attentionInputs(s, 1)
	future := tensor.New(s.Queries, s.Keys)
	for i := range s.Queries {
		row := future.Row(i)
		for j := i + s.Keys - s.Queries + 1; j < s.Keys; j++ {
			row[j] = -1e30
		}
		for j := range i + s.Keys - s.Queries - s.Nearest + 1 {
			if s.Nearest > 0 {
				row[j] = -1e30
			}
		}
	}
	plain := func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var {
		scores := autograd.Scale(autograd.MatMulNT(in[0], in[1]), s.Scale)
		if s.Bias != nil {
			bias := tensor.New(s.Queries, s.Keys)
			for i := range s.Queries {
				copy(bias.Row(i), s.Bias.Row(0))
			}
			scores = autograd.SoftCap(autograd.Add(scores, autograd.Const(bias)), s.SoftCap)
		}
		return autograd.MatMul(autograd.Softmax(autograd.Add(scores, autograd.Const(future))), in[2])
	}
	dy := random(4, q.Shape()...)
	got, want := gradients(attention(s), dy, q, k, v), gradients(plain, dy, q, k, v)
	for i, name := range []string{"q", "k", "v"} {
		wantClose(t, "gradient of "+name, got[i], want[i], roundoff)
	}
}

func gradients(f gradcheck.Func, dy *tensor.Tensor, inputs ...*tensor.Tensor) []*tensor.Tensor {
	tape := autograd.NewTape()
	vars, out := make([]*autograd.Var, len(inputs)), make([]*tensor.Tensor, len(inputs))
	for i, x := range inputs {
		vars[i] = tape.Leaf(x)
	}
	tape.BackwardFrom(f(tape, vars), dy)
	for i, v := range vars {
		out[i] = v.Grad
	}
	return out
}

func TestAttentionShapes(t *testing.T) {
	good := autograd.AttentionShape{Heads: 4, KVHeads: 2, HeadDim: 2, Queries: 3, Keys: 3, Scale: 1}
	for what, change := range map[string]func(s *autograd.AttentionShape, q, k, v *tensor.Tensor) (a, b, c *tensor.Tensor){
		"no heads": func(s *autograd.AttentionShape, q, k, v *tensor.Tensor) (a, b, c *tensor.Tensor) {
			s.Heads = 0
			return q, k, v
		},
		"key heads do not divide": func(s *autograd.AttentionShape, q, k, v *tensor.Tensor) (a, b, c *tensor.Tensor) {
			s.KVHeads = 3
			return q, k, v
		},
		"fewer keys than queries": func(s *autograd.AttentionShape, q, k, v *tensor.Tensor) (a, b, c *tensor.Tensor) {
			s.Keys = 2
			return q, k, v
		},
		"queries of another width": func(s *autograd.AttentionShape, q, k, v *tensor.Tensor) (a, b, c *tensor.Tensor) { return k, k, v },
		"a bias of too few keys": func(s *autograd.AttentionShape, q, k, v *tensor.Tensor) (a, b, c *tensor.Tensor) {
			s.Bias = tensor.New(4, 2)
			return q, k, v
		},
		"fewer nearest keys than none": func(s *autograd.AttentionShape, q, k, v *tensor.Tensor) (a, b, c *tensor.Tensor) {
			s.Nearest = -1
			return q, k, v
		},
		"half a window": func(s *autograd.AttentionShape, q, k, v *tensor.Tensor) (a, b, c *tensor.Tensor) {
			return q.Rows(0, 5), k, v
		},
		"too few keys": func(s *autograd.AttentionShape, q, k, v *tensor.Tensor) (a, b, c *tensor.Tensor) {
			return q, k.Rows(0, 3), v
		},
		"too few values": func(s *autograd.AttentionShape, q, k, v *tensor.Tensor) (a, b, c *tensor.Tensor) {
			return q, k, v.Rows(0, 3)
		},
	} {
		s := good
		q, k, v := attentionInputs(good, 2)
		q, k, v = change(&s, q, k, v)
		wantShapePanic(t, what, func() { infer(attention(s), q, k, v) })
	}
}
