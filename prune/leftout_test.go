package prune_test

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/prune/quant"
	"github.com/adagp/adagp/prune/sparsity"
)

// A run without enough calibration windows for tuning says so, in the log and in the report; one that does not
// tune has nothing to say, nor has one with enough of them.
func TestRunTellsThatTuningIsLeftOut(t *testing.T) {
	for _, tc := range []struct {
		name    string
		windows int
		o       prune.Options
		told    bool
	}{
		{"default", 7, prune.Options{Method: prunetest.Method("adagp")}, true},
		{"best", 4, prune.Options{Method: prunetest.Method("adagp", "preset", "best")}, true},
		{"rounded", 7, prune.Options{Method: prunetest.Method("adagp"), Quantize: &quant.Spec{Bits: 4}}, true},
		{"enough", 8, prune.Options{Method: prunetest.Method("adagp")}, false},
		{"fast", 7, prune.Options{Method: prunetest.Method("adagp", "preset", "fast")}, false},
		{"paper", 7, prune.Options{Method: prunetest.Method("adagp", "paper", true)}, false},
		{"wanda", 7, prune.Options{Method: prunetest.Method("wanda")}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var log bytes.Buffer
			o := tc.o
			o.Pattern, o.Log = sparsity.Unstructured(0.5), slog.New(slog.NewTextHandler(&log, nil))
			r, err := prune.Run(context.Background(), open(t, "rand-llama-tied"), randomWindows(96, repeat(6, tc.windows)...), o, nil)
			if err != nil {
				t.Fatal(err)
			}
			const text = "too few calibration windows to hold some out: no tuning"
			if n := strings.Count(log.String(), text); n > 1 || (n == 1) != tc.told {
				t.Errorf("log %q, want the warning: %v, once", log.String(), tc.told)
			}
			if got := slices.ContainsFunc(r.Warnings, func(w string) bool { return strings.HasPrefix(w, text+": ") && strings.Contains(w, ", wanted 8") }); got != tc.told {
				t.Errorf("warnings %q in the report, want one about tuning: %v", r.Warnings, tc.told)
			}
		})
	}
}
