package methodscmd_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/cmd/cli/command/methodscmd"
	"github.com/adagp/adagp/cmd/cli/command/sweepcmd"
)

func TestMethodsListsAllocations(t *testing.T) {
	var r methodscmd.Result
	clitest.OKJSON(t, &r, "methods")
	if got := names(r.Allocations); strings.Join(got, " ") != "fisher owl uniform" {
		t.Errorf("allocations %v, want fisher, owl and uniform", got)
	}
}

func names(list []methodscmd.Named) (out []string) {
	for _, n := range list {
		out = append(out, n.Name)
	}
	return out
}

func TestMethods(t *testing.T) {
	var r methodscmd.Result
	clitest.OKJSON(t, &r, "methods")
	names := func(list []methodscmd.Named) (out []string) {
		for _, n := range list {
			if n.Summary == "" || strings.Contains(n.Summary, "\n") {
				t.Errorf("%s: summary %q, want one line", n.Name, n.Summary)
			}
			if !strings.HasPrefix(n.Name, "test-") {
				out = append(out, n.Name)
			}
		}
		return out
	}
	methods, solvers := names(r.Methods), names(r.Solvers)
	for _, name := range sweepcmd.DefaultMethods {
		if !slices.Contains(methods, name) {
			t.Errorf("methods %v lack %s", methods, name)
		}
		if got, want := slices.Contains(solvers, name), name != "adagp"; got != want {
			t.Errorf("%s is a solver: %v, want %v", name, got, want)
		}
	}
}
