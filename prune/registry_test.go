package prune

import (
	"math"
	"strings"
	"testing"

	"github.com/adagp/adagp/prune/local"
)

func TestRegister(t *testing.T) {
	build := func(local.SolverOptions) (local.Solver, error) { return unsolved{}, nil }
	Register("test-rule", "for the test", build)
	defer delete(solvers, "test-rule")
	for name, f := range map[string]func(){
		"twice":            func() { Register("test-rule", "", build) },
		"no name":          func() { Register("", "", build) },
		"no constructor":   func() { Register("test-other", "", nil) },
		"also as a method": func() { RegisterMethod("test-rule", "", func(MethodOptions) (Method, error) { return nil, nil }) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			f()
		})
	}
	if _, err := NewSolver("test-rule", local.SolverOptions{}); err != nil {
		t.Error(err)
	}
	if _, err := NewMethod("test-rule", MethodOptions{}); err != nil {
		t.Errorf("as a method: %v", err)
	}
	_, err := NewSolver("nosuch", local.SolverOptions{})
	if err == nil || !strings.Contains(err.Error(), `"nosuch"`) || !strings.Contains(err.Error(), "test-rule") {
		t.Errorf("unknown name: error %v, want one that quotes it and lists test-rule", err)
	}
	for _, o := range []local.SolverOptions{{BlockSize: -1}, {DampFrac: -0.1}, {DampFrac: math.NaN()}, {DampFrac: math.Inf(1)}} {
		if _, err := NewSolver("test-rule", o); err == nil || !strings.Contains(err.Error(), "test-rule") {
			t.Errorf("%+v: error %v, want one that names the solver", o, err)
		}
	}
	found := false
	for i, s := range Solvers() {
		found = found || s == Info{"test-rule", "for the test"}
		if i > 0 && Solvers()[i-1].Name >= s.Name {
			t.Errorf("solvers not sorted: %v", Solvers())
		}
	}
	if !found {
		t.Errorf("test-rule is not in %v", Solvers())
	}
}

// unsolved is a solver that is only made, never run.
type unsolved struct{ local.Solver }
