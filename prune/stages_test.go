package prune_test

import (
	"context"
	"math"
	"testing"

	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/prune/sparsity"
)

// TestStages: the stages of a layer add up to its time, all of them to the time of the run, and layers that
// are only run count elsewhere.
func TestStages(t *testing.T) {
	m, err := models.Open(golden.Path("models/stories260k"))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	windows := make([][]int, 8)
	for i := range windows {
		for k := range 48 {
			windows[i] = append(windows[i], (7*i+k*k)%m.Config().VocabSize)
		}
	}
	r, err := prune.Run(context.Background(), m, windows, prune.Options{Method: prunetest.Method("adagp", "preset", "balanced"), Pattern: sparsity.Unstructured(0.5), Layers: [2]int{1, 3}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	sum := func(s prune.Seconds) (total float64) {
		for stage, v := range s {
			if v < 0 {
				t.Errorf("%s took %v s", stage, v)
			}
			total += v
		}
		return total
	}
	total := sum(r.Stages)
	for _, l := range r.Layers {
		got := sum(l.Stages)
		if math.Abs(got-l.Seconds) > 0.05*l.Seconds+1e-3 {
			t.Errorf("layer %d: stages %v add up to %v s, want %v", l.Index, l.Stages, got, l.Seconds)
		}
		for _, stage := range []prune.Stage{prune.StageLoad, prune.StageSolve, prune.StagePropagate} {
			if l.Stages[stage] <= 0 {
				t.Errorf("layer %d: no time for %s in %v", l.Index, stage, l.Stages)
			}
		}
		total += got
	}
	if math.Abs(total-r.Seconds) > 0.05*r.Seconds+5e-3 {
		t.Errorf("stages add up to %v s, want %v: %v", total, r.Seconds, r.Stages)
	}
	if r.Stages[prune.StagePrepare] <= 0 || r.Stages[prune.StageFinish] <= 0 || r.Stages[prune.StageLoad] <= 0 {
		t.Errorf("elsewhere %v: want time to prepare, for the layer that is only run, and for the finish", r.Stages)
	}
}
