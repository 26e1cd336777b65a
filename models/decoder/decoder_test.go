package decoder_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/models/decoder"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

// declared returns a small declaration with changes.
func declared(change func(*decoder.Spec)) *decoder.Spec {
	s := &decoder.Spec{
		Config: models.Config{Architecture: "Test", VocabSize: 31, HiddenSize: 12, IntermediateSize: 20, NumLayers: 2,
			Heads: 4, KVHeads: 2, HeadDim: 4, MaxPositions: 64, Activation: "silu"},
		Names:     decoder.StandardNames(),
		Norm:      decoder.Norm{Kind: decoder.RMSNorm, Eps: 1e-5},
		FinalNorm: true,
		Position:  decoder.Position{Kind: decoder.Rotary, Rotary: []decoder.RotaryEmbedding{{Theta: 10000}}},
		MLP:       decoder.MLP{Gated: true},
	}
	s.Names.QueryKeyValue, s.Names.GateUp = "self_attn.qkv_proj", "mlp.gate_up_proj"
	s.Names.AttentionOutNorm, s.Names.MLPOutNorm, s.Names.EmbeddingNorm = "attention_out_norm", "mlp_out_norm", "embedding_norm"
	if change != nil {
		change(s)
	}
	return s
}

// variants are declarations of everything that can be declared.
var variants = map[string]func(*decoder.Spec){
	"plain":         nil,
	"norms after":   func(s *decoder.Spec) { s.Placement = decoder.AfterSum },
	"parallel, one": func(s *decoder.Spec) { s.Placement = decoder.ParallelOneNorm },
	"parallel, two": func(s *decoder.Spec) { s.Placement = decoder.ParallelTwoNorm },
	"fused": func(s *decoder.Spec) {
		s.Attention.Layout, s.Attention.QKVBias, s.Attention.OutputBias = decoder.Stacked, true, true
	},
	"fused, parallel, layer norm, no gate": func(s *decoder.Spec) {
		s.Attention.Layout, s.Placement, s.MLP = decoder.Stacked, decoder.ParallelOneNorm, decoder.MLP{InBias: true, OutBias: true}
		s.Norm.Kind, s.Activation, s.KVHeads = decoder.LayerNorm, "gelu", 4
	},
	"learned positions, narrow embedding": func(s *decoder.Spec) {
		s.Position, s.Embedding.Width, s.TieWordEmbeddings = decoder.Position{Kind: decoder.Learned, Offset: 2}, 8, true
		s.Names.Positions, s.Names.ProjectIn, s.Names.ProjectOut = "positions", "in", "out"
	},
	"no positions, plain layer norm": func(s *decoder.Spec) {
		s.Position, s.Norm = decoder.Position{Kind: decoder.NoPosition}, decoder.Norm{Kind: decoder.LayerNorm, Eps: 1e-5, NoWeights: true}
	},
	"norms behind branches, over all heads, factors": func(s *decoder.Spec) {
		s.Placement, s.Attention.QKNorm, s.ResidualScale = decoder.AfterBranch, decoder.QKNormFullWidth, 0.5
		s.Embedding.Scale, s.Attention.Scale, s.Head.Scale = 3, 0.3, 0.7
	},
	"sandwich, weights less one, bounds, windows, bases": func(s *decoder.Spec) {
		s.Placement, s.Norm.PlusOne, s.Attention.QKNorm = decoder.Sandwich, true, decoder.QKNormPerHead
		s.Attention.SoftCap, s.Head.SoftCap, s.Attention.Window, s.Activation = 1.5, 2, []int{0, 3}, "gelu_pytorch_tanh"
		s.Position.Rotary = append(s.Position.Rotary, decoder.RotaryEmbedding{Theta: 100})
		s.Position.PerLayer = []int{1, 0}
	},
	"residual factor, some layers without rotation, gate and up together": func(s *decoder.Spec) {
		s.ResidualScale, s.Position.PerLayer, s.MLP.Stacked, s.MLP.InBias = 0.4, []int{0, -1}, true, true
	},
	"linear biases, head by head, norm of the embedding, bias of the head": func(s *decoder.Spec) {
		s.Position = decoder.Position{Kind: decoder.ALiBi, ALiBi: decoder.LinearBias{Slopes: []float32{0.5, 0.25, 0.125, 0.0625}}}
		s.Attention.Layout, s.Attention.QKVBias, s.KVHeads = decoder.PerHead, true, 4
		s.Norm.Kind, s.Embedding.Norm, s.MLP.Gated, s.Activation = decoder.LayerNorm, true, false, "gelu_new"
		s.Head.Bias, s.TieWordEmbeddings = true, true
	},
	"group by group, two parallel norms, rounded biases": func(s *decoder.Spec) {
		s.Attention.Layout, s.Placement, s.ResidualScale = decoder.PerGroup, decoder.ParallelTwoNorm, 0.5
		b := decoder.LinearBias{Slopes: []float32{0.51, 0.26, 0.13, 0.06}, Rounded: true, Factor: 0.7}
		s.Position = decoder.Position{Kind: decoder.ALiBi, ALiBi: b}
	},
	"neighbours in a part of a head, norm without shift, weights of each head": func(s *decoder.Spec) {
		s.Position.Rotary[0].Dims, s.Position.Rotary[0].Interleaved = 2, true
		s.Norm, s.Attention.QKNorm = decoder.Norm{Kind: decoder.LayerNorm, Eps: 1e-5, NoBias: true}, decoder.QKNormEachHead
	},
	"experts": func(s *decoder.Spec) {
		s.MLP.Experts = decoder.Experts{Count: 5, Active: 2, Width: 6, SharedWidth: 8, Plain: []bool{true, false}}
	},
	"normalised experts": func(s *decoder.Spec) {
		s.MLP.Experts = decoder.Experts{Count: 3, Active: 2, Width: 6, Normalised: true}
	},
	"a norm for each head, clipped": func(s *decoder.Spec) {
		s.Attention.QKNorm, s.Attention.Clip = decoder.QKNormHeadList, 0.9
	},
}

