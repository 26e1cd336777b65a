package app

import (
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/prune"
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

// named is a registered method or solver.
type named struct {
	Name    string `json:"name"`
	Summary string `json:"summary"`
}

type methodsResult struct {
	Methods []named `json:"methods"`
	Solvers []named `json:"solvers"`
	// Allocations are the names that go with --allocation.
	Allocations []named `json:"allocations"`
}

func runMethods(s *session, _ *cli.Context) error {
	res := methodsResult{Methods: []named{}, Solvers: []named{}, Allocations: []named{}}
	for _, m := range prune.Methods() {
		res.Methods = append(res.Methods, named{m.Name, m.Summary})
	}
	for _, m := range prune.Solvers() {
		res.Solvers = append(res.Solvers, named{m.Name, m.Summary})
	}
	for _, a := range prune.Allocations() {
		res.Allocations = append(res.Allocations, named{a.Name, a.Summary})
	}
	return s.result(res, func(w io.Writer) {
		methods := table{head: []string{"method", "what it does"}, left: 2}
		for _, m := range res.Methods {
			methods.add(m.Name, m.Summary)
		}
		methods.write(w)
		fmt.Fprintln(w)
		solvers := table{head: []string{"solver", "what it does"}, left: 2}
		for _, m := range res.Solvers {
			solvers.add(m.Name, m.Summary)
		}
		solvers.write(w)
		fmt.Fprintln(w)
		allocations := table{head: []string{"allocation", "what it does"}, left: 2}
		for _, a := range res.Allocations {
			allocations.add(a.Name, a.Summary)
		}
		allocations.write(w)
	})
}
