package local

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor/linalg"
)

func TestRowScales(t *testing.T) {
	inf := math.Sqrt(math.MaxFloat64)
	for _, c := range []struct{ f, want []float64 }{
		{[]float64{1, 1}, []float64{1, 1}},
		{[]float64{0.5, 1.5}, []float64{math.Sqrt(0.5), math.Sqrt(1.5)}},
		{[]float64{0, 2}, []float64{math.Sqrt(1e-3), math.Sqrt(2)}},
		{[]float64{0, 0, 0}, []float64{1, 1, 1}},
		{[]float64{1e-300, 3e-300}, []float64{math.Sqrt(0.5), math.Sqrt(1.5)}},
		{[]float64{math.MaxFloat64, math.MaxFloat64}, []float64{1, 1}},
		{[]float64{math.SmallestNonzeroFloat64}, []float64{1}},
		{[]float64{inf * inf / 2, 0}, []float64{math.Sqrt2, math.Sqrt(1e-3)}},
		{append(make([]float64, 4999), 1), nil},
		{nil, nil},
	} {
		g := RowScales(c.f)
		if len(g) != len(c.f) {
			t.Fatalf("%d factors for %d rows", len(g), len(c.f))
		}
		for i, want := range c.want {
			if math.Abs(g[i]-want) > 1e-15*want {
				t.Errorf("RowScales(%v) = %v, want %v", c.f, g, c.want)
				break
			}
		}
		if len(c.f) == 5000 && g[4999] != math.Sqrt(1000) {
			t.Errorf("one row in 5000 gets the factor %v, want the limit √1000", g[4999])
		}
	}
}

// TestRowWeights: rows compete as scaled, weights that stay come back bit by bit, new values are
// scaled back, the problem is not touched.
func TestRowWeights(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	p := &Problem{Name: "w", W: linalg.New(20, 30), Pattern: sparsity.Unstructured(0.6), RowWeights: make([]float64, 20)}
	for k := range p.W.Data {
		p.W.Data[k] = r.NormFloat64()
	}
	for i := range p.RowWeights {
		p.RowWeights[i] = math.Exp(r.NormFloat64())
	}
	before := p.W.Clone()
	g := RowScales(p.RowWeights)
	want := linalg.New(20, 30)
	for k, v := range p.W.Data {
		want.Data[k] = math.Abs(v) * g[k/30]
	}
	mask := sparsity.SelectLayer(want, p.Pattern)
	magnitude := rule{solve: func(p *Problem) (*Solution, error) {
		if p.RowWeights != nil {
			t.Error("the solver sees row weights")
		}
		score := p.W.Clone()
		for k, v := range score.Data {
			score.Data[k] = math.Abs(v)
		}
		s := p.Masked(sparsity.SelectLayer(score, p.Pattern))
		s.Damping = 0.25
		s.W.Data[0] = 7 * p.W.Data[0] // an update
		s.Mask.Set(0, 0, true)
		return s, nil
	}}
	s, err := Solve(context.Background(), magnitude, p)
	if err != nil {
		t.Fatal(err)
	}
	mask.Set(0, 0, true)
	if !s.Mask.Equal(mask) || s.Damping != 0.25 {
		t.Errorf("%d weights of the mask differ; damping %g", s.Mask.Differences(mask), s.Damping)
	}
	for k, v := range s.W.Data {
		switch i, j := k/30, k%30; {
		case k == 0:
			if math.Abs(v-7*before.Data[0]) > 1e-14*math.Abs(v) {
				t.Errorf("updated weight %g, want %g", v, 7*before.Data[0])
			}
		case mask.Keep(i, j) && v != before.Data[k]:
			t.Fatalf("weight [%d %d] is %v, want %v", i, j, v, before.Data[k])
		}
	}
	for k, v := range p.W.Data {
		if v != before.Data[k] {
			t.Fatal("the problem was changed")
		}
	}
}

func TestRowWeightsErrors(t *testing.T) {
	boom := errors.New("boom")
	for name, c := range map[string]struct {
		f     []float64
		solve func(p *Problem) (*Solution, error)
		want  string
	}{
		"count":    {[]float64{1}, keepAll, "1 row weights, want 4"},
		"negative": {[]float64{1, 1, -1, 1}, keepAll, "weight of row 2 is -1"},
		"nan":      {[]float64{1, math.NaN(), 1, 1}, keepAll, "weight of row 1 is NaN"},
		"inf":      {[]float64{1, 1, 1, math.Inf(1)}, keepAll, "weight of row 3 is +Inf"},
		"solver":   {[]float64{1, 1, 1, 1}, func(*Problem) (*Solution, error) { return nil, boom }, "boom"},
		"nothing":  {[]float64{1, 1, 1, 1}, func(*Problem) (*Solution, error) { return nil, nil }, "no weights"},
		"shape": {[]float64{1, 1, 1, 1}, func(*Problem) (*Solution, error) {
			return &Solution{W: linalg.New(1, 1), Mask: sparsity.NewMask(4, 8)}, nil
		}, "shape [1 1]"},
	} {
		p := problem(sparsity.Unstructured(0))
		p.RowWeights = c.f
		if _, err := Solve(context.Background(), rule{solve: c.solve}, p); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
}
