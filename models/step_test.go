package models_test

import (
	"fmt"
	"testing"

	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
)

// Decoding several sequences of different lengths side by side gives the logits that a full pass over
// each gives.
func TestStepEqualsForward(t *testing.T) {
	for _, g := range goldenModels {
		t.Run(g.name, func(t *testing.T) {
			path := g.path
			if path == "" {
				path = golden.Path("models/" + g.name)
			}
			m := openLoaded(t, path)
			stepper, ok := m.CausalLM.(models.Stepper)
			if !ok {
				t.Fatalf("%T is no models.Stepper", m.CausalLM)
			}
			rng := newRNG(5)
			length := min(m.Config().MaxPositions, 40)
			const rows = 3
			texts, caches := make([][]int, rows), make([]*nn.KVCache, rows)
			for i := range rows {
				for range length {
					texts[i] = append(texts[i], rng.IntN(m.Config().VocabSize))
				}
				caches[i] = nn.NewKVCache()
			}
			held := func(i int) int { return 1 + 5*i } // length of prompt i
			for i := range rows {
				models.Forward(&nn.Context{Cache: caches[i]}, m, [][]int{texts[i][:held(i)]})
			}
			full := models.Forward(&nn.Context{}, m, texts).Value
			s := nn.NewStep()
			for step := range length - held(rows-1) {
				ids := make([]int, rows)
				for i := range ids {
					ids[i] = texts[i][held(i)+step]
				}
				logits := stepper.Step(s, caches, ids)
				for i := range rows {
					at := held(i) + step
					// Sums are grouped otherwise; the models have a handful of layers.
					checkClose(t, fmt.Sprintf("sequence %d, token %d", i, at), logits.Rows(i, i+1), full.Rows(i*length+at, i*length+at+1), 1e-4)
				}
			}
		})
	}
}
