package prune_test

import (
	"context"
	"strings"
	"testing"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/prune/registry"
	"github.com/adagp/adagp/prune/sparsity"
)

// TestSolversAllocateLittle: nothing is allocated row by row or weight by weight. With sixteen times as many
// rows a solver makes about as many allocations.
func TestSolversAllocateLittle(t *testing.T) {
	parallel.SetThreads(1)
	defer parallel.SetThreads(0)
	for _, info := range registry.Solvers() {
		if strings.HasPrefix(info.Name, "test-") || info.Name == "refit-exact" { // which factors a system for every row
			continue
		}
		s, err := registry.NewSolver(info.Name, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, pattern := range []sparsity.Pattern{sparsity.Unstructured(0.5), sparsity.NM(2, 4)} {
			allocations := func(rows int) float64 {
				p := prunetest.Random(1, rows, 128, 150, pattern)
				return testing.AllocsPerRun(2, func() {
					if _, err := s.Solve(context.Background(), p); err != nil {
						t.Fatal(err)
					}
				})
			}
			if few, many := allocations(64), allocations(1024); many > 2*few+50 {
				t.Errorf("%s, %v: %v allocations for 64 rows, %v for 1024", info.Name, pattern, few, many)
			}
		}
	}
}
