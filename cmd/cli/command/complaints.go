package command

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/cmd/cli/exit"
)

var (
	unknownFlag = regexp.MustCompile(`^flag provided but not defined: -+(\S+)$`)
	badValue    = regexp.MustCompile(`^invalid (?:boolean )?value "(.*)" for (?:flag )?-+([a-z-]+)(?:: .*)?$`)
	noValue     = regexp.MustCompile(`^flag needs an argument: -+(\S+)$`)
)

// OnUsageError words the flag parser's complaints as ours: long flags, and what was wanted.
func OnUsageError(c *cli.Context, err error, _ bool) error {
	help := exit.Program + " --help"
	flags := c.App.Flags
	if c.Command != nil && c.Command.Name != "" && c.Command.Name != exit.Program {
		help = exit.Program + " " + c.Command.Name + " --help"
		flags = c.Command.Flags
	}
	msg := err.Error()
	if m := unknownFlag.FindStringSubmatch(msg); m != nil {
		hint := ""
		if s := cli.SuggestFlag(flags, m[1], false); len(s) > 2 && Similar(m[1], strings.TrimLeft(s, "-")) {
			hint = fmt.Sprintf(" (did you mean %s?)", s)
		}
		return exit.Usagef("unknown flag --%s%s; see %s", m[1], hint, help)
	}
	if m := badValue.FindStringSubmatch(msg); m != nil {
		return exit.Usagef("--%s %q: want %s; see %s", m[2], m[1], kindOf(flags, m[2]), help)
	}
	if m := noValue.FindStringSubmatch(msg); m != nil {
		return exit.Usagef("--%s needs a value; see %s", m[1], help)
	}
	return exit.Usagef("%s; see %s", msg, help)
}

// Similar reports whether two names look like one mistyped: the same start and a similar length.
func Similar(a, b string) bool {
	n := min(len(a), len(b), 3)
	d := len(a) - len(b)
	return n > 0 && a[:n] == b[:n] && d*d <= 9
}

// kindOf says which values a flag takes.
func kindOf(flags []cli.Flag, name string) string {
	for _, f := range flags {
		if f.Names()[0] != name {
			continue
		}
		switch f.(type) {
		case *cli.BoolFlag:
			return "true or false"
		case *cli.IntFlag:
			return "a whole number"
		case *cli.Uint64Flag:
			return "a whole number that is not negative"
		case *cli.Float64Flag:
			return "a number"
		}
	}
	return "another value"
}
