package calib_test

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/calib"
	"github.com/adagp/adagp/tensor"
)

// moments are those of the definition, for windows of possibly different lengths.
func moments(windows ...*tensor.Tensor) (sums, variances []float64) {
	c := windows[0].Dim(1)
	sums, variances = make([]float64, c), make([]float64, c)
	for _, w := range windows {
		n := float64(w.Dim(0))
		for j := range c {
			s, q := 0.0, 0.0
			for t := range w.Dim(0) {
				v := float64(w.At(t, j))
				s += v
				q += v * v
			}
			sums[j] += s / float64(len(windows))
			variances[j] += (q/n - s/n*s/n) / float64(len(windows))
		}
	}
	return sums, variances
}

// The definition above subtracts squares, which costs a few digits of 16.
const momentTolerance = 1e-11

func TestWindowMoments(t *testing.T) {
	defer parallel.SetThreads(0)
	l := nn.NewLinear("l", 37, 3, false)
	windows := []*tensor.Tensor{random(1, 10, 37), random(2, 10, 37), random(3, 10, 37), random(4, 7, 37), random(5, 1, 37)}
	batch := tensor.New(30, 37)
	for i, w := range windows[:3] {
		batch.Rows(10*i, 10*i+10).CopyFrom(w)
	}
	wantSums, wantVariances := moments(windows...)
	var one *calib.WindowMoments
	for _, threads := range []int{1, 4} {
		parallel.SetThreads(threads)
		c := calib.NewCollector(calib.Needs{WindowMoments: true}, l)
		c.WindowLen = 10
		c.Observe(l, batch, nil)
		c.WindowLen = 7
		c.Observe(l, windows[3], nil)
		c.WindowLen = 0
		c.Observe(l, windows[4], nil)
		stats, err := c.Stats()
		if err != nil {
			t.Fatal(err)
		}
		m := stats[l].Moments
		if m.Windows != 5 || stats[l].Hessian != nil || stats[l].SquaredNorms != nil {
			t.Errorf("%d windows, want 5 and no other statistics", m.Windows)
		}
		for j := range wantSums {
			if math.Abs(m.Sums[j]-wantSums[j]) > momentTolerance || math.Abs(m.Variances[j]-wantVariances[j]) > momentTolerance {
				t.Errorf("input %d: sum %g, variance %g, want %g and %g", j, m.Sums[j], m.Variances[j], wantSums[j], wantVariances[j])
			}
			if one != nil && (m.Sums[j] != one.Sums[j] || m.Variances[j] != one.Variances[j]) {
				t.Errorf("input %d: %d threads give other moments than one", j, threads)
			}
		}
		one = m
	}
}

func TestWindowLengthDoesNotFit(t *testing.T) {
	l := nn.NewLinear("model.layers.0.mlp.up_proj", 4, 3, false)
	c := calib.NewCollector(calib.Needs{WindowMoments: true}, l)
	c.WindowLen = 4
	c.Observe(l, random(1, 10, 4), nil)
	if _, err := c.Stats(); err == nil || !strings.Contains(err.Error(), "layer model.layers.0.mlp.up_proj: activations of 10 tokens") {
		t.Errorf("error %v, want one that names the layer and the tokens", err)
	}
}

// Windows of no length are one, as for [calib.Batch], and lengths that do not fit are errors that leave
// the moments as they were.
func TestWindowMomentsLength(t *testing.T) {
	x := random(1, 10, 4)
	whole, one := calib.NewWindowMoments(4), calib.NewWindowMoments(4)
	if err := whole.Add(calib.Batch{X: x, WindowLen: 10}); err != nil {
		t.Fatal(err)
	}
	if err := one.Add(calib.Batch{X: x}); err != nil || !reflect.DeepEqual(one, whole) {
		t.Errorf("length 0 gives %+v (%v), want %+v", one, err, whole)
	}
	for _, length := range []int{-1, 4, 11} {
		if err := one.Add(calib.Batch{X: x, WindowLen: length}); err == nil || !strings.Contains(err.Error(), "10 tokens are not made of calibration windows of") {
			t.Errorf("length %d: error %v", length, err)
		}
	}
	if err := one.Add(calib.Batch{X: tensor.New(0, 4)}); err != nil || !reflect.DeepEqual(one, whole) {
		t.Errorf("got %+v (%v) after lengths that do not fit and no tokens, want %+v", one, err, whole)
	}
}
