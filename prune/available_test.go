package prune_test

import (
	"bytes"
	"errors"
	"log/slog"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adagp/adagp/prune"
)

// TestLastStepIsDecidedOnce: a run without a budget looks at the machine's memory when it begins, and one that
// continues it does what the first decided, whatever the machine has by then.
func TestLastStepIsDecidedOnce(t *testing.T) {
	const little, plenty = 1 << 20, 1 << 40
	var log bytes.Buffer
	o := prune.Options{Method: "adagp", Preset: "balanced", Pattern: prune.Unstructured(0.6), Layers: [2]int{0, 2}, Log: slog.New(slog.NewTextHandler(&log, nil))}
	results := map[bool]map[string]string{}
	for _, runs := range []bool{true, false} {
		first, then := int64(little), int64(plenty)
		if runs {
			first, then = then, first
		}
		dir := t.TempDir()
		prune.Available(t, first)
		log.Reset()
		report, want, err := runKept(t, filepath.Join(dir, "whole"), false, 1<<30, o)
		if err != nil {
			t.Fatal(err)
		}
		if warned := strings.Contains(log.String(), "not enough memory for the method's last step"); warned == runs || (len(report.Finish) > 0) != runs {
			t.Errorf("%d bytes available: warned %v, notes of the last step %v", first, warned, report.Finish)
		}
		out := filepath.Join(dir, "out")
		if _, _, err := runKept(t, out, false, 4, o); !errors.Is(err, errFull) {
			t.Fatal(err)
		}
		prune.Available(t, then)
		log.Reset()
		again, got, err := runKept(t, out, true, 1<<30, o)
		if err != nil {
			t.Fatal(err)
		}
		if !maps.Equal(got, want) || len(again.Finish) != len(report.Finish) {
			t.Errorf("resumed with %d bytes available: notes %v, want %v, or other tensors", then, again.Finish, report.Finish)
		}
		if again.Settings != report.Settings || strings.Contains(log.String(), "not enough memory") == runs {
			t.Errorf("resumed with %d bytes available: settings %s, want %s; log %s", then, again.Settings, report.Settings, log.String())
		}
		results[runs] = got
	}
	if maps.Equal(results[true], results[false]) {
		t.Error("the last step changes nothing")
	}
	// With a budget the machine is not asked.
	o.Memory = plenty
	if report, got, err := runKept(t, filepath.Join(t.TempDir(), "budget"), false, 1<<30, o); err != nil || len(report.Finish) == 0 || !maps.Equal(got, results[true]) {
		t.Errorf("with a budget: error %v, or other tensors", err)
	}
}
