package local

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor/linalg"
)

// rule is a solver made of a function, for tests.
type rule struct {
	needs Needs
	solve func(p *Problem) (*Solution, error)
}

func (r rule) Describe() Description                                  { return Description{Name: "rule"} }
func (r rule) Needs() Needs                                           { return r.needs }
func (r rule) Solve(_ context.Context, p *Problem) (*Solution, error) { return r.solve(p) }

func keepAll(p *Problem) (*Solution, error) {
	return p.Masked(sparsity.NewMask(p.W.Rows, p.W.Cols)), nil
}

func problem(p sparsity.Pattern) *Problem {
	w := linalg.New(4, 8)
	for i := range w.Data {
		w.Data[i] = float64(i + 1)
	}
	return &Problem{Name: "w", W: w, H: linalg.Identity(8), SquaredNorms: make([]float64, 8), Pattern: p}
}

func TestProblemCheck(t *testing.T) {
	all := Needs{Hessian: true, SquaredNorms: true}
	if err := problem(sparsity.NM(2, 4)).Check(all); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		spoil func(p *Problem)
		want  string
	}{
		"no weights":       {func(p *Problem) { p.W = nil }, "no weights"},
		"nan weight":       {func(p *Problem) { p.W.Set(1, 2, math.NaN()) }, "weight [1 2] is NaN"},
		"pattern":          {func(p *Problem) { p.Pattern = sparsity.NM(4, 4) }, "4:4"},
		"no hessian":       {func(p *Problem) { p.H = nil }, "needs the Hessian"},
		"hessian shape":    {func(p *Problem) { p.H = linalg.Identity(4) }, "hessian of shape [4 4]"},
		"inf hessian":      {func(p *Problem) { p.H.Set(3, 3, math.Inf(1)) }, "hessian element [3 3]"},
		"negative hessian": {func(p *Problem) { p.H.Set(3, 3, -1) }, "sum of squares"},
		"norms length":     {func(p *Problem) { p.SquaredNorms = p.SquaredNorms[:3] }, "3 squared norms"},
		"nan norm":         {func(p *Problem) { p.SquaredNorms[2] = math.NaN() }, "input 2"},
		"negative norm":    {func(p *Problem) { p.SquaredNorms[2] = -1 }, "input 2"},
		"keep shape":       {func(p *Problem) { p.Keep = sparsity.NewMask(4, 4) }, "fixed mask of shape [4 4]"},
	} {
		p := problem(sparsity.Unstructured(0.5))
		c.spoil(p)
		err := p.Check(all)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "solve w:") {
			t.Errorf("%s: error %v, want one that names w and says %q", name, err, c.want)
		}
	}
	p := problem(sparsity.Unstructured(0.5))
	p.H, p.SquaredNorms = nil, nil
	if err := p.Check(Needs{SquaredNorms: true}); err == nil {
		t.Error("no error without any statistics")
	}
	if err := p.Check(Needs{}); err != nil {
		t.Errorf("no statistics needed: %v", err)
	}
}

// TestSolveChecksSolutions: what a faulty solver returns does not get through.
func TestSolveChecksSolutions(t *testing.T) {
	good := func(p *Problem) *Solution { return p.Masked(sparsity.SelectLayer(p.W, p.Pattern)) }
	for name, c := range map[string]struct {
		spoil func(p *Problem, s *Solution)
		want  string
	}{
		"nothing":    {func(*Problem, *Solution) {}, ""},
		"no mask":    {func(_ *Problem, s *Solution) { s.Mask = nil }, "no mask"},
		"shape":      {func(_ *Problem, s *Solution) { s.W = linalg.New(8, 4) }, "shape [8 4]"},
		"mask shape": {func(_ *Problem, s *Solution) { s.Mask = sparsity.NewMask(8, 4) }, "mask of shape [8 4]"},
		"nan":        {func(_ *Problem, s *Solution) { s.W.Set(3, 7, math.NaN()) }, "NaN at [3 7]"},
		"inf":        {func(_ *Problem, s *Solution) { s.W.Set(3, 7, math.Inf(-1)) }, "-Inf at [3 7]"},
		"not zero":   {func(_ *Problem, s *Solution) { s.W.Set(0, 0, 1) }, "pruned by the mask"},
		"count": {func(p *Problem, s *Solution) {
			s.Mask.Set(1, 1, true)
			s.Mask.Set(1, 2, true)
		}, "weights pruned"},
		"changed mask": {func(p *Problem, _ *Solution) { p.Keep = sparsity.NewMask(4, 8) }, "changed the fixed mask"},
	} {
		p := problem(sparsity.Unstructured(0.5))
		_, err := Solve(context.Background(), rule{solve: func(p *Problem) (*Solution, error) {
			s := good(p)
			c.spoil(p, s)
			return s, nil
		}}, p)
		if (err == nil) != (c.want == "") || err != nil && (!strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "solve w:")) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
	p := problem(sparsity.NM(2, 4))
	_, err := Solve(context.Background(), rule{solve: func(p *Problem) (*Solution, error) {
		return p.Masked(sparsity.SelectLayer(p.W, sparsity.Unstructured(0.5))), nil
	}}, p)
	if err == nil || !strings.Contains(err.Error(), "2:4") {
		t.Errorf("unstructured answer to 2:4: error %v", err)
	}
}

func TestSelectRefusesNaN(t *testing.T) {
	p := problem(sparsity.Unstructured(0.5))
	score := p.W.Clone()
	score.Set(2, 5, math.NaN())
	if _, err := p.Select(score, sparsity.RowScope); err == nil || !strings.Contains(err.Error(), "solve w: the score of weight [2 5] is NaN") {
		t.Errorf("error %v, want one that names w and [2 5]", err)
	}
}
