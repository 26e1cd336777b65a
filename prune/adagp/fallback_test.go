package adagp_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/adagp"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor/linalg"
)

// failingSolver fails in the way of its function.
type failingSolver func(p *local.Problem) error

func (failingSolver) Describe() local.Description { return local.Description{Name: "test-failing"} }

func (failingSolver) Needs() local.Needs { return local.Needs{Hessian: true} }
func (f failingSolver) Solve(_ context.Context, p *local.Problem) (*local.Solution, error) {
	return nil, f(p)
}

// TestFallback: whatever goes wrong with numbers in a local solver, the matrix is pruned by Wanda, and the
// log says why. Other failures end the run.
func TestFallback(t *testing.T) {
	for name, c := range map[string]struct {
		fail failingSolver
		want string // of the log, "": an error
	}{
		"overflow": {func(p *local.Problem) error {
			w := p.W.Clone()
			w.Set(3, 4, math.Inf(1))
			return p.CheckFinite("theirs", w)
		}, "weight [3 4] became +Inf"},
		"eigenvalues":   {func(*local.Problem) error { return fmt.Errorf("theirs: %w", linalg.ErrNoConvergence) }, "did not converge"},
		"factors":       {func(*local.Problem) error { return &linalg.NotPositiveDefiniteError{Pivot: 5} }, "pivot 5"},
		"anything else": {func(*local.Problem) error { return fmt.Errorf("no such file") }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			lin := randomLinear(rand.New(rand.NewPCG(21, 0)), "lin", 24, 16, 1, false)
			xs := batchesOf(21, 4, 24)
			var log bytes.Buffer
			o := adagp.GroupOptions{Solver: c.fail, Pattern: adagp.Uniform(sparsity.Unstructured(0.5)), Log: slog.New(slog.NewTextHandler(&log, nil))}
			err := adagp.SolveGroups(context.Background(), []nn.Group{{Linears: []*nn.Linear{lin}, Target: nn.OwnOutputs}}, streams(xs, xs), o)
			if c.want == "" {
				if err == nil || !strings.Contains(err.Error(), "no such file") {
					t.Errorf("error %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if text := log.String(); !strings.Contains(text, "pruning by wanda instead") || !strings.Contains(text, c.want) {
				t.Errorf("log %q, want %q", text, c.want)
			}
			zeros := 0
			for _, v := range lin.Weight.Value().Data() {
				if v == 0 {
					zeros++
				}
			}
			if zeros != 24*16/2 {
				t.Errorf("%d zeros", zeros)
			}
		})
	}
}
