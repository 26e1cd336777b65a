package app

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/adagp/adagp/cmd/cli/bench"
)

// TestBenchJSON: the fields that docs/contract.md promises, and --threads and --kernel obeyed.
func TestBenchJSON(t *testing.T) {
	kernel := "generic"
	if testing.Short() {
		kernel = kernelName() // Go code takes a minute under the race detector
	}
	var r bench.Result
	okJSON(t, &r, "bench", "--quick", "--threads", "2", "--kernel", kernel)
	if r.Kernel != kernel || r.Threads != 2 || !r.Quick {
		t.Errorf("kernel %q, threads %d, quick %v; want %s, 2, true", r.Kernel, r.Threads, r.Quick, kernel)
	}
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"kernel", "threads", "peak_gflops", "read_gbps"} {
		if _, found := got[name]; !found {
			t.Errorf("no %q in %s", name, b)
		}
	}
	for name, fields := range map[string][]string{
		"sgemm":    {"m", "n", "k", "trans", "gflops", "of_peak"},
		"gemv":     {"rows", "cols", "dtype", "gbps", "of_bandwidth"},
		"packed":   {"layout", "dtype", "rows", "cols", "tokens", "bytes", "seconds", "speed_up"},
		"cholesky": {"n", "seconds", "gflops"},
		"steps":    {"method", "rows", "cols", "seconds"},
	} {
		list, _ := got[name].([]any)
		if len(list) == 0 {
			t.Errorf("%q is %v, want a list", name, got[name])
		}
		for _, x := range list {
			for _, f := range fields {
				if v := x.(map[string]any)[f]; v == nil || v == 0.0 || v == "" {
					t.Errorf("%s: %q is %v in %v", name, f, v, x)
				}
			}
		}
	}
}

func TestBenchTable(t *testing.T) {
	r := ok(t, "bench", "--quick", "--threads", "1")
	for _, want := range []string{"kernel " + kernelName() + ", 1 thread\n", "GFLOP/s", "GB/s", "512×512×512", "sparsegpt", "adagp", "tokens/s", "--quick"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("the table lacks %q:\n%s", want, r.stdout)
		}
	}
	lines := strings.Split(strings.TrimSpace(r.stderr), "\n")
	if len(lines) != 8 || slices.ContainsFunc(lines, func(l string) bool { return !strings.HasPrefix(l, "measuring: ") }) {
		t.Errorf("stderr %q, want a line for each of 8 stages", r.stderr)
	}
	if r := ok(t, "bench", "--quick", "--cpu-time", "--threads", "1", "--no-progress", "--json"); r.stderr != "" {
		t.Errorf("--no-progress leaves %q on stderr", r.stderr)
	}
}

func TestBenchUsage(t *testing.T) {
	wantFailure(t, call(t, "bench", "now"), statusUsage, `"now"`)
	wantFailure(t, call(t, "bench", "--threads", "0"), statusUsage, "--threads 0")
	wantFailure(t, call(t, "bench", "--cpu-time", "--threads", "2"), statusUsage, "--cpu-time", "--threads 1")
	wantFailure(t, call(t, "bench", "--kernel", "sse9"), statusUsage, "sse9")
	wantFailure(t, call(t, "bench", "--quik"), statusUsage, "--quik", "--quick")
}

func TestBenchInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if r := callContext(t, ctx, "bench"); r.code != statusInterrupted || r.stdout != "" {
		t.Errorf("status %d, stdout %q; want 130 and nothing", r.code, r.stdout)
	}
	r := interruptWhen(t, "measuring: ", 1, "bench", "--threads", "1", "--kernel", "generic")
	if r.code != statusInterrupted || r.stdout != "" || !strings.HasSuffix(r.last(), "interrupted") {
		t.Errorf("status %d, stdout %q, last line %q; want 130, nothing, interrupted", r.code, r.stdout, r.last())
	}
}
