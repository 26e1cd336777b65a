package eval_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/adagp/adagp/eval"
)

// For normal differences the interval is mean ± 1.96 σ/√n; what the items have in common does not widen it.
func TestPairedBootstrap(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 0))
	const n = 400
	a, b := make([]float64, n), make([]float64, n)
	sum, squares := 0.0, 0.0
	for i := range a {
		a[i] = 100 * rng.NormFloat64()
		d := 0.5 + rng.NormFloat64()
		b[i] = a[i] + d
		sum, squares = sum+d, squares+d*d
	}
	mean := sum / n
	half := 1.96 * math.Sqrt((squares/n-mean*mean)/n)
	got, err := eval.PairedBootstrap(a, b, eval.DefaultResamples, 0.95, 1)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(got.Difference-mean) > 1e-9 || math.Abs(got.Low-(mean-half)) > 0.1*half || math.Abs(got.High-(mean+half)) > 0.1*half {
		t.Errorf("%+v, want %.4f in %.4f to %.4f", got, mean, mean-half, mean+half)
	}
	again, _ := eval.PairedBootstrap(a, b, eval.DefaultResamples, 0.95, 1)
	other, _ := eval.PairedBootstrap(a, b, eval.DefaultResamples, 0.95, 2)
	if again != got || other == got {
		t.Errorf("same seed %+v, other seed %+v, first %+v", again, other, got)
	}
	// 95 of 100 intervals hold the truth; 88 would be a chance of one in a thousand.
	held := 0
	for trial := range 100 {
		for i := range 60 {
			a[i], b[i] = rng.NormFloat64(), 0.3+rng.NormFloat64()
		}
		if v, err := eval.PairedBootstrap(a[:60], b[:60], 500, 0.95, uint64(trial)); err != nil {
			t.Fatal(err)
		} else if v.Low <= 0.3 && 0.3 <= v.High {
			held++
		}
	}
	if held < 88 {
		t.Errorf("%d of 100 intervals hold the true difference, want about 95", held)
	}
	for _, bad := range []func() (eval.Interval, error){
		func() (eval.Interval, error) { return eval.PairedBootstrap(a, b[1:], 10, 0.95, 0) },
		func() (eval.Interval, error) { return eval.PairedBootstrap(a[:1], b[:1], 10, 0.95, 0) },
		func() (eval.Interval, error) { return eval.PairedBootstrap(a, b, 0, 0.95, 0) },
		func() (eval.Interval, error) { return eval.PairedBootstrap(a, b, eval.MaxResamples+1, 0.95, 0) },
		func() (eval.Interval, error) { return eval.PairedBootstrap(a, b, math.MaxInt, 0.95, 0) },
		func() (eval.Interval, error) { return eval.PairedBootstrap(a, b, 10, 1, 0) },
	} {
		if v, err := bad(); err == nil {
			t.Errorf("%+v, want an error", v)
		}
	}
}