// newModel returns a model with random values.
func newModel(t *testing.T, s *decoder.Spec) *decoder.Model {
	t.Helper()
	m, err := decoder.New(s)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for _, p := range nn.Params(m.Walk) {
		p.Set(tensor.New(p.Shape...))
		for i := range p.Value().Data() {
			p.Value().Data()[i] = float32(0.4 * rng.NormFloat64())
		}
		if len(p.Shape) == 1 && strings.HasSuffix(p.Name, "norm.weight") {
			for i := range p.Value().Data() {
				p.Value().Data()[i]++
			}
		}
	}
	return m
}

// text returns token ids.
func text(n int) []int {
	ids := make([]int, n)
	for i := range ids {
		ids[i] = (7*i + i*i) % 31
	}
	return ids
}

func wantClose(t *testing.T, what string, got, want *tensor.Tensor, bound float64) {
	t.Helper()
	if !slices.Equal(got.Shape(), want.Shape()) {
		t.Fatalf("%s: shape %v, want %v", what, got.Shape(), want.Shape())
	}
	scale := float64(tensor.MaxAbs(want))
	for i, w := range want.Data() {
		if d := math.Abs(float64(got.Data()[i]) - float64(w)); !(d <= bound*scale) {
			t.Fatalf("%s: element %d is %v, want %v within %g of %g", what, i, got.Data()[i], w, bound, scale)
		}
	}
}

// Every declaration computes the same with a tape, piece by piece with a cache, and in an arena.
func TestOneForwardPass(t *testing.T) {
	for name, change := range variants {
		t.Run(name, func(t *testing.T) {
			m := newModel(t, declared(change))
			ids := text(20)
			want := models.Forward(&nn.Context{}, m, [][]int{ids}).Value
			nn.ZeroGrad(m.Walk)
			wantClose(t, "with a tape", models.Forward(&nn.Context{Tape: autograd.NewTape()}, m, [][]int{ids}).Value, want, 0)
			for _, arena := range []*autograd.Arena{nil, autograd.NewArena()} {
				c := &nn.Context{Caches: []*nn.KVCache{nn.NewKVCache()}, Arena: arena}
				for lo, hi := 0, 6; lo < len(ids); lo, hi = hi, min(len(ids), hi+1+lo%4) {
					if arena != nil {
						arena.Reset()
					}
					// Only the grouping of sums differs.
					got := models.Forward(c, m, [][]int{ids[lo:hi]}).Value
					wantClose(t, fmt.Sprintf("tokens %d to %d", lo, hi), got, want.Rows(lo, hi), 2e-5)
				}
			}
		})
	}
}

