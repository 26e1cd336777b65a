// Package app is the command line program: it turns flags into options, calls the packages that do
// the work, and prints what they return. A command is a file of its name, the longer ones have more
// that begin with it. What they share: flags.go and input.go (what is asked for), outfolder.go and
// modelfolder.go (where it goes), trial.go (a method tried in memory), output.go (results), run.go and
// exit.go (how the process begins and ends).
//
// A program with solvers of one's own is this package and blank imports of the solvers' packages:
//
//	package main
//
//	import (
//		"os"
//
//		"github.com/adagp/adagp/cmd/cli/app"
//		_ "example.com/me/coinflip" // calls registry.Solver in its init
//	)
//
//	func main() { os.Exit(app.Main()) }
//
// Results go to stdout, logs and progress to stderr. docs/contract.md is what scripts rely on.
package app

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/internal/version"
	_ "github.com/adagp/adagp/models/all" // every architecture
	_ "github.com/adagp/adagp/prune/all"  // every method
)

const programName = "cli"

// New returns the command line program with all commands, reading nothing global: its results go to
// stdout, everything else to stderr. Most callers want [Main] or [Run], which also map errors to
// exit statuses; New is for those who add commands.
func New(stdout, stderr io.Writer) *cli.App { return newApp(&run{stdout: stdout, stderr: stderr}) }

func newApp(r *run) *cli.App {
	return &cli.App{
		Name:                  programName,
		HelpName:              programName,
		Usage:                 "prune large language models, and measure what is left",
		UsageText:             programName + " COMMAND [flags]",
		Version:               version.Name(),
		Writer:                r.stdout,
		ErrWriter:             r.stderr,
		CustomAppHelpTemplate: appHelp,
		ExitErrHandler:        func(*cli.Context, error) {}, // Run maps errors to statuses
		OnUsageError:          onUsageError,
		Action:                noCommand,
		Commands: []*cli.Command{
			demoCommand(r),
			pruneCommand(r),
			packCommand(r),
			generateCommand(r),
			sweepCommand(r),
			evalCommand(r),
			inspectCommand(r),
			methodsCommand(r),
			benchCommand(r),
		},
	}
}

// noCommand runs when no command was recognised.
func noCommand(c *cli.Context) error {
	if name := c.Args().First(); name != "" {
		hint := ""
		for _, known := range commandNames(c.App) {
			if similar(name, known) {
				hint = fmt.Sprintf(" (did you mean %s?)", known)
			}
		}
		return usagef("unknown command %q%s; see %s --help", name, hint, programName)
	}
	return usagef("no command given, want one of %s; see %s --help", strings.Join(commandNames(c.App), ", "), programName)
}

func commandNames(a *cli.App) (names []string) {
	for _, c := range a.Commands {
		if c.Name != "help" {
			names = append(names, c.Name)
		}
	}
	return names
}

// Run executes one command line, args[0] being the program's name, and returns the exit status of
// docs/contract.md. On failure the last line on stderr says why. A cancelled context ends the work
// with status 130 and leaves no output folder. Threads and kernels are settings of the process, so
// only one Run may be under way at a time.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return (&run{stdout: stdout, stderr: stderr}).execute(ctx, args)
}
