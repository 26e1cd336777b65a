package local

import (
	"context"
	"reflect"
	"testing"

	"github.com/adagp/adagp/prune/calib"
	"github.com/adagp/adagp/prune/quant"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor/linalg"
)

// A problem that was sent elsewhere is solved there like here, and the solution comes back.
func TestProblemAndSolutionEncoding(t *testing.T) {
	p := problem(sparsity.NM(2, 4))
	p.Seed, p.RowWeights = 7, []float64{1, 2, 3, 4}
	p.Moments = &calib.WindowMoments{Windows: 2, Sums: make([]float64, 8), Variances: make([]float64, 8)}
	p.More = map[string]calib.Sum{"norms": &calib.Squares{Sums: []float64{1, 2, 3, 4, 5, 6, 7, 8}, Tokens: 9}}
	p.Keep = sparsity.SelectNM(p.W, p.Pattern)
	b, err := p.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	sent := Problem{More: map[string]calib.Sum{"norms": calib.NewSquares(0)}}
	if err := sent.UnmarshalBinary(b); err != nil || !reflect.DeepEqual(&sent, p) {
		t.Fatalf("%+v came as %+v (%v)", p, sent, err)
	}
	solve := rule{solve: func(p *Problem) (*Solution, error) { return p.Masked(p.Keep), nil }}
	want, err := Solve(context.Background(), solve, &sent)
	if err != nil {
		t.Fatal(err)
	}
	_, want.Grid = quant.Nearest(quant.Spec{Bits: 4, Group: 4}, want.W)
	if b, err = want.MarshalBinary(); err != nil {
		t.Fatal(err)
	}
	var got Solution
	if err := got.UnmarshalBinary(b); err != nil || !reflect.DeepEqual(&got, want) {
		t.Errorf("%+v came back as %+v (%v)", want, got, err)
	}
}

func TestDamagedEncodings(t *testing.T) {
	p := problem(sparsity.Unstructured(0.5))
	good, err := p.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	wrong := problem(sparsity.Unstructured(0.5))
	wrong.W = &linalg.Matrix{Rows: 5, Cols: 8, Data: wrong.W.Data}
	shape, err := wrong.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	unknown := problem(sparsity.Unstructured(0.5))
	unknown.More = map[string]calib.Sum{"norms": calib.NewSquares(8)}
	more, err := unknown.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	for what, b := range map[string][]byte{
		"cut off": good[:len(good)/2], "too long": append(append([]byte(nil), good...), 1), "nothing": nil, "shape": shape, "statistic": more,
	} {
		if err := new(Problem).UnmarshalBinary(b); err == nil {
			t.Errorf("%s: no error", what)
		}
		if err := new(Solution).UnmarshalBinary(b); err == nil && what != "statistic" {
			t.Errorf("%s, as a solution: no error", what)
		}
	}
}