// Gradients of every declaration agree with differences.
func TestGradients(t *testing.T) {
	for name, change := range variants {
		t.Run(name, func(t *testing.T) {
			m := newModel(t, declared(change))
			x := tensor.New(3, 12)
			for i := range x.Data() {
				x.Data()[i] = float32(i%7) - 3
			}
			gradcheck.Check(t, name, func(tape *autograd.Tape, in []*autograd.Var) *autograd.Var {
				return m.Layers()[1].Forward(&nn.Context{Tape: tape, SeqLen: 3}, in[0])
			}, x)
		})
	}
}

// The groups of a layer are its forward pass as the placements have it.
func TestPlacements(t *testing.T) {
	type v = *autograd.Var
	for name, p := range map[string]decoder.Placement{
		"before": decoder.Before, "after sum": decoder.AfterSum, "parallel one": decoder.ParallelOneNorm, "parallel two": decoder.ParallelTwoNorm,
		"after branch": decoder.AfterBranch, "sandwich": decoder.Sandwich,
	} {
		m := newModel(t, declared(func(s *decoder.Spec) { s.Placement = p }))
		l := m.Layers()[0]
		byName := map[string]*nn.Param{}
		l.Walk(func(p *nn.Param) { byName[strings.TrimPrefix(p.Name, "model.layers.0.")] = p })
		norm := func(n string) func(x v) v {
			return func(x v) v { return autograd.RMSNorm(x, autograd.Const(byName[n+".weight"].Value()), 1e-5) }
		}
		lin := func(n string, x v) v { return autograd.Linear(x, autograd.Const(byName[n+".weight"].Value()), nil) }
		rope, err := nn.NewRoPE(4, 10000, nn.RoPEScaling{})
		if err != nil {
			t.Fatal(err)
		}
		mix := &nn.Attention{Heads: 4, KVHeads: 2, HeadDim: 4, RoPE: rope}
		c := &nn.Context{SeqLen: 5}
		attention := func(x v) v {
			return lin("self_attn.o_proj", mix.Attend(c, lin("self_attn.q_proj", x), lin("self_attn.k_proj", x), lin("self_attn.v_proj", x)))
		}
		mlp := func(x v) v {
			return lin("mlp.down_proj", autograd.SwiGLU(lin("mlp.gate_proj", x), lin("mlp.up_proj", x)))
		}
		x := m.Embed(c, [][]int{text(5)})
		n1, n2, add := norm("input_layernorm"), norm("post_attention_layernorm"), autograd.Add
		b1, b2 := norm("attention_out_norm"), norm("mlp_out_norm")
		var want v
		switch p {
		case decoder.Before:
			h := add(x, attention(n1(x)))
			want = add(h, mlp(n2(h)))
		case decoder.AfterSum:
			h := n1(add(x, attention(x)))
			want = n2(add(h, mlp(h)))
		case decoder.AfterBranch:
			h := add(x, b1(attention(x)))
			want = add(h, b2(mlp(h)))
		case decoder.Sandwich:
			h := add(x, b1(attention(n1(x))))
			want = add(h, b2(mlp(n2(h))))
		case decoder.ParallelOneNorm:
			want = add(add(x, attention(n1(x))), mlp(n1(x)))
		case decoder.ParallelTwoNorm:
			want = add(add(x, attention(n1(x))), mlp(n2(x)))
		}
		wantClose(t, name, l.Forward(c, x).Value, want.Value, 1e-6)
	}
}

