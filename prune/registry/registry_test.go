package registry

import (
	"context"
	"errors"
	"flag"
	"strings"
	"testing"

	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/local"
)

// rule is a solver that is only made, never run.
type rule struct {
	name   string
	width  int
	strong float64
}

func (r rule) Describe() local.Description {
	return local.Description{Name: r.name, Settings: map[string]any{"width": r.width, "strength": r.strong}}
}
func (rule) Needs() local.Needs { return local.Needs{} }
func (rule) Solve(context.Context, *local.Problem) (*local.Solution, error) {
	return nil, errors.New("not to be run")
}

// with registers two solvers, and a method that takes one, until the test ends.
func with(t *testing.T) {
	t.Helper()
	t.Cleanup(func() {
		for _, name := range []string{"test-rule", "test-plain", "test-method"} {
			delete(entries, name)
		}
	})
	Solver("test-rule", "for the test", func(fs *flag.FlagSet) func() (local.Solver, error) {
		r := rule{name: "test-rule", width: 3}
		Count(fs, &r.width, "width", "columns `N`")
		Positive(fs, &r.strong, "strength", "strength `X`")
		return func() (local.Solver, error) { return r, nil }
	})
	Plain("test-plain", "for the test", rule{name: "test-plain"})
	Method("test-method", "for the test", func(fs *flag.FlagSet) func() (prune.Method, error) {
		inner := Inner(fs)
		return func() (prune.Method, error) {
			s, err := inner("test-plain")
			if err != nil {
				return nil, err
			}
			return prune.Local(s), nil
		}
	})
}

func TestMistakesOfTheProgram(t *testing.T) {
	with(t)
	for name, f := range map[string]func(){
		"twice":            func() { Plain("test-rule", "", rule{}) },
		"no name":          func() { Plain("", "", rule{}) },
		"no constructor":   func() { Solver("test-other", "", nil) },
		"also as a method": func() { Method("test-rule", "", func(*flag.FlagSet) func() (prune.Method, error) { return nil }) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

func TestSettings(t *testing.T) {
	with(t)
	s, err := NewSolver("test-rule", Settings{"width": "7"})
	if err != nil || s.Describe().Settings["width"] != 7 || s.Describe().Settings["strength"] != 0.0 {
		t.Errorf("got %v, %v", s, err)
	}
	m, err := New("test-rule", nil)
	if err != nil || m.Describe().Name != "test-rule" || m.Describe().Settings["width"] != 3 {
		t.Errorf("as a method: %v, %v", m, err)
	}
	for solver, settings := range map[string]Settings{"test-plain": nil, "test-rule": {"solver": "test-rule", "strength": "2"}} {
		m, err := New("test-method", settings)
		if err != nil || m.Describe().Solver != solver {
			t.Errorf("%v: got %v, %v", settings, m, err)
		} else if want := map[string]any{"test-plain": 0.0, "test-rule": 2.0}[solver]; m.Describe().Settings["strength"] != want {
			t.Errorf("%v: the solver's strength is %v, want %v", settings, m.Describe().Settings["strength"], want)
		}
	}
	if fs := Flags("test-method"); fs.Lookup("solver") == nil || fs.Lookup("width") == nil {
		t.Error("a method with a solver inside has not the solver's settings")
	}
	if Flags("nosuch") != nil {
		t.Error("settings of nothing")
	}
}

func TestSettingErrors(t *testing.T) {
	with(t)
	for want, c := range map[string]struct {
		method   string
		settings Settings
	}{
		`unknown method "nosuch", want one of test-method, test-plain, test-rule`: {"nosuch", nil},
		"width: method test-plain has no such setting":                            {"test-plain", Settings{"width": "3"}},
		"width 0: want a whole number of at least 1":                              {"test-rule", Settings{"width": "0"}},
		"width 1.5: want a whole number of at least 1":                            {"test-method", Settings{"solver": "test-rule", "width": "1.5"}},
		"strength -1: want a positive number":                                     {"test-rule", Settings{"strength": "-1"}},
		"strength NaN: want a positive number":                                    {"test-rule", Settings{"strength": "NaN"}},
		"test-method: width: solver test-plain has no such setting":               {"test-method", Settings{"width": "3"}},
		"solver nosuch: want one of test-plain, test-rule":                        {"test-method", Settings{"solver": "nosuch"}},
		"solver: method test-rule has no such setting":                            {"test-rule", Settings{"solver": "test-plain"}},
	} {
		if _, err := New(c.method, c.settings); err == nil || err.Error() != want {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if _, err := NewSolver("test-method", nil); err == nil || err.Error() != `unknown solver "test-method", want one of test-plain, test-rule` {
		t.Errorf("a method as a solver: error %v", err)
	}
	var setting *SettingError
	if _, err := New("test-rule", Settings{"width": "0"}); !errors.As(err, &setting) || setting.Setting != "width" || setting.Value != "0" {
		t.Errorf("error %#v", err)
	}
}

func TestLists(t *testing.T) {
	with(t)
	var names []string
	for _, i := range Methods() {
		names = append(names, i.Name)
	}
	if got := strings.Join(names, " "); got != "test-method test-plain test-rule" {
		t.Errorf("methods %s", got)
	}
	if s := Solvers(); len(s) != 2 || s[0] != (Info{"test-plain", "for the test"}) {
		t.Errorf("solvers %v", s)
	}
}
