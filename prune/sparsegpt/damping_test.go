package sparsegpt

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math"
	"strings"
	"testing"

	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor/linalg"
)

// indefinite returns a problem whose Hessian has the eigenvalues 1 ± x.
func indefinite(x float64, log *bytes.Buffer) *local.Problem {
	p := prunetest.Random(1, 6, 8, 40, sparsity.Unstructured(0.5))
	p.Log = slog.New(slog.NewTextHandler(log, nil))
	p.H = linalg.Identity(8)
	p.H.Set(2, 5, x)
	p.H.Set(5, 2, x)
	return p
}

func TestDampingEscalates(t *testing.T) {
	var log bytes.Buffer
	p := indefinite(3, &log)
	s, err := local.Solve(context.Background(), Solver{}, p)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(s.Damping-10) > 1e-9 { // 0.01, 0.1, 1 and 10 are tried; eigenvalue -2 needs more than 2
		t.Errorf("damping %g, want 10", s.Damping)
	}
	if got := strings.Count(log.String(), "level=WARN"); got != 3 || !strings.Contains(log.String(), p.Name) {
		t.Errorf("%d warnings, want 3 that name %s:\n%s", got, p.Name, log.String())
	}
}

func TestDampingGivesUp(t *testing.T) {
	var log bytes.Buffer
	p := indefinite(1e12, &log)
	_, err := local.Solve(context.Background(), Solver{}, p)
	var cause *linalg.NotPositiveDefiniteError
	if !errors.As(err, &cause) || !strings.Contains(err.Error(), p.Name) {
		t.Errorf("error %v, want a *NotPositiveDefiniteError that names %s", err, p.Name)
	}
	if got := strings.Count(log.String(), "level=WARN"); got != 8 {
		t.Errorf("%d warnings, want 8:\n%s", got, log.String())
	}
}

// TestFewTokensHardlyDamped: a Hessian of rank 5 of 40, with next to no damping to begin with.
func TestFewTokensHardlyDamped(t *testing.T) {
	for _, damp := range []float64{1e-300, 1e-30, 1e-16, 1e-9} {
		p := prunetest.Random(2, 12, 40, 5, sparsity.Unstructured(0.6))
		s, err := local.Solve(context.Background(), Solver{DampFrac: damp}, p)
		if err != nil {
			t.Errorf("damping %g: %v", damp, err)
			continue
		}
		if s.Damping < damp || s.Damping > 1e-3 {
			t.Errorf("damping %g was raised to %g", damp, s.Damping)
		}
	}
}

// TestCompensates: pruning with compensation loses less than the same mask without.
func TestCompensates(t *testing.T) {
	for _, pattern := range []sparsity.Pattern{sparsity.Unstructured(0.5), sparsity.Unstructured(0.8), sparsity.NM(2, 4)} {
		p := prunetest.Random(3, 40, 96, 400, pattern)
		s, err := local.Solve(context.Background(), Solver{}, p)
		if err != nil {
			t.Fatal(err)
		}
		with, without := prunetest.Loss(p, s), prunetest.Loss(p, p.Masked(s.Mask))
		if !(with < 0.9*without) {
			t.Errorf("%v: loss %g with compensation, %g without", pattern, with, without)
		}
	}
}

// TestBlockSizeRoundsUp: groups of an N:M pattern never straddle two blocks.
func TestBlockSizeRoundsUp(t *testing.T) {
	for _, c := range []struct {
		block, cols int
		p           sparsity.Pattern
		want        int
	}{
		{128, 512, sparsity.NM(2, 4), 128},
		{100, 512, sparsity.NM(4, 8), 104},
		{1, 512, sparsity.NM(2, 4), 4},
		{128, 30, sparsity.NM(2, 4), 32},
		{7, 512, sparsity.Unstructured(0.5), 7},
		{1000, 512, sparsity.Unstructured(0.5), 512},
	} {
		p := &local.Problem{W: linalg.New(1, c.cols), Pattern: c.p}
		if got := (Solver{BlockSize: c.block}).blockSize(p); got != c.want {
			t.Errorf("block size %d, %d columns, %v: %d, want %d", c.block, c.cols, c.p, got, c.want)
		}
	}
}
