package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adagp/adagp/cmd/cli/app"
	"github.com/adagp/adagp/prune"
)

// call runs the program that main starts, in this process, and returns what it prints.
func call(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if status := app.Run(context.Background(), append([]string{"cli"}, args...), &out, &errs); status != 0 {
		t.Fatalf("status %d: %s", status, errs.String())
	}
	return out.String()
}

func TestProgram(t *testing.T) {
	if text := call(t, "methods"); !strings.Contains(text, "rescale") {
		t.Errorf("methods does not list the solver:\n%s", text)
	}
	// Windows of ids, so that no text has to be cut.
	calib := filepath.Join(t.TempDir(), "calib.jsonl")
	var lines strings.Builder
	for w := range 8 {
		ids := make([]int, 24)
		for i := range ids {
			ids[i] = (i*i*7 + w*131) % 500
		}
		line, err := json.Marshal(map[string]any{"input_ids": ids})
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(append(line, '\n'))
	}
	if err := os.WriteFile(calib, []byte(lines.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, flags := range [][]string{
		{"--method", "rescale"},
		{"--method", "adagp", "--solver", "rescale", "--preset", "fast"},
		{"--method", "adagp", "--solver", "rescale", "--paper", "--epochs", "1"},
	} {
		out := filepath.Join(t.TempDir(), "out")
		text := call(t, append([]string{"prune", "--model", "demo:llama", "--out", out, "--calib", calib, "--json", "--layers", "0:1"}, flags...)...)
		var r prune.Report
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			t.Fatal(err)
		}
		if r.Solver != "rescale" || r.Totals.Sparsity < 0.49 || r.Totals.Sparsity > 0.51 {
			t.Errorf("%v: solver %q, sparsity %v", flags, r.Solver, r.Totals.Sparsity)
		}
		if _, err := os.Stat(filepath.Join(out, "model.safetensors")); err != nil {
			t.Error(err)
		}
	}
}
