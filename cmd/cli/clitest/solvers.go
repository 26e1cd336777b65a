package clitest

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/registry"
	"github.com/adagp/adagp/prune/sparsity"
)

// WhileItRuns has do called by the solver test-take in the second decoder layer, once.
func WhileItRuns(t *testing.T, do func()) {
	t.Helper()
	OnTaken = func() {
		OnTaken = func() {}
		do()
	}
	t.Cleanup(func() { OnTaken = func() {} })
}

// init that misbehave, each in its own way; they also show that a solver registered anywhere is
// usable by name here.
func init() {
	registry.Plain("test-panic", "panics", SolverFunc{"test-panic", func(context.Context, *local.Problem) (*local.Solution, error) { panic("kaputt\nwith lines") }})
	registry.Plain("test-deaf", "never returns", SolverFunc{"test-deaf", func(context.Context, *local.Problem) (*local.Solution, error) {
		os.Stderr.WriteString("deaf\n")
		select {}
	}})
	registry.Plain("test-wait", "waits for the interrupt", SolverFunc{"test-wait", func(ctx context.Context, _ *local.Problem) (*local.Solution, error) {
		os.Stderr.WriteString("waiting\n")
		<-ctx.Done()
		return nil, ctx.Err()
	}})
}

// DontWait lets test-wait-later go through.
const DontWait = "ADAGP_TEST_DONT_WAIT"

func init() {
	registry.Plain("test-wait-later", "waits for the interrupt in the second decoder layer", SolverFunc{"test-wait-later", func(ctx context.Context, p *local.Problem) (*local.Solution, error) {
		if os.Getenv(DontWait) == "" && strings.Contains(p.Name, ".layers.1.") {
			os.Stderr.WriteString("waiting\n")
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return EverySecond(p), nil
	}})
}

// SolverFunc is a solver made of a function.
type SolverFunc struct {
	Name string
	Do   func(context.Context, *local.Problem) (*local.Solution, error)
}

// Describe returns the name.
func (f SolverFunc) Describe() local.Description { return local.Description{Name: f.Name} }

// Needs asks for no statistics.
func (SolverFunc) Needs() local.Needs { return local.Needs{} }

// Solve calls Do.
func (f SolverFunc) Solve(ctx context.Context, p *local.Problem) (*local.Solution, error) {
	return f.Do(ctx, p)
}

// EverySecond keeps the even columns.
func EverySecond(p *local.Problem) *local.Solution {
	mask := sparsity.NewMask(p.W.Rows, p.W.Cols)
	for i := range p.W.Rows {
		for j := range p.W.Cols {
			mask.Set(i, j, j%2 == 0)
		}
	}
	return p.Masked(mask)
}

// DropFirst prunes the first N of every M weights of a row.
func DropFirst(_ context.Context, p *local.Problem) (*local.Solution, error) {
	mask := sparsity.NewMask(p.W.Rows, p.W.Cols)
	for i := range p.W.Rows {
		for j := range p.W.Cols {
			mask.Set(i, j, j%p.Pattern.M >= p.Pattern.N)
		}
	}
	return p.Masked(mask), nil
}

// OnTaken is called by the solver test-take in the second decoder layer.
var OnTaken = func() {}

func init() {
	registry.Plain("test-take", "does something else on the way", SolverFunc{"test-take", func(_ context.Context, p *local.Problem) (*local.Solution, error) {
		if strings.Contains(p.Name, ".layers.1.") {
			OnTaken()
		}
		return EverySecond(p), nil
	}})
}
