// Package app is the program as a whole: its commands, how the process begins and how it ends. Each command is a
// package below cmd/cli/command; docs/map.md says what they share.
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
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/cmd/cli/command"
	"github.com/adagp/adagp/cmd/cli/command/benchcmd"
	"github.com/adagp/adagp/cmd/cli/command/democmd"
	"github.com/adagp/adagp/cmd/cli/command/evalcmd"
	"github.com/adagp/adagp/cmd/cli/command/fetchcmd"
	"github.com/adagp/adagp/cmd/cli/command/generatecmd"
	"github.com/adagp/adagp/cmd/cli/command/inspectcmd"
	"github.com/adagp/adagp/cmd/cli/command/methodscmd"
	"github.com/adagp/adagp/cmd/cli/command/packcmd"
	"github.com/adagp/adagp/cmd/cli/command/prunecmd"
	"github.com/adagp/adagp/cmd/cli/command/sweepcmd"
	"github.com/adagp/adagp/cmd/cli/command/tokenizecmd"
	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/cmd/cli/session"
	"github.com/adagp/adagp/internal/version"
	_ "github.com/adagp/adagp/models/all" // every architecture
	_ "github.com/adagp/adagp/prune/all"  // every method
)

// New returns the command line program with all commands, reading nothing global: its results go to
// stdout, everything else to stderr. Most callers want [Main] or [Run], which also map errors to
// exit statuses; New is for those who add commands.
func New(stdout, stderr io.Writer) *cli.App {
	return newApp(&session.Process{Stdout: stdout, Stderr: stderr})
}

func newApp(r *session.Process) *cli.App {
	return &cli.App{
		Name:                  exit.Program,
		HelpName:              exit.Program,
		Usage:                 "prune large language models, and measure what is left",
		UsageText:             exit.Program + " COMMAND [flags]",
		Version:               version.Name(),
		Writer:                r.Stdout,
		ErrWriter:             r.Stderr,
		CustomAppHelpTemplate: appHelp,
		ExitErrHandler:        func(*cli.Context, error) {}, // Run maps errors to statuses
		OnUsageError:          command.OnUsageError,
		Action:                noCommand,
		Commands: []*cli.Command{
			democmd.Command(r),
			prunecmd.Command(r),
			fetchcmd.Command(r),
			packcmd.Command(r),
			generatecmd.Command(r),
			sweepcmd.Command(r),
			evalcmd.Command(r),
			inspectcmd.Command(r),
			tokenizecmd.Command(r),
			methodscmd.Command(r),
			benchcmd.Command(r),
		},
	}
}

// noCommand runs when no command was recognised.
func noCommand(c *cli.Context) error {
	if name := c.Args().First(); name != "" {
		hint := ""
		for _, known := range commandNames(c.App) {
			if command.Similar(name, known) {
				hint = fmt.Sprintf(" (did you mean %s?)", known)
			}
		}
		return exit.Usagef("unknown command %q%s; see %s --help", name, hint, exit.Program)
	}
	return exit.Usagef("no command given, want one of %s; see %s --help", strings.Join(commandNames(c.App), ", "), exit.Program)
}

func commandNames(a *cli.App) (names []string) {
	for _, c := range a.Commands {
		if c.Name != "help" {
			names = append(names, c.Name)
		}
	}
	return names
}
