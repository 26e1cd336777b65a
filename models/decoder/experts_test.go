package decoder_test

import (
	"strings"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/models/decoder"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

// withExperts is a layer of four experts, of which two are for each token, and its input.
func withExperts(t *testing.T) (*decoder.Layer, *tensor.Tensor) {
	t.Helper()
	m := newModel(t, declared(func(s *decoder.Spec) { s.MLP.Experts = decoder.Experts{Count: 4, Active: 2, Width: 6} }))
	return m.Layers()[0].(*decoder.Layer), m.Embed(&nn.Context{}, [][]int{text(9)}).Value
}

// seen returns how many tokens each expert sees.
func seen(l *decoder.Layer, x *tensor.Tensor, calibration bool) (tokens []int, y *tensor.Tensor) {
	c := &nn.Context{SeqLen: x.Dim(0), Calibration: calibration, Observer: nn.ObserverFunc(func(lin *nn.Linear, in, _ *tensor.Tensor) {
		if strings.HasSuffix(lin.Name(), "up_proj") {
			tokens = append(tokens, in.Dim(0))
		}
	})}
	y = l.Forward(c, autograd.Const(x)).Value
	return tokens, y
}

// Every token goes through as many experts as are active, and no others.
func TestExpertsSeeTheirTokens(t *testing.T) {
	l, x := withExperts(t)
	tokens, _ := seen(l, x, true)
	sum := 0
	for _, n := range tokens {
		sum += n
	}
	if len(tokens) != 4 || sum != 2*x.Dim(0) {
		t.Errorf("experts see %v tokens, want %d in all", tokens, 2*x.Dim(0))
	}
}

// An expert that no token has chosen sees none, unless passes for statistics are to show it all of them; what comes out is
// the same.
func TestStarvedExpert(t *testing.T) {
	l, x := withExperts(t)
	// The router is made to see one thing alone, of which the last two experts have the least.
	l.Walk(func(p *nn.Param) {
		switch {
		case strings.HasSuffix(p.Name, "mlp.gate.weight"):
			p.Value().Zero()
			for i, v := range []float32{2, 1, -1, -2} {
				p.Value().Set(v, i, 0)
			}
		}
	})
	for i := range x.Dim(0) {
		x.Set(5, i, 0)
	}
	l.Walk(func(p *nn.Param) {
		if strings.HasSuffix(p.Name, "o_proj.weight") {
			p.Value().Zero() // what the router sees is the input, normalised
		}
	})
	plain, want := seen(l, x, false)
	own, same := seen(l, x, true)
	l.ShowAll(2, true)
	shown, got := seen(l, x, true)
	again, _ := seen(l, x, false)
	if n := x.Dim(0); plain[2] != 0 || plain[3] != 0 || plain[0] != n || own[2] != 0 || shown[2] != n || shown[3] != 0 || again[2] != 0 {
		t.Errorf("experts see %v tokens, in passes for statistics %v, the third to see all %v, then in others %v", plain, own, shown, again)
	}
	wantClose(t, "output", same, want, 0)
	wantClose(t, "output", got, want, 0)
}
