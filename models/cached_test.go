package models_test

import (
	"fmt"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
)

// Decoding several sequences of different lengths side by side, a token or a piece of the text at a time and
// in memory that is used again, gives the logits that a full pass over each gives.
func TestSequencesSideBySide(t *testing.T) {
	for _, g := range goldenModels {
		t.Run(g.name, func(t *testing.T) {
			path := g.path
			if path == "" {
				path = golden.Path("models/" + g.name)
			}
			m := openLoaded(t, path)
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
				models.Forward(&nn.Context{Caches: caches[i : i+1]}, m, [][]int{texts[i][:held(i)]})
			}
			full := models.Forward(&nn.Context{}, m, texts).Value
			c := &nn.Context{Caches: caches, Arena: autograd.NewArena()}
			for step, n := 0, 1; step+n <= length-held(rows-1); step, n = step+n, 1+step%3 {
				ids := make([][]int, rows)
				for i := range ids {
					ids[i] = texts[i][held(i)+step : held(i)+step+n]
				}
				c.Arena.Reset()
				logits := models.Forward(c, m, ids).Value
				for i := range rows {
					at := held(i) + step
					// Sums are grouped otherwise; the models have a handful of layers.
					checkClose(t, fmt.Sprintf("sequence %d, token %d", i, at), logits.Rows(i*n, (i+1)*n), full.Rows(i*length+at, i*length+at+n), 1e-4)
				}
			}
		})
	}
}
