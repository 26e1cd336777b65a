package prunecmd_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/cmd/cli/output"
	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/prune"
)

// TestPeakIsTakenLast: when the report says what the run took, everything else is written.
func TestPeakIsTakenLast(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	real := output.PeakRSS
	defer func() { output.PeakRSS = real }()
	output.PeakRSS = func() int64 {
		model := filepath.Join(out+".partial", "model")
		if _, err := os.Stat(filepath.Join(model, "config.json")); err != nil {
			t.Errorf("taken before the other files were copied: %v", err)
		}
		return 4711
	}
	var r prune.Report
	clitest.OKJSON(t, &r, "prune", "--model", golden.Path("models/stories260k"), "--out", out, "--method", "magnitude", "--samples", "2", "--seqlen", "64")
	text, err := os.ReadFile(filepath.Join(out, "pruning.json"))
	if err != nil {
		t.Fatal(err)
	}
	var stored prune.Report
	if err := json.Unmarshal(text, &stored); err != nil {
		t.Fatal(err)
	}
	if r.PeakRSSBytes != 4711 || stored.PeakRSSBytes != 4711 {
		t.Errorf("peak %d on stdout and %d in pruning.json, want what was taken at the end", r.PeakRSSBytes, stored.PeakRSSBytes)
	}
}
