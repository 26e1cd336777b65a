package prune_test

import (
	"errors"
	"maps"
	"path/filepath"
	"testing"

	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/prune/sparsity"
)

// TestResumeWithAnotherBudget: a budget may change wherever the bytes can stay the same, and they do.
func TestResumeWithAnotherBudget(t *testing.T) {
	o := prune.Options{Method: prunetest.Method("adagp", "preset", "balanced"), Pattern: sparsity.Unstructured(0.6), Layers: [2]int{0, 2}}
	free, err := planned(t, 9, o)
	if err != nil {
		t.Fatal(err)
	}
	small := int64(0) // a budget with fewer windows in a pass
	for b := free.Peak; b >= free.Smallest; b -= 1 << 18 {
		with := o
		with.Memory = b
		if p, err := planned(t, 9, with); err == nil && p.Windows < free.Windows && p.Finish == "runs" {
			small = b
		}
	}
	for name, c := range map[string]struct{ available, first, then int64 }{
		"no budget, then a large one":                              {1 << 40, 0, 1 << 40},
		"a large one, then none":                                   {1 << 40, 1 << 40, 0},
		"a small one, then none":                                   {1 << 40, max(small, free.Smallest), 0},
		"no budget and no memory for the last step, then a budget": {1, 0, 1 << 40},
		"no budget and no memory for the last step, then a small":  {1, 0, free.Peak - 1},
	} {
		dir := t.TempDir()
		prune.Available(t, c.available)
		first, then := o, o
		first.Memory, then.Memory = c.first, c.then
		_, want, err := runKept(t, golden.Path(stories), filepath.Join(dir, "whole"), false, 1<<30, first)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out := filepath.Join(dir, "out")
		if _, _, err := runKept(t, golden.Path(stories), out, false, 4, first); !errors.Is(err, errFull) {
			t.Fatal(err)
		}
		if _, got, err := runKept(t, golden.Path(stories), out, true, 1<<30, then); err != nil || !maps.Equal(got, want) {
			t.Errorf("%s: error %v, or other tensors", name, err)
		}
	}
}

// TestLastStepIsDroppedOnRequest: also of a run that was to have it, after layers that wait for it; from
// then on for good.
func TestLastStepIsDroppedOnRequest(t *testing.T) {
	o := prune.Options{Method: prunetest.Method("adagp", "preset", "balanced"), Pattern: sparsity.Unstructured(0.6), Layers: [2]int{0, 3}, Memory: 1 << 40}
	without := o
	without.NoFinish = true
	dir := t.TempDir()
	report, want, err := runKept(t, golden.Path(stories), filepath.Join(dir, "whole"), false, 1<<30, without)
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Finish) > 0 {
		t.Errorf("notes of the last step %v", report.Finish)
	}
	for _, writes := range []int{1, 4, 6} {
		out := filepath.Join(dir, "out", string(rune('a'+writes)))
		if _, _, err := runKept(t, golden.Path(stories), out, false, writes, o); !errors.Is(err, errFull) {
			t.Fatalf("%d writes: %v", writes, err)
		}
		if _, _, err := runKept(t, golden.Path(stories), out, true, 3, without); !errors.Is(err, errFull) {
			t.Fatalf("%d writes: %v", writes, err)
		}
		report, got, err := runKept(t, golden.Path(stories), out, true, 1<<30, o)
		if err != nil || !maps.Equal(got, want) || len(report.Finish) > 0 {
			t.Errorf("%d writes: error %v, or other tensors than without the last step", writes, err)
		}
	}
}

// TestResumeNeedsItsMemory: a budget without room for what leads to the same bytes is an error, which leaves
// the run as it is.
func TestResumeNeedsItsMemory(t *testing.T) {
	o := prune.Options{Method: prunetest.Method("adagp", "preset", "balanced"), Pattern: sparsity.Unstructured(0.6), Layers: [2]int{0, 2}}
	out := filepath.Join(t.TempDir(), "out")
	prune.Available(t, 1<<40)
	if _, _, err := runKept(t, golden.Path(stories), out, false, 4, o); !errors.Is(err, errFull) {
		t.Fatal(err)
	}
	free, err := planned(t, 9, o)
	if err != nil {
		t.Fatal(err)
	}
	o.Memory = free.Smallest // possible with fewer windows in a pass, and without the last step
	var small *prune.MemoryError
	if _, _, err := runKept(t, golden.Path(stories), out, true, 1<<30, o); !errors.As(err, &small) || !small.Kept || small.Smallest <= o.Memory {
		t.Errorf("got %v, want a *MemoryError that names what the interrupted run needs", err)
	}
	o.Memory, o.NoFinish = free.Peak, true
	if report, _, err := runKept(t, golden.Path(stories), out, true, 1<<30, o); err != nil || len(report.Finish) > 0 {
		t.Errorf("without the last step: %v", err)
	}
}
