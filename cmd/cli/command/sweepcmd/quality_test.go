package sweepcmd_test

import (
	"math"
	"path/filepath"
	"testing"

	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/cmd/cli/sweep"
	"github.com/adagp/adagp/internal/golden"
)

// A slice of the quality table (make quality) on the one of its models that is in the repository: SparseGPT
// within 5 % of the authors' code, as in prune's own test of the baselines; AdaGP+ at least as good as
// its reference, up to the 3 % that docs/quality.md allows.
func TestQualitySlice(t *testing.T) {
	if testing.Short() {
		t.Skip("prunes a whole model three times")
	}
	var reference map[string]struct {
		Rows map[string]map[string]float64
	}
	golden.JSON(t, "../../../../bench/quality/reference.json", &reference)
	rows := reference["stories260k"].Rows
	var got sweep.Result
	clitest.OKJSON(t, &got, "sweep", "--model", golden.Path("models/stories260k"), "--out", filepath.Join(t.TempDir(), "sweep"),
		"--calib", clitest.IDsFile(t, "calib.jsonl", clitest.GoldenIDs(t, "stories260k_calib_seed0.u16", 64)), "--eval", clitest.IDsFile(t, "eval.jsonl", clitest.GoldenIDs(t, "stories260k_eval.u16", 128)),
		"--methods", "sparsegpt,adagp:fast,adagp", "--sparsities", "0.7")
	if len(got.Runs) != 3 {
		t.Fatalf("%d runs, want 3", len(got.Runs))
	}
	for _, r := range got.Runs {
		want, have := rows[r.Method][r.Pattern.String()], float64(r.Perplexity[0])
		t.Logf("%-10s %s: perplexity %.3f, reference %.3f (%+.1f %%)", r.Method, r.Pattern, have, want, 100*(have/want-1))
		if d := have/want - 1; r.Method == "sparsegpt" && math.Abs(d) > 0.05 || r.Method != "sparsegpt" && !(d <= 0.03) {
			t.Errorf("%s at %s: perplexity %.3f, reference %.3f", r.Method, r.Pattern, have, want)
		}
	}
}
