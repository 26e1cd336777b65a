package adagp_test

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/adagp"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/packed"
)

// An error about a signal says which of the signals it is, and where in it.
func TestSignalNotFinite(t *testing.T) {
	r := rand.New(rand.NewPCG(31, 0))
	first, second := randomLinear(r, "first", 24, 24, 1, true), randomLinear(r, "second", 24, 24, 1, true)
	groups := []nn.Group{
		{Linears: []*nn.Linear{first}, Leave: func(_ *nn.Context, s nn.Signals, y []*autograd.Var) nn.Signals {
			bad := y[0].Value.Clone()
			bad.Set(float32(math.Inf(1)), 7, 5)
			return nn.Signals{y[0], autograd.Const(bad)}
		}},
		{Linears: []*nn.Linear{second}},
	}
	xs := batchesOf(31, 1, 24)
	o := adagp.GroupOptions{Solver: solverNamed(t, "magnitude"), Pattern: adagp.Uniform(sparsity.Unstructured(0.5))}
	err := adagp.SolveGroups(context.Background(), groups, streams(xs, xs), o)
	want := "layer first: signal 1 behind it, feature 5 at token 7 of a batch is +Inf"
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %q", err, want)
	}
}

// Batches that are not made of whole sequences, and streams of different shapes, are refused by name.
func TestStreamsDoNotFit(t *testing.T) {
	xs := batchesOf(32, 2, 24) // 200 tokens each
	for name, tc := range map[string]struct {
		lengths []int
		pruned  []*tensor.Tensor
		want    string
	}{
		"no length":       {[]int{100, 0}, xs, "batch 1 of 200 rows: sequences of 0 rows, want a length that divides them"},
		"negative length": {[]int{-1, 100}, xs, "batch 0 of 200 rows: sequences of -1 rows"},
		"other length":    {[]int{100, 150}, xs, "batch 1 of 200 rows: sequences of 150 rows"},
		"other shape":     {nil, []*tensor.Tensor{xs[0], xs[1].Rows(0, 100).Clone()}, "batch 1 has the shape [100 24] in the pruned stream and [200 24] in the dense one"},
	} {
		t.Run(name, func(t *testing.T) {
			lin := randomLinear(rand.New(rand.NewPCG(32, 0)), "lin", 24, 16, 1, true)
			in := streams(xs, tc.pruned)
			in.SeqLens = tc.lengths
			o := adagp.GroupOptions{Solver: solverNamed(t, "dsnot"), Pattern: adagp.Uniform(sparsity.Unstructured(0.5))}
			err := adagp.SolveGroups(context.Background(), []nn.Group{{Linears: []*nn.Linear{lin}}}, in, o)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
		})
	}
}

// Weights that are not there are refused by name.
func TestWeightsNotLoaded(t *testing.T) {
	d := declarations(33)[0]
	d.chain.Links[1].Linear.Weight.Set(nil)
	xs := batchesOf(33, 2, 24)
	_, err := adagp.Solve(context.Background(), d.chain, xs[0], nil, adagp.Options{Solver: solverNamed(t, "magnitude"), Pattern: adagp.Uniform(sparsity.Unstructured(0.5))})
	if err == nil || !strings.Contains(err.Error(), "fc2.weight is not loaded") {
		t.Errorf("chain: error %v", err)
	}
	o := adagp.GroupOptions{Solver: solverNamed(t, "magnitude"), Pattern: adagp.Uniform(sparsity.Unstructured(0.5))}
	err = adagp.SolveGroups(context.Background(), d.chain.Groups(), streams(xs, xs), o)
	if err == nil || !strings.Contains(err.Error(), "fc2.weight is not loaded") {
		t.Errorf("groups: error %v", err)
	}
}

// Weights that are held as they are stored are pruned like values.
func TestWeightsHeldAsStored(t *testing.T) {
	var results [][]float32
	for _, stored := range []bool{false, true} {
		d := declarations(33)[0]
		p := d.chain.Links[1].Linear.Weight
		if stored {
			b := make([]byte, 4*p.Len())
			if err := tensor.Encode(b, p.Value().Data(), tensor.F32); err != nil {
				t.Fatal(err)
			}
			p.Hold(packed.Choose(tensor.F32, p.Shape[0], p.Shape[1], b))
		}
		xs := batchesOf(33, 2, 24)
		o := adagp.GroupOptions{Solver: solverNamed(t, "magnitude"), Pattern: adagp.Uniform(sparsity.Unstructured(0.5))}
		if err := adagp.SolveGroups(context.Background(), d.chain.Groups(), streams(xs, xs), o); err != nil {
			t.Fatal(err)
		}
		results = append(results, p.Dense().Data())
	}
	if !slices.Equal(results[0], results[1]) {
		t.Error("weights that were held as they are stored were pruned to others")
	}
}
