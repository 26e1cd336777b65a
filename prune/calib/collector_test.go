package calib_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/calib"
	"github.com/adagp/adagp/tensor"
)

func random(seed uint64, shape ...int) *tensor.Tensor {
	r := rand.New(rand.NewPCG(seed, 1))
	t := tensor.New(shape...)
	for i := range t.Data() {
		t.Data()[i] = float32(r.NormFloat64())
	}
	return t
}

// gram64 is xᵀx in float64, over several tensors with the same number of columns.
func gram64(xs ...*tensor.Tensor) [][]float64 {
	c := xs[0].Dim(1)
	h := make([][]float64, c)
	for i := range h {
		h[i] = make([]float64, c)
	}
	for _, x := range xs {
		for t := range x.Dim(0) {
			row := x.Row(t)
			for i, a := range row {
				for j, b := range row {
					h[i][j] += float64(a) * float64(b)
				}
			}
		}
	}
	return h
}

// Products of up to 256 tokens are summed in float32: each sum is off by at most 256·2⁻²⁴ of the sum of
// absolute products, typically by a few 2⁻²⁴. 2e-6 of √(h_ii h_jj) holds with room.
const gramTolerance = 2e-6

func checkHessian(t *testing.T, s *calib.Stats, want [][]float64) {
	t.Helper()
	for i := range want {
		for j := range want {
			if d := math.Abs(s.Hessian.At(i, j) - want[i][j]); d > gramTolerance*math.Sqrt(want[i][i]*want[j][j]) {
				t.Errorf("hessian [%d %d] is %g, want %g", i, j, s.Hessian.At(i, j), want[i][j])
				return
			}
		}
		if s.SquaredNorms[i] != s.Hessian.At(i, i) {
			t.Errorf("squared norm %d is %g, the diagonal %g", i, s.SquaredNorms[i], s.Hessian.At(i, i))
		}
	}
}

func TestCollectorSharesSums(t *testing.T) {
	q, k, o := nn.NewLinear("q", 7, 3, false), nn.NewLinear("k", 7, 2, false), nn.NewLinear("o", 5, 7, false)
	other := nn.NewLinear("other", 5, 7, false)
	c := calib.NewCollector(calib.Needs{Hessian: true}, q, k, o)
	a := []*tensor.Tensor{random(1, 300, 7), random(2, 41, 7), random(3, 1, 7)}
	b := []*tensor.Tensor{random(4, 300, 5), random(5, 41, 5), random(6, 1, 5)}
	for i := range a {
		c.Observe(q, a[i], nil)
		c.Observe(k, a[i], nil)
		c.Observe(o, b[i], nil)
		c.Observe(other, b[i], nil) // not watched
	}
	stats, err := c.Stats()
	if err != nil {
		t.Fatal(err)
	}
	if len(stats) != 3 {
		t.Fatalf("statistics of %d layers, want 3", len(stats))
	}
	if stats[q] != stats[k] {
		t.Error("q and k read one tensor but do not share their statistics")
	}
	if stats[q] == stats[o] {
		t.Error("q and o read different tensors but share their statistics")
	}
	if stats[q].Tokens != 342 || stats[o].Tokens != 342 {
		t.Errorf("tokens %d and %d, want 342", stats[q].Tokens, stats[o].Tokens)
	}
	checkHessian(t, stats[q], gram64(a...))
	checkHessian(t, stats[o], gram64(b...))
}

// A layer may be applied to one tensor twice, and groups of layers may take turns on one tensor.
func TestCollectorSameTensorAgain(t *testing.T) {
	q, k := nn.NewLinear("q", 4, 3, false), nn.NewLinear("k", 4, 2, false)
	c := calib.NewCollector(calib.Needs{SquaredNorms: true}, q, k)
	x := random(7, 20, 4)
	for range 3 {
		c.Observe(q, x, nil)
		c.Observe(k, x, nil)
	}
	stats, err := c.Stats()
	if err != nil {
		t.Fatal(err)
	}
	want := gram64(x, x, x)
	for j, v := range stats[k].SquaredNorms {
		if math.Abs(v-want[j][j]) > 1e-12*want[j][j] {
			t.Errorf("squared norm %d is %g, want %g", j, v, want[j][j])
		}
	}
	if stats[q].Hessian != nil {
		t.Error("a Hessian nobody asked for")
	}
	if stats[q].Tokens != 60 {
		t.Errorf("tokens %d, want 60", stats[q].Tokens)
	}
}

