package decoder_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/models/decoder"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

// without returns a tensor without a range of rows or columns.
func without(x *tensor.Tensor, c decoder.Cut) *tensor.Tensor {
	cols := 1
	if len(x.Shape()) == 2 {
		cols = x.Dim(1)
	}
	rows, gone := x.Dim(0), c.To-c.From
	var kept []float32
	for i, v := range x.Data() {
		if at := [2]int{i / cols, i % cols}[c.Axis]; at < c.From || at >= c.To {
			kept = append(kept, v)
		}
	}
	switch {
	case len(x.Shape()) == 1:
		return tensor.FromSlice(kept, rows-gone)
	case c.Axis == 0:
		return tensor.FromSlice(kept, rows-gone, cols)
	}
	return tensor.FromSlice(kept, rows, cols-gone)
}

func logits(m *decoder.Model) *tensor.Tensor {
	return models.Forward(&nn.Context{}, m, [][]int{text(9)}).Value
}

// A model without a unit computes what the whole one computes with zeros in the columns that read the unit.
func TestCuts(t *testing.T) {
	units := map[string]struct {
		unit   decoder.Unit
		number int
		change func(*decoder.Spec) // of the smaller model
	}{
		"channel":  {decoder.Channel, 7, func(s *decoder.Spec) { s.IntermediateSize-- }},
		"key head": {decoder.KeyHead, 1, func(s *decoder.Spec) { s.Heads, s.KVHeads = s.Heads-s.Heads/s.KVHeads, s.KVHeads-1 }},
		"query head": {decoder.QueryHead, 2, func(s *decoder.Spec) {
			if s.Heads == s.KVHeads {
				s.KVHeads--
			}
			s.Heads--
		}},
	}
	for name, change := range variants {
		for what, u := range units {
			whole := newModel(t, declared(change))
			if s := whole.Spec(); u.unit == decoder.QueryHead && s.Heads != s.KVHeads {
				continue // the groups that are left would differ in size: no declaration can say so
			}
			if slices.ContainsFunc(whole.Layers(), func(l models.DecoderLayer) bool { return l.(*decoder.Layer).Units(u.unit) == 0 }) {
				continue // heads that are normalised together, or by names with their number; channels of experts
			}
			t.Run(fmt.Sprint(name, ", ", what), func(t *testing.T) {
				values := map[string]*tensor.Tensor{}
				for _, p := range nn.Params(whole.Walk) {
					values[p.Name] = p.Value()
				}
				for _, l := range whole.Layers() {
					for _, c := range l.(*decoder.Layer).Cuts(u.unit, u.number) {
						if c.Axis == 1 {
							for i := range c.Param.Value().Dim(0) {
								clear(c.Param.Value().Row(i)[c.From:c.To])
							}
						}
					}
				}
				want := logits(whole)
				for _, l := range whole.Layers() {
					cuts := l.(*decoder.Layer).Cuts(u.unit, u.number)
					for i := len(cuts) - 1; i >= 0; i-- { // from the end: a fused matrix has several, in order
						values[cuts[i].Param.Name] = without(values[cuts[i].Param.Name], cuts[i])
					}
				}
				small := newModel(t, declared(func(s *decoder.Spec) {
					if change != nil {
						change(s)
					}
					heads := s.Heads
					u.change(s)
					if slopes := s.Position.ALiBi.Slopes; slopes != nil {
						gone := heads - s.Heads
						s.Position.ALiBi.Slopes = slices.Delete(slices.Clone(slopes), u.number*gone, (u.number+1)*gone)
					}
				}))
				for _, p := range nn.Params(small.Walk) {
					if p.Set(values[p.Name]); fmt.Sprint(p.Value().Shape()) != fmt.Sprint(p.Shape) {
						t.Fatalf("%s: shape %v is left, want %v", p.Name, p.Value().Shape(), p.Shape)
					}
				}
				// Only the grouping of sums differs.
				wantClose(t, "logits", logits(small), want, 2e-5)
			})
		}
	}
}

// In a group of several query heads one of them takes its rows and columns along, and no keys.
func TestCutQueryHead(t *testing.T) {
	l := newModel(t, declared(nil)).Layers()[0].(*decoder.Layer)
	cuts := l.Cuts(decoder.QueryHead, 3)
	if got := fmt.Sprintf("%d %s %d %d %s %d", len(cuts), cuts[0].Param.Name, cuts[0].From, cuts[0].To, cuts[1].Param.Name, cuts[1].Axis); got !=
		"2 model.layers.0.self_attn.q_proj.weight 12 16 model.layers.0.self_attn.o_proj.weight 1" {
		t.Errorf("got %s", got)
	}
	if n := []int{l.Units(decoder.QueryHead), l.Units(decoder.KeyHead), l.Units(decoder.Channel)}; fmt.Sprint(n) != "[4 2 20]" {
		t.Errorf("got %v units, want 4 query heads, 2 key heads and 20 channels", n)
	}
	defer func() {
		if recover() == nil {
			t.Error("a unit that is not there did not panic")
		}
	}()
	l.Cuts(decoder.KeyHead, 2)
}
