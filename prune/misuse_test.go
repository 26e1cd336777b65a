package prune_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/linalg"
)

// Settings that contradict each other are refused with both names, wherever they come in.
func TestConflictsAreRefused(t *testing.T) {
	windows := randomWindows(96, 8)
	for _, tc := range []struct {
		o    prune.Options
		a, b string
	}{
		{prune.Options{Method: prunetest.Method("adagp"), Pattern: sparsity.Pattern{N: 2, M: 4, Sparsity: 0.7}}, "pattern 2:4", "sparsity 0.7"},
	} {
		for entry, call := range map[string]func(o prune.Options) error{
			"run": func(o prune.Options) error {
				_, err := prune.Run(context.Background(), open(t, "rand-llama-tied"), windows, o, nil)
				return err
			},
			"plan": func(o prune.Options) error {
				_, err := prune.PlanRun(open(t, "rand-llama-tied"), windows, o)
				return err
			},
			"fingerprint": func(o prune.Options) error {
				_, err := prune.Fingerprint(context.Background(), open(t, "rand-llama-tied"), windows, o)
				return err
			},
			"pattern": func(o prune.Options) error { return o.Pattern.Check() },
		} {
			err := call(tc.o)
			var conflict *sparsity.ConflictError
			if !errors.As(err, &conflict) || conflict.A != tc.a || conflict.B != tc.b || !strings.Contains(err.Error(), tc.a+" and "+tc.b+" exclude each other") {
				t.Errorf("%s of %+v: error %v, want a conflict of %s and %s", entry, tc.o, err, tc.a, tc.b)
			}
		}
	}
	var p sparsity.Pattern
	var conflict *sparsity.ConflictError
	if err := json.Unmarshal([]byte(`{"n":2,"m":4,"sparsity":0.7}`), &p); !errors.As(err, &conflict) {
		t.Errorf("JSON with both: error %v, pattern %v", err, p)
	}
	if err := json.Unmarshal([]byte(`{"n":2,"m":4,"sparsity":0.5}`), &p); err != nil || p != sparsity.NM(2, 4) {
		t.Errorf("JSON with both, and the same: error %v, pattern %v", err, p)
	}
}

// panicOf returns what f panics with.
func panicOf(f func()) (value any) {
	defer func() { value = recover() }()
	f()
	return nil
}

// Patterns that Check refuses make the functions that need a checked one panic with what is wrong, rather than
// divide by zero, loop for ever or make up a mask.
func TestUncheckedPatterns(t *testing.T) {
	score := linalg.New(3, 8)
	for name, f := range map[string]func(p sparsity.Pattern){
		"SelectLayer":   func(p sparsity.Pattern) { sparsity.SelectLayer(score, p) },
		"SelectRows":    func(p sparsity.Pattern) { sparsity.SelectRows(score, p) },
		"SelectNM":      func(p sparsity.Pattern) { sparsity.SelectNM(score, p) },
		"Selector":      func(p sparsity.Pattern) { new(sparsity.Selector).Layer(sparsity.NewMask(3, 8), score, p) },
		"Pattern.Zeros": func(p sparsity.Pattern) { p.Zeros(3, 8) },
		"Pattern.Tail":  func(p sparsity.Pattern) { p.Tail(8) },
	} {
		for _, p := range []sparsity.Pattern{{Sparsity: -0.1}, {Sparsity: 1}, {N: 2}, {M: 4}, {N: 4, M: 4}, {N: -1, M: 4}, {N: 1, M: -4}, {N: 2, M: 4, Sparsity: 0.3}} {
			if strings.HasPrefix(name, "Pattern.") && !p.Structured() {
				continue // a matrix may lose all its weights where the whole network does not
			}
			got, ok := panicOf(func() { f(p) }).(*sparsity.PatternError)
			if !ok || !strings.HasPrefix(got.Op, strings.TrimSuffix(name, "or")) {
				t.Errorf("%s of %+v: panic %v, want a PatternError that names the function", name, p, got)
			} else if want := p.Check(); name != "SelectNM" && got.Err.Error() != want.Error() {
				t.Errorf("%s of %+v: panic %v, want %v", name, p, got, want)
			}
		}
	}
	for name, f := range map[string]func(){
		"SelectNM":           func() { sparsity.SelectNM(score, sparsity.Unstructured(0.5)) },
		"Pattern.GroupZeros": func() { sparsity.Unstructured(0.5).GroupZeros(4) },
	} {
		if got := fmt.Sprint(panicOf(f)); got != "sparsity: "+name+": sparsity 0.5: want a pattern N:M" {
			t.Errorf("%s of an unstructured pattern: panic %v", name, got)
		}
	}
	if _, ok := panicOf(func() { sparsity.NewMask(-1, 4) }).(*tensor.ShapeError); !ok {
		t.Error("a mask of -1 rows is no ShapeError")
	}
	m := sparsity.NewMask(1, 8)
	new(sparsity.Selector).Row(m, 0, 0, score.Row(0), -1)
	if m.Zeros() != 0 {
		t.Errorf("%d weights pruned of -1", m.Zeros())
	}
}
