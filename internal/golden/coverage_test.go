package golden

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// caseReaders is where each recorded file is compared with what we compute, as the tests write it. A
// file that is added is to be entered here, with a test that reads it.
var caseReaders = map[string][]string{
	"layer_seed1.json":        {"golden.LayerSeeds"},
	"layer_seed2.json":        {"golden.LayerSeeds"},
	"adagp_relu_seed1.json":   {`"relu_seed1"`},
	"adagp_relu_seed2.json":   {`"relu_seed2"`},
	"adagp_swiglu_seed1.json": {`"swiglu_seed1"`},
	"adagp_swiglu_seed2.json": {`"swiglu_seed2"`},
	"owl.json":                {`golden.Path("prune/owl.json")`},
	"fisher_stories260k.json": {`golden.Path("prune/fisher_stories260k.json")`},
}

// TestCasesAreRead: no recorded file and no solver's cases in it are left without a test that reads them.
func TestCasesAreRead(t *testing.T) {
	tests := testSources(t, filepath.Join(root(), "..", "..", "prune"))
	for _, name := range caseFiles(t, Path("prune")) {
		readers, ok := caseReaders[name]
		if !ok {
			t.Errorf("%s: no test is known to read it", name)
		}
		for _, r := range readers {
			if !strings.Contains(tests, r) {
				t.Errorf("%s: no test says %s", name, r)
			}
		}
	}
	for _, seed := range LayerSeeds {
		solvers := map[string]int{}
		for _, c := range LoadLayer(t, seed).Cases {
			solvers[c.Solver]++
		}
		for solver, n := range solvers {
			if !strings.Contains(tests, fmt.Sprintf("Only(t, %q)", solver)) {
				t.Errorf("seed %d: no test reads the %d cases of %s", seed, n, solver)
			}
		}
	}
	for _, part := range []string{"layer.Asymmetric.WStar", ".Dead"} {
		if !strings.Contains(tests, part) {
			t.Errorf("no test reads %s of the recorded layers", part)
		}
	}
}

// TestSameCases: the set in the repository is the developer's, byte for byte.
func TestSameCases(t *testing.T) {
	shared := Shared(t, "golden/prune")
	for _, name := range caseFiles(t, shared) {
		want, err := os.ReadFile(filepath.Join(shared, name))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(Path("prune/" + name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s differs from the developer's (error %v)", name, err)
		}
	}
}

// The settings of recorded cases that tests do not read, because they are the solvers' defaults.
var assumed = map[string]map[string]any{
	"ria":                    {"a": 0.5},
	"admm_grad":              {"iterative": 15., "iters": 20., "rho": 1.},
	"alps":                   {"rho": 0.1, "max_iter": 300., "cg_iters": 10., "percdamp": 0.01},
	"sparsegpt_fixed_mask":   {"mask_from": "wanda"},
	"refit_exact":            {"mask_from": "wanda", "ridge": 0.},
	"refit_cg":               {"mask_from": "wanda", "start": "W*keep"},
	"dsnot":                  {"mask_from": "wanda", "cycles": 50., "threshold": 0.1, "power": 1.},
	"sparsegpt_row_weighted": nil,
	"alps_row_weighted":      {"blocksize": 16.}, // it has no blocks
}

// TestSettingsAreRead: every setting of a case is one that SolverCase has, or one that is assumed.
func TestSettingsAreRead(t *testing.T) {
	read := []string{"solver", "sparsity", "nm", "scope", "blocksize", "percdamp", "ridge", "iters", "row_weights", "keep", "weights", "loss", "zeros"}
	for _, seed := range LayerSeeds {
		var file struct{ Cases []map[string]any }
		JSON(t, Path(fmt.Sprintf("prune/layer_seed%d.json", seed)), &file)
		if len(file.Cases) == 0 {
			t.Fatalf("seed %d: no cases", seed)
		}
		for k, c := range file.Cases {
			solver := c["solver"].(string)
			for key, value := range c {
				if want, ok := assumed[solver][key]; ok && value != want {
					t.Errorf("seed %d, case %d, %s: %s is %v, assumed to be %v", seed, k, solver, key, value, want)
				} else if !ok && !slices.Contains(read, key) {
					t.Errorf("seed %d, case %d, %s: nothing reads %q", seed, k, solver, key)
				}
			}
			if scope, ok := c["scope"]; ok {
				rows := solver == "wanda" || solver == "ria"
				if rows != (scope == "row") {
					t.Errorf("seed %d, case %d, %s: scope %v", seed, k, solver, scope)
				}
			}
		}
	}
}

// caseFiles lists the JSON files in a folder.
func caseFiles(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".json") {
			names = append(names, e.Name())
		}
	}
	return names
}

// testSources returns the text of all tests below a folder.
func testSources(t *testing.T, folder string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := os.ReadFile(path)
		all.Write(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}
