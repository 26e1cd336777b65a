package adagp_test

import (
	"context"
	"strings"
	"testing"

	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/adagp"
	"github.com/adagp/adagp/prune/sparsity"
)

// Maps that are frozen keep their weights, and the others make up for nothing but themselves.
func TestGroupsFrozen(t *testing.T) {
	d := declarations(21)[3]
	defer restoring(d.chain)()
	frozen := d.chain.Links[1].Linear
	before := frozen.Weight.Value()
	set := 0
	o := adagp.GroupOptions{Solver: solverNamed(t, "admm"), Pattern: adagp.Uniform(sparsity.Unstructured(0.5)),
		Frozen: func(l *nn.Linear) bool { return l == frozen }, Note: func(step string, _ float64) {
			if strings.HasSuffix(step, "pruned") {
				set++
			}
		}}
	xs := batchesOf(21, 2, 24)
	if err := adagp.SolveGroups(context.Background(), d.chain.Groups(), streams(xs, xs), o); err != nil {
		t.Fatal(err)
	}
	if frozen.Weight.Value() != before || set != 2 {
		t.Errorf("frozen map changed %v, %d maps pruned, want 2", frozen.Weight.Value() != before, set)
	}
}
