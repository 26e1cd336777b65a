// Command newsolver is the cli program with one more solver, "rescale": what a program of your own looks
// like. The solver works as a method by itself, and inside AdaGP:
//
//	go run ./examples/newsolver methods
//	go run ./examples/newsolver prune --method adagp --solver rescale --model demo:llama --out pruned
//
// Its test is one line that has prunetest.Laws check what every solver owes: see rescale/solver_test.go.
//
// Copy both files into a module of yours, and import the solver from there.
package main

import (
	"os"

	"github.com/adagp/adagp/cmd/cli/app"
	_ "github.com/adagp/adagp/examples/newsolver/rescale" // registers it
)

func main() { os.Exit(app.Main()) }
