package prune_test

import (
	"context"
	"slices"
	"testing"

	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/prune/sparsity"
)

// Weights that a model holds as they are stored are pruned like all others: their values are taken when the run
// comes to their layer, and the model has the pruned ones afterwards.
func TestRunTakesStoredWeights(t *testing.T) {
	windows := randomWindows(96, 8, 8)
	o := prune.Options{Method: prunetest.Method("wanda"), Pattern: sparsity.Unstructured(0.5), Layers: [2]int{0, 1}}
	want := &memory{}
	if _, err := prune.Run(context.Background(), open(t, "rand-llama3"), windows, o, want); err != nil {
		t.Fatal(err)
	}
	for name, load := range map[string]func(m *models.Model) error{
		"stored": func(m *models.Model) error { return m.LoadStored(m.Walk) },
		"mapped": func(m *models.Model) error { return m.LoadMapped(m.Walk) },
		"one layer stored": func(m *models.Model) error {
			return m.LoadStored(m.Layers()[0].Walk)
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := open(t, "rand-llama3")
			if err := load(m); err != nil {
				t.Fatal(err)
			}
			out := &memory{}
			if _, err := prune.Run(context.Background(), m, windows, o, out); err != nil {
				t.Fatal(err)
			}
			if len(out.names) == 0 || !slices.Equal(out.names, want.names) {
				t.Fatalf("tensors %v, want %v", out.names, want.names)
			}
			for _, lin := range m.Layers()[0].Linears() {
				w := out.tensors[m.TensorName(lin.Weight)]
				if !slices.Equal(w.Data(), want.tensors[m.TensorName(lin.Weight)].Data()) {
					t.Errorf("%s differs from that of a model that was not loaded", lin.Name())
				}
				if !slices.Equal(lin.Weight.Dense().Data(), w.Data()) {
					t.Errorf("%s: the model does not have the pruned weights", lin.Name())
				}
			}
			for _, lin := range m.Layers()[1].Linears() {
				if name != "one layer stored" && lin.Weight.Held() == nil {
					t.Errorf("%s is behind the last pruned layer and no longer held as it is stored", lin.Name())
				}
			}
		})
	}
}
