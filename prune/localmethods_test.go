package prune_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/calib"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/prune/registry"
	"github.com/adagp/adagp/prune/sparsity"
)

// TestLocalMethods: solvers as methods of their own, on one model of each family, and as the local
// solver inside AdaGP.
func TestLocalMethods(t *testing.T) {
	for model, windows := range map[string][][]int{
		"stories260k": randomWindows(512, 24, 24, 24),
		"rand-opt350": randomWindows(96, 16, 16, 5),
	} {
		for _, o := range []prune.Options{
			{Method: prunetest.Method("ria")}, {Method: prunetest.Method("dsnot")}, {Method: prunetest.Method("refit")}, {Method: prunetest.Method("refit-exact")}, {Method: prunetest.Method("admm")}, {Method: prunetest.Method("alps")},
			{Method: prunetest.Method("adagp", "solver", "admm", "paper", true, "epochs", 1)}, {Method: prunetest.Method("adagp", "solver", "alps", "preset", "fast"), Allocation: prune.Uniform},
		} {
			for _, pattern := range []sparsity.Pattern{sparsity.Unstructured(0.6), sparsity.NM(2, 4)} {
				t.Run(fmt.Sprintf("%s/%s/%v", model, methodName(o.Method), pattern), func(t *testing.T) {
					o.Pattern = pattern
					r, _ := prunedRun(t, model, windows, o)
					for _, l := range r.Layers {
						for _, tensor := range l.Tensors {
							want := pattern.Zeros(tensor.Shape[0], tensor.Shape[1])
							if tensor.Zeros < want || float64(tensor.Zeros-want) > max(1, 1e-3*float64(tensor.Shape[0]*tensor.Shape[1])) {
								t.Errorf("%s: %d zeros, want %d", tensor.Name, tensor.Zeros, want)
							}
							if !(tensor.Error >= 0 && tensor.Error <= 4) {
								t.Errorf("%s: relative error %g", tensor.Name, tensor.Error)
							}
						}
					}
				})
			}
		}
	}
}

// windowMethod compares the window moments that a method captures with those of the recorded inputs,
// and prunes like Wanda.
type windowMethod struct {
	t       *testing.T
	lengths []int
}

func (m windowMethod) Describe() prune.Description { return prune.Description{Name: "window-moments"} }

func (m windowMethod) Wants(*prune.Options) prune.Wants { return prune.Wants{} }

func (m windowMethod) PruneLayer(ctx context.Context, l *prune.Layer) error {
	recorder := calib.NewRecorder(l.Tokens(), l.Selected()...)
	stats, err := l.Capture(ctx, local.Needs{SquaredNorms: true, WindowMoments: true}, recorder)
	if err != nil {
		return err
	}
	for _, lin := range l.Selected() {
		x, err := recorder.Inputs(lin)
		if err != nil {
			return err
		}
		want := calib.NewWindowMoments(lin.In())
		at := 0
		for _, n := range m.lengths {
			want.Add(calib.Batch{X: x.Rows(at, at+n), WindowLen: n})
			at += n
		}
		got := stats[lin].Moments
		if got.Windows != len(m.lengths) {
			m.t.Errorf("%s: %d windows, want %d", lin.Name(), got.Windows, len(m.lengths))
		}
		for j := range want.Sums {
			if math.Abs(got.Sums[j]-want.Sums[j]) > 1e-12*math.Abs(want.Sums[j]) || math.Abs(got.Variances[j]-want.Variances[j]) > 1e-12*want.Variances[j] {
				m.t.Fatalf("%s: input %d has sum %g and variance %g, want %g and %g",
					lin.Name(), j, got.Sums[j], got.Variances[j], want.Sums[j], want.Variances[j])
			}
		}
	}
	s, err := registry.NewSolver("wanda", nil)
	if err != nil {
		return err
	}
	return l.SolveEach(ctx, s, l.Selected(), stats)
}

// TestCaptureWindowMoments: batches hold several windows, and windows of different lengths follow each
// other; moments are those of the windows.
func TestCaptureWindowMoments(t *testing.T) {
	m := windowMethod{t, []int{16, 16, 5, 16, 1, 1}}
	for _, batch := range []int{0, 1, 2} {
		prunedRun(t, "rand-opt350", randomWindows(96, m.lengths...),
			prune.Options{Method: m, Pattern: sparsity.Unstructured(0.5), Batch: batch})
	}
}
