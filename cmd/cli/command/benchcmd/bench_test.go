package benchcmd_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/adagp/adagp/cmd/cli/bench"
	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/cmd/cli/session"
)

// TestBenchJSON: the fields that docs/contract.md promises, and --threads and --kernel obeyed.
func TestBenchJSON(t *testing.T) {
	kernel := "generic"
	if testing.Short() {
		kernel = session.Kernel() // Go code takes a minute under the race detector
	}
	var r bench.Result
	clitest.OKJSON(t, &r, "bench", "--quick", "--threads", "2", "--kernel", kernel)
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
	r := clitest.OK(t, "bench", "--quick", "--threads", "1")
	for _, want := range []string{"kernel " + session.Kernel() + ", 1 thread\n", "GFLOP/s", "GB/s", "512×512×512", "sparsegpt", "adagp", "tokens/s", "--quick"} {
		if !strings.Contains(r.Stdout, want) {
			t.Errorf("the table lacks %q:\n%s", want, r.Stdout)
		}
	}
	lines := strings.Split(strings.TrimSpace(r.Stderr), "\n")
	if len(lines) != 8 || slices.ContainsFunc(lines, func(l string) bool { return !strings.HasPrefix(l, "measuring: ") }) {
		t.Errorf("stderr %q, want a line for each of 8 stages", r.Stderr)
	}
	if r := clitest.OK(t, "bench", "--quick", "--cpu-time", "--threads", "1", "--no-progress", "--json"); r.Stderr != "" {
		t.Errorf("--no-progress leaves %q on stderr", r.Stderr)
	}
}

func TestBenchUsage(t *testing.T) {
	clitest.WantFailure(t, clitest.Call(t, "bench", "now"), exit.Usage, `"now"`)
	clitest.WantFailure(t, clitest.Call(t, "bench", "--threads", "0"), exit.Usage, "--threads 0")
	clitest.WantFailure(t, clitest.Call(t, "bench", "--cpu-time", "--threads", "2"), exit.Usage, "--cpu-time", "--threads 1")
	clitest.WantFailure(t, clitest.Call(t, "bench", "--kernel", "sse9"), exit.Usage, "sse9")
	clitest.WantFailure(t, clitest.Call(t, "bench", "--quik"), exit.Usage, "--quik", "--quick")
}

func TestBenchInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if r := clitest.CallContext(t, ctx, "bench"); r.Code != exit.Interrupted || r.Stdout != "" {
		t.Errorf("status %d, stdout %q; want 130 and nothing", r.Code, r.Stdout)
	}
	r := clitest.InterruptWhen(t, "measuring: ", 1, "bench", "--threads", "1", "--kernel", "generic")
	if r.Code != exit.Interrupted || r.Stdout != "" || !strings.HasSuffix(r.Last(), "interrupted") {
		t.Errorf("status %d, stdout %q, last line %q; want 130, nothing, interrupted", r.Code, r.Stdout, r.Last())
	}
}
