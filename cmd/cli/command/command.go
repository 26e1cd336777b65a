// Package command makes the commands of the program: each has the common flags, help with examples that work, and
// errors of the command line in the program's own words. The commands themselves are in folders below this one.
package command

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/cmd/cli/flags"
	"github.com/adagp/adagp/cmd/cli/session"
)

// New completes a command, which has a name, its usage, a description and flags of its own: do is its work, and
// examples are command lines without the program's name.
func New(p *session.Process, c *cli.Command, do func(*session.Session, *cli.Context) error, examples ...string) *cli.Command {
	c.Flags = append(c.Flags, flags.Common()...)
	c.OnUsageError = OnUsageError
	c.HideHelpCommand = true // "cli prune help" is a stray argument, not a command
	c.Action = func(c *cli.Context) error {
		if c.Args().Present() {
			return exit.Usagef("unexpected argument %q: %s takes flags only", c.Args().First(), c.Command.Name)
		}
		s, err := session.New(p, c)
		if err != nil {
			return err
		}
		defer s.Progress.Close()
		return do(s, c)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: %s\n\nUSAGE\n   %s\n\n%s\n\nEXAMPLES\n", exit.Program, c.Name, c.Usage, c.UsageText, c.Description)
	for _, e := range examples {
		fmt.Fprintf(&b, "   %s %s\n", exit.Program, e)
	}
	writeFlags(&b, c.Flags)
	c.CustomHelpTemplate = "{{" + fmt.Sprintf("%q", b.String()) + "}}" // a template that is one constant
	return c
}
