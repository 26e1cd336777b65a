package methodscmd

import (
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/cmd/cli/command"
	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/cmd/cli/format"
	"github.com/adagp/adagp/cmd/cli/session"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/registry"
)

// Command returns the command methods.
func Command(p *session.Process) *cli.Command {
	return command.New(p, command.Command{
		Name:        "methods",
		Summary:     "list the pruning methods, solvers and allocations",
		Synopsis:    exit.Program + " methods [flags]",
		Description: "Methods go with --method; solvers work one matrix at a time and also go with --solver,\ninside a method that takes one; allocations go with --allocation and spread the zeros over the matrices.",
		Examples: []string{
			"methods",
			"methods --json",
		},
		Without: []string{"threads", "kernel", "seed", "no-progress"},
		Run:     runMethods,
	})
}

// Named is a registered method, solver or allocation.
type Named struct {
	Name    string `json:"name"`
	Summary string `json:"summary"`
}

// Result is the JSON of docs/contract.md.
type Result struct {
	Methods     []Named `json:"methods"`
	Solvers     []Named `json:"solvers"`
	Allocations []Named `json:"allocations"` // go with --allocation
}

func runMethods(s *session.Session, _ *cli.Context) error {
	res := Result{namesOf(registry.Methods()), namesOf(registry.Solvers()), namesOf(prune.Allocations())}
	return s.Result(res, func(w io.Writer) {
		for i, list := range []struct {
			what string
			all  []Named
		}{{"method", res.Methods}, {"solver", res.Solvers}, {"allocation", res.Allocations}} {
			if i > 0 {
				fmt.Fprintln(w)
			}
			t := format.Table{Head: []string{list.what, "what it does"}, Left: 2}
			for _, n := range list.all {
				t.Add(n.Name, n.Summary)
			}
			t.Write(w)
		}
	})
}

// namesOf is never nil, so that an empty list is one in JSON too.
func namesOf[I ~struct{ Name, Summary string }](infos []I) []Named {
	all := []Named{}
	for _, i := range infos {
		n := struct{ Name, Summary string }(i)
		all = append(all, Named{n.Name, n.Summary})
	}
	return all
}
