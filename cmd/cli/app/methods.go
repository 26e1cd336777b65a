package app

import (
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/cmd/cli/format"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/registry"
)

func methodsCommand(r *run) *cli.Command {
	return command(&cli.Command{
		Name:        "methods",
		Usage:       "list the pruning methods, solvers and allocations",
		UsageText:   programName + " methods [flags]",
		Description: "Methods go with --method; solvers work one matrix at a time and also go with --solver,\ninside a method that takes one; allocations go with --allocation and spread the zeros over the matrices.",
		Action:      r.action(runMethods),
	},
		"methods",
		"methods --json",
	)
}

// named is a registered method, solver or allocation.
type named struct {
	Name    string `json:"name"`
	Summary string `json:"summary"`
}

type methodsResult struct {
	Methods     []named `json:"methods"`
	Solvers     []named `json:"solvers"`
	Allocations []named `json:"allocations"` // go with --allocation
}

func runMethods(s *session, _ *cli.Context) error {
	res := methodsResult{namesOf(registry.Methods()), namesOf(registry.Solvers()), namesOf(prune.Allocations())}
	return s.result(res, func(w io.Writer) {
		for i, list := range []struct {
			what string
			all  []named
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
func namesOf[I ~struct{ Name, Summary string }](infos []I) []named {
	all := []named{}
	for _, i := range infos {
		n := struct{ Name, Summary string }(i)
		all = append(all, named{n.Name, n.Summary})
	}
	return all
}
