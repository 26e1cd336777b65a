package app_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/prune"
)

// TestLogFormatJSON: every line on stderr is one JSON object, and the stages of every layer are among
// them.
func TestLogFormatJSON(t *testing.T) {
	r := clitest.OK(t, "prune", "--model", "demo:llama", "--out", t.TempDir()+"/out", "--method", "wanda", "--samples", "2", "--layers", "0:2", "--log-format", "json", "--log-level", "debug", "--memory", "400MiB")
	stages := map[string]int{}
	for line := range strings.Lines(r.Stderr) {
		var x struct {
			Msg, Level, Stage string
			Layers            int
			Overall           float64
			Tokens            *float64 `json:"tokens_per_second"`
			Left              *float64 `json:"seconds_left"`
		}
		if err := json.Unmarshal([]byte(line), &x); err != nil || x.Msg == "" || x.Level == "" {
			t.Fatalf("line %q: %v", line, err)
		}
		if x.Stage == "" {
			continue
		}
		if x.Layers != 2 || x.Overall < 0 || x.Overall > 1 || x.Tokens == nil || x.Left == nil {
			t.Errorf("line %q", line)
		}
		stages[x.Stage]++
	}
	for _, want := range []prune.Stage{prune.StageLoad, prune.StageCalibrate, prune.StageSolve, prune.StagePropagate, prune.StageDone} {
		if stages[string(want)] < 2 {
			t.Errorf("stage %s is reported %d times, want twice at least: %v", want, stages[string(want)], stages)
		}
	}
	if r := clitest.Call(t, "prune", "--model", "demo:llama", "--out", "x", "--log-format", "xml"); r.Code != exit.Usage || !strings.Contains(r.Last(), "--log-format") {
		t.Errorf("status %d, last line %q", r.Code, r.Last())
	}
}
