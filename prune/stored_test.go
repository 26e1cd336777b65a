package prune_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/prune/sparsity"
)

// Weights that a model holds as they are stored are what its passes use, so pruning their values would be without
// effect: that is refused before anything happens. What is not loaded yet may be pruned after Unload.
func TestRunRefusesStoredWeights(t *testing.T) {
	windows := randomWindows(96, 8, 8)
	o := prune.Options{Method: prunetest.Method("wanda"), Pattern: sparsity.Unstructured(0.5), Layers: [2]int{0, 1}}
	for name, load := range map[string]func(m *models.Model) error{
		"stored": func(m *models.Model) error { return m.LoadStored(m.Walk) },
		"mapped": func(m *models.Model) error { return m.LoadMapped(m.Layers()[1].Walk) },
		"stored, and as values": func(m *models.Model) error {
			return errors.Join(m.LoadStored(m.Layers()[0].Walk), m.LoadAll())
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := open(t, "rand-llama3")
			if err := load(m); err != nil {
				t.Fatal(err)
			}
			out := &memory{}
			events := 0
			o := o
			o.Progress = func(prune.Event) { events++ }
			_, err := prune.Run(context.Background(), m, windows, o, out)
			var stored *nn.StoredError
			if !errors.As(err, &stored) || !strings.HasSuffix(stored.Param, ".weight") || !strings.Contains(err.Error(), "Unload") {
				t.Fatalf("error %v, want a StoredError that says what to do", err)
			}
			if len(out.names) > 0 || events > 0 {
				t.Errorf("%d tensors written and %d events before the refusal", len(out.names), events)
			}
			if _, err := prune.PlanRun(m, windows, o); !errors.As(err, &stored) {
				t.Errorf("plan: error %v, want a StoredError", err)
			}
			m.Unload(m.Walk)
			if _, err := prune.Run(context.Background(), m, windows, o, out); err != nil {
				t.Errorf("after Unload: %v", err)
			}
		})
	}
}