// A layer says everything about its linear maps once: the groups have all of them, in a valid form.
func TestGroupsHoldAllLinears(t *testing.T) {
	for name, change := range variants {
		l := newModel(t, declared(change)).Layers()[0]
		if err := nn.CheckGroups(l.Groups()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if c := l.Chain(); c == nil {
			if declared(change).MLP.Experts.Count == 0 {
				t.Errorf("%s: no chain", name)
			}
		} else if err := c.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		seen := map[*nn.Linear]bool{}
		for _, g := range l.Groups() {
			for _, lin := range g.Linears {
				seen[lin] = true
			}
		}
		for _, lin := range l.Linears() {
			if !seen[lin] {
				t.Errorf("%s: no group has %s", name, lin.Name())
			}
		}
		if len(seen) != len(l.Linears()) {
			t.Errorf("%s: %d maps in groups, %d in all", name, len(seen), len(l.Linears()))
		}
	}
}

// What a Spec can say and nothing computes yet is refused by name, and sizes that do not fit as well.
func TestRefused(t *testing.T) {
	for want, change := range map[string]func(*decoder.Spec){
		"lacks one": func(s *decoder.Spec) { s.Norm = decoder.Norm{Kind: decoder.LayerNorm, PlusOne: true} },
		"mixture of experts beside norms": func(s *decoder.Spec) {
			s.MLP.Experts, s.Placement = decoder.Experts{Count: 3, Active: 2, Width: 6}, decoder.AfterBranch
		},
		"without a weight": func(s *decoder.Spec) { s.Norm.NoWeights = true },
	} {
		_, err := decoder.New(declared(change))
		var unsupported *decoder.UnsupportedError
		if !errors.As(err, &unsupported) || !strings.Contains(err.Error(), want) || unsupported.Architecture != "Test" {
			t.Errorf("%s: got error %v", want, err)
		}
	}
	for want, change := range map[string]func(*decoder.Spec){
		"hidden size is 0":           func(s *decoder.Spec) { s.HiddenSize = 0 },
		"head dimension is -1":       func(s *decoder.Spec) { s.HeadDim = -1 },
		"3 key/value heads":          func(s *decoder.Spec) { s.KVHeads = 3 },
		"without a rotary embedding": func(s *decoder.Spec) { s.Position.Rotary = nil },
		"head dimension 3 is not":    func(s *decoder.Spec) { s.HeadDim = 3 },
		"takes 2 arguments":          func(s *decoder.Spec) { s.Activation = "swiglu" },
		"1 layers with a rotary":     func(s *decoder.Spec) { s.Position.PerLayer = []int{0} },
		"that is none of 1":          func(s *decoder.Spec) { s.Position.PerLayer = []int{0, 1} },
		"0 slopes":                   func(s *decoder.Spec) { s.Position.Kind = decoder.ALiBi },
		"3 layers with a window":     func(s *decoder.Spec) { s.Attention.Window = []int{0, 1, 2} },
		"a negative window":          func(s *decoder.Spec) { s.Attention.Window = []int{0, -1} },
		"a negative bound":           func(s *decoder.Spec) { s.Attention.Clip = -1 },
		"head by head, with 2":       func(s *decoder.Spec) { s.Attention.Layout = decoder.PerHead },
		"4 of 3 experts":             func(s *decoder.Spec) { s.MLP.Experts = decoder.Experts{Count: 3, Active: 4, Width: 6} },
		"1 layers with a plain block": func(s *decoder.Spec) {
			s.MLP.Experts = decoder.Experts{Count: 3, Active: 2, Width: 6, Plain: []bool{true}}
		},
		"that has no gate":            func(s *decoder.Spec) { s.MLP.Stacked, s.MLP.Gated = true, false },
		"6 elements of a head of 4":   func(s *decoder.Spec) { s.Position.Rotary[0].Dims = 6 },
		`unknown activation "nobody"`: func(s *decoder.Spec) { s.MLP.Gated, s.Activation = false, "nobody" },
	} {
		if _, err := decoder.New(declared(change)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want %q in it", err, want)
		}
	}
}
