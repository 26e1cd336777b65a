package prunecmd_test

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/internal/golden"
)

// untimed reads pruning.json without what depends on the clock and on the machine's memory.
func untimed(t *testing.T, out string) map[string]any {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(out, "pruning.json"))
	if err != nil {
		t.Fatal(err)
	}
	var r map[string]any
	if err := json.Unmarshal(b, &r); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"seconds", "stages", "peak_rss_bytes", "checkpoint_seconds", "threads"} {
		delete(r, key)
	}
	layers, _ := r["layers"].([]any)
	for _, l := range layers {
		delete(l.(map[string]any), "seconds")
		delete(l.(map[string]any), "stages")
	}
	return r
}

// TestKillWithLastStep is TestKill for a run whose weights wait for a last step on the whole model,
// resumed on other numbers of threads: the same weights, and the same report
// but for times.
func TestKillWithLastStep(t *testing.T) {
	dir := t.TempDir()
	args := func(out, threads string, more ...string) []string {
		return append([]string{"prune", "--model", golden.Path("models/stories260k"), "--out", filepath.Join(dir, out), "--samples", "8", "--seqlen", "64",
			"--preset", "balanced", "--sparsity", "0.6", "--threads", threads, "--no-progress"}, more...)
	}
	_, whole := killedAfter(t, time.Hour, args("whole", "2")...)
	want, report := clitest.WeightsOf(t, filepath.Join(dir, "whole")), untimed(t, filepath.Join(dir, "whole"))
	rng := rand.New(rand.NewPCG(8, 9))
	killed, times := 0, 5
	if testing.Short() {
		times = 1
	}
	for k := range times {
		threads := []string{"1", "2", "3"}
		for try := range 3 {
			if hit, _ := killedAfter(t, time.Duration(rng.Float64()*float64(whole)), args("out", threads[(k+try)%3], "--resume")...); hit {
				killed++
			}
		}
		r := clitest.Program(args("out", "2", "--resume")...)
		if text, err := r.CombinedOutput(); err != nil {
			t.Fatalf("resumed: %v: %s", err, text)
		}
		out := filepath.Join(dir, "out")
		if clitest.WeightsOf(t, out) != want {
			t.Fatal("resumed: other weights than those of a run in peace")
		}
		if got := untimed(t, out); !reflect.DeepEqual(got, report) {
			t.Errorf("resumed: report %v, want %v", got, report)
		}
		if err := os.RemoveAll(out); err != nil {
			t.Fatal(err)
		}
	}
	if 2*killed < times {
		t.Errorf("%d of %d runs were killed: the rest was too fast to tell anything", killed, 3*times)
	}
}
