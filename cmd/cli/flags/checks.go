package flags

import (
	"regexp"

	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/cmd/cli/exit"
)

// Required returns the value of a string flag, or a usage error when it is missing or empty.
func Required(c *cli.Context, name string) (string, error) {
	if v := c.String(name); v != "" {
		return v, nil
	}
	return "", exit.Usagef("%s needs --%s; see %s %s --help", c.Command.Name, name, exit.Program, c.Command.Name)
}

// NotEmpty checks flags that want a name when given.
func NotEmpty(c *cli.Context, what string, names ...string) error {
	for _, name := range names {
		if c.IsSet(name) && c.String(name) == "" {
			return exit.Usagef("--%s \"\": want %s", name, what)
		}
	}
	return nil
}

// AtLeast checks whole-number flags against a lower bound when given.
func AtLeast(c *cli.Context, least int, names ...string) error {
	for _, name := range names {
		if v := c.Int(name); c.IsSet(name) && v < least {
			return exit.Usagef("--%s %d: want at least %d", name, v, least)
		}
	}
	return nil
}

// Regexp returns the regular expression that a flag holds; nil when it is not given.
func Regexp(c *cli.Context, name string) (*regexp.Regexp, error) {
	if !c.IsSet(name) {
		return nil, nil
	}
	re, err := regexp.Compile(c.String(name))
	if err != nil {
		return nil, exit.Usagef("--%s: %w", name, err)
	}
	return re, nil
}
