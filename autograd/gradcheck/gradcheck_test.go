package gradcheck_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/tensor"
)

// recorder is a testing.TB that keeps what is reported.
type recorder struct {
	testing.TB
	errors []string
}

func (r *recorder) Helper() {}
func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

// frozen returns the value of v without its derivative: the way to make wrong
// gradients out of right operations.
func frozen(v *autograd.Var) *autograd.Var { return autograd.Const(v.Value.Clone()) }

func TestReports(t *testing.T) {
	calls := 0
	for _, c := range []struct {
		what string
		f    gradcheck.Func
		want string // part of the report; empty: no report
	}{
		{"right", func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var {
			return autograd.Mul(in[0], autograd.Tanh(in[1]))
		}, ""},
		{"missing term", func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var {
			return autograd.Add(autograd.Mul(in[0], frozen(in[0])), in[1])
		}, "gradient of input 0 [2 2]: 4 of 4 elements off, worst at [1 1]: got -2.77"},
		{"one percent off", func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var {
			return autograd.Add(in[0], autograd.Add(autograd.Scale(in[1], 0.99), autograd.Scale(frozen(in[1]), 0.01)))
		}, "gradient of input 1 [2 2]: 4 of 4 elements off"},
		{"small gradient one percent off", func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var {
			right := autograd.Add(in[0], autograd.Add(autograd.Scale(in[1], 0.99), autograd.Scale(frozen(in[1]), 0.01)))
			return autograd.Scale(right, 1e-6)
		}, "gradient of input 1 [2 2]: 4 of 4 elements off"},
		{"one row missing", func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var {
			return autograd.Add(in[0], autograd.ConcatRows(autograd.SliceRows(in[1], 0, 1), autograd.SliceRows(frozen(in[1]), 1, 2)))
		}, "gradient of input 1 [2 2]: 2 of 4 elements off"},
		{"no gradient", func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var {
			return autograd.Add(in[0], frozen(in[1]))
		}, "input 1 [2 2] got no gradient, its largest derivative is 0.92"},
		{"not a number", func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var {
			return autograd.Add(in[0], autograd.Scale(in[1], float32(math.NaN())))
		}, "gradient of input 1 [2 2]: 4 of 4 elements off"},
		{"constant", func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var { return frozen(in[0]) },
			"not on the tape"},
		{"training differs from inference", func(tape *autograd.Tape, in []*autograd.Var) *autograd.Var {
			if tape == nil {
				return autograd.Add(in[0], in[1])
			}
			return autograd.Sub(in[0], in[1])
		}, "inference against training, value: at [0 0] got -1.5, want 2.5 to the bit"},
		{"depends on the threads", func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var {
			return autograd.Add(in[0], autograd.Scale(in[1], float32(parallel.Threads())))
		}, "with another number of threads"},
		{"changes its input", func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var {
			y := autograd.Add(in[0], in[1])
			in[1].Value.Data()[2]++
			return y
		}, "input 1 was changed at [1 0]"},
		{"not deterministic", func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var {
			calls++
			return autograd.Add(in[0], autograd.Scale(in[1], float32(calls)))
		}, "to the bit"},
		{"empty", func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var { return autograd.SliceRows(in[0], 0, 0) },
			"empty: nothing to check"},
	} {
		t.Run(c.what, func(t *testing.T) {
			r := &recorder{TB: t}
			gradcheck.Check(r, c.what, c.f,
				tensor.FromSlice([]float32{0.5, -1, 2, 3}, 2, 2), tensor.FromSlice([]float32{-2, 1, 0.25, 1}, 2, 2))
			report := strings.Join(r.errors, "\n")
			if c.want == "" && report != "" {
				t.Errorf("got report %q, want none", report)
			}
			if !strings.Contains(report, c.want) {
				t.Errorf("got report %q, want it to contain %q", report, c.want)
			}
		})
	}
}

// TestAccuracy states how good the differences are: a smooth function with
// derivatives of every order passes with a tolerance far below the default.
func TestAccuracy(t *testing.T) {
	f := func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var {
		return autograd.Tanh(autograd.Scale(in[0], 1.5))
	}
	x := tensor.FromSlice([]float32{-2, -1, -0.5, 0, 0.25, 0.7, 1.5, 3}, 8)
	gradcheck.Checker{Tolerance: 2e-5}.Check(t, "tanh", f, x)
	gradcheck.Checker{Tolerance: 2e-5, Seed: 7}.Check(t, "tanh, another projection", f, x)
	r := &recorder{TB: t}
	gradcheck.Checker{Step: 1, Tolerance: 2e-5}.Check(r, "tanh", f, x)
	if len(r.errors) == 0 {
		t.Error("a step of 1 passed, want truncation to show")
	}
}

func Example() {
	t := &testing.T{} // of the test function, in real life
	square := func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var { return autograd.Mul(in[0], in[0]) }
	gradcheck.Check(t, "square", square, tensor.FromSlice([]float32{-1, 0.5, 2}, 3))
	fmt.Println("failed:", t.Failed())
	// Output: failed: false
}