func TestCollectorErrors(t *testing.T) {
	up, down := nn.NewLinear("model.layers.3.mlp.up_proj", 4, 3, false), nn.NewLinear("model.layers.3.mlp.down_proj", 4, 3, false)
	nan, inf, huge := random(1, 6, 4), random(1, 6, 4), random(1, 6, 4)
	nan.Set(float32(math.NaN()), 5, 2)
	inf.Set(float32(math.Inf(-1)), 0, 3)
	huge.Set(1e30, 0, 1)
	x, y := random(2, 6, 4), random(3, 6, 4)
	for _, tc := range []struct {
		name string
		run  func(c *calib.Collector)
		want string
	}{
		{"NaN", func(c *calib.Collector) { c.Observe(up, x, nil); c.Observe(down, x, nil); c.Observe(down, nan, nil) },
			"layer model.layers.3.mlp.down_proj: activation of input 2 at token 11 is NaN"},
		{"Inf", func(c *calib.Collector) { c.Observe(up, inf, nil) },
			"layer model.layers.3.mlp.up_proj: activation of input 3 at token 0 is -Inf"},
		{"overflow", func(c *calib.Collector) { c.Observe(up, huge, nil) },
			"layer model.layers.3.mlp.up_proj: activations of input 1 overflow"},
		{"not reached", func(c *calib.Collector) { c.Observe(up, x, nil) },
			"layer model.layers.3.mlp.down_proj: no calibration activation reached it"},
		{"sharing ends", func(c *calib.Collector) {
			c.Observe(up, x, nil)
			c.Observe(down, x, nil)
			c.Observe(up, y, nil)
			c.Observe(up, x, nil)
		}, "layer model.layers.3.mlp.up_proj: its input is no longer the one it shared with model.layers.3.mlp.down_proj"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := calib.NewCollector(calib.Needs{Hessian: true}, up, down)
			tc.run(c)
			if _, err := c.Stats(); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
		})
	}
}

func TestCollectorThreads(t *testing.T) {
	defer parallel.SetThreads(0)
	l := nn.NewLinear("l", 150, 3, false)
	x := random(9, 700, 150)
	var first *calib.Stats
	for _, needs := range []calib.Needs{{Hessian: true}, {SquaredNorms: true}} {
		first = nil
		for _, threads := range []int{1, 2, 5} {
			parallel.SetThreads(threads)
			c := calib.NewCollector(needs, l)
			c.Observe(l, x, nil)
			stats, err := c.Stats()
			if err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = stats[l]
				continue
			}
			for i, v := range stats[l].SquaredNorms {
				if v != first.SquaredNorms[i] {
					t.Fatalf("%+v, %d threads: squared norm %d is %v, with one thread %v", needs, threads, i, v, first.SquaredNorms[i])
				}
			}
			if needs.Hessian {
				for i, v := range stats[l].Hessian.Data {
					if v != first.Hessian.Data[i] {
						t.Fatalf("%d threads: hessian element %d is %v, with one thread %v", threads, i, v, first.Hessian.Data[i])
					}
				}
			}
		}
	}
}

func TestRecorder(t *testing.T) {
	l, other := nn.NewLinear("l", 4, 3, false), nn.NewLinear("other", 4, 3, false)
	a, b := random(1, 5, 4), random(2, 3, 4)
	r := calib.NewRecorder(8, l)
	tee := calib.Tee(nil, r)
	tee.Observe(l, a, nil)
	tee.Observe(other, a, nil)
	if _, err := r.Inputs(l); err == nil || !strings.Contains(err.Error(), "5 tokens, want 8") {
		t.Errorf("half a recording: error %v", err)
	}
	tee.Observe(l, b, nil)
	x, err := r.Inputs(l)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range append(append([]float32{}, a.Data()...), b.Data()...) {
		if x.Data()[i] != v {
			t.Fatalf("element %d is %v, want %v", i, x.Data()[i], v)
		}
	}
	if _, err := r.Inputs(other); err == nil {
		t.Error("inputs that were not asked for")
	}
	r.Observe(l, b, nil)
	if _, err := r.Inputs(l); err == nil || !strings.Contains(err.Error(), "more activations than the 8 tokens") {
		t.Errorf("too many tokens: error %v", err)
	}
	bad := calib.NewRecorder(5, l)
	a.Set(float32(math.NaN()), 4, 1)
	bad.Observe(l, a, nil)
	if _, err := bad.Inputs(l); err == nil || !strings.Contains(err.Error(), "layer l: activation of input 1 at token 4 is NaN") {
		t.Errorf("NaN: error %v", err)
	}
}
