// Package command makes the commands of the program: each has the common flags, help with examples that work, and
// errors of the command line in the program's own words. The commands themselves are in folders below this one.
package command

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/cmd/cli/flags"
	"github.com/adagp/adagp/cmd/cli/session"
)

// Command describes a command.
type Command struct {
	Name        string
	Summary     string // one line for the list of commands
	Synopsis    string // the command line in short
	Description string
	Examples    []string // command lines that work, without the program's name
	Argument    string   // what the one argument that is no flag is, for errors; empty where there is none
	Flags       []flags.Flag
	Without     []string // common flags that have no effect here, see flags.Common
	Run         func(*session.Session, *cli.Context) error
}

// New returns the command of a process for the parser of the command line, with the common flags.
func New(p *session.Process, c Command) *cli.Command {
	list := append(c.Flags, flags.Common(c.Without...)...)
	parsed := &cli.Command{
		Name: c.Name, Usage: c.Summary, ArgsUsage: c.Argument,
		CustomHelpTemplate: "{{" + fmt.Sprintf("%q", help(c, list)) + "}}", // a template that is one constant
		OnUsageError:       OnUsageError,
		HideHelpCommand:    true, // "cli prune help" is a stray argument, not a command
		Action: func(given *cli.Context) error {
			if err := c.checkArguments(given); err != nil {
				return err
			}
			if err := flags.Resolve(given, list); err != nil {
				return err
			}
			s, err := session.New(p, given)
			if err != nil {
				return err
			}
			defer s.Progress.Close()
			return c.Run(s, given)
		},
	}
	for _, f := range list {
		parsed.Flags = append(parsed.Flags, f.Parser())
	}
	return parsed
}

func (c Command) checkArguments(given *cli.Context) error {
	n := given.Args().Len()
	switch {
	case c.Argument == "" && n > 0:
		return exit.Usagef("unexpected argument %q: %s takes flags only", given.Args().First(), c.Name)
	case c.Argument != "" && (n == 0 || given.Args().First() == ""):
		return exit.Usagef("%s wants %s", c.Name, c.Argument)
	case c.Argument != "" && n > 1:
		return exit.Usagef("%s takes one argument, %s, and flags; got %q", c.Name, c.Argument, given.Args().Slice())
	}
	return nil
}
