package models_test

import (
	"slices"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

func TestRegistry(t *testing.T) {
	got := models.Architectures()
	if !slices.IsSorted(got) || !slices.Contains(got, "LlamaForCausalLM") || !slices.Contains(got, "OPTForCausalLM") {
		t.Fatalf("architectures: got %v, want them sorted, with those of LLaMA and OPT", got)
	}
	defer func() {
		if recover() == nil {
			t.Error("registering LlamaForCausalLM again did not panic")
		}
	}()
	models.Register("LlamaForCausalLM", nil)
}

func TestCheckIDs(t *testing.T) {
	c := models.Config{VocabSize: 10, MaxPositions: 4}
	tests := []struct {
		name string
		ids  [][]int
		want []string // nil: sound
	}{
		{"sound", [][]int{{0, 9}, {5, 5}}, nil},
		{"longest", [][]int{{0, 1, 2, 3}}, nil},
		{"none", nil, []string{"no token windows"}},
		{"empty", [][]int{{}}, []string{"window 0 is empty"}},
		{"different lengths", [][]int{{1, 2}, {1}}, []string{"window 1 has 1 tokens", "has 2"}},
		{"too long", [][]int{{1, 2, 3, 4, 5}}, []string{"5 tokens", "at most 4"}},
		{"beyond the vocabulary", [][]int{{1, 2}, {1, 10}}, []string{"window 1", "id 10 at position 1", "vocabulary of 10"}},
		{"negative", [][]int{{-1}}, []string{"id -1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := models.CheckIDs(c, tt.ids)
			if tt.want == nil {
				if err != nil {
					t.Errorf("got error %v", err)
				}
				return
			}
			wantError(t, err, tt.want...)
		})
	}
}

func TestFlattenPanics(t *testing.T) {
	for _, ids := range [][][]int{nil, {{}}, {{1, 2}, {3}}} {
		func() {
			defer func() {
				if _, ok := recover().(*tensor.ShapeError); !ok {
					t.Errorf("Flatten(%v) did not panic with a *tensor.ShapeError", ids)
				}
			}()
			models.Flatten(&nn.Context{}, ids)
		}()
	}
}

// A model outside this module is one type and one call of Register. This one predicts the id that
// follows, with certainty.
type counter struct{ vocab int }

func (m counter) Config() models.Config {
	return models.Config{Architecture: "Counter", VocabSize: m.vocab, MaxPositions: 8}
}

func (m counter) Embed(c *nn.Context, ids [][]int) *autograd.Var {
	flat := models.Flatten(c, ids)
	h := tensor.New(len(flat), m.vocab)
	for i, id := range flat {
		h.Set(1, i, (id+1)%m.vocab)
	}
	return autograd.Const(h)
}

func (counter) Layers() []models.DecoderLayer                     { return nil }
func (counter) Head(_ *nn.Context, h *autograd.Var) *autograd.Var { return autograd.Scale(h, 50) }
func (counter) Walk(func(*nn.Param))                              {}
func (counter) EmbedWalk(func(*nn.Param))                         {}
func (counter) HeadWalk(func(*nn.Param))                          {}

func TestForwardOfAnyModel(t *testing.T) {
	logits := logitsOf(counter{5}, []int{3, 4})
	if got := []int{tensor.ArgMax(logits.Row(0)), tensor.ArgMax(logits.Row(1))}; !slices.Equal(got, []int{4, 0}) {
		t.Errorf("predictions: got %v, want [4 0]", got)
	}
}
