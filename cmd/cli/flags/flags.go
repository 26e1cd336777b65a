// Package flags declares what is said on the command line, and checks it.
package flags

import (
	"regexp"

	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/cmd/cli/exit"
)

// Common returns the flags that are accepted by every command.
func Common() []cli.Flag {
	const category = "Common"
	return []cli.Flag{
		&cli.IntFlag{Name: "threads", Usage: "use `N` threads", DefaultText: "all cores", Category: category},
		&cli.StringFlag{Name: "kernel", Usage: "`LEVEL` of the compute kernels: auto, avx512, avx512-novbmi2, avx2, neon or generic", Value: "auto", Category: category},
		&cli.Uint64Flag{Name: "seed", Usage: "seed `N` of everything random", Category: category},
		&cli.StringFlag{Name: "log-level", Usage: "least important messages to show, `LEVEL`: debug, info, warn or error", Value: "info", Category: category},
		&cli.StringFlag{Name: "log-format", Usage: "how messages and progress are written to stderr, `FORMAT`: text, or json for one object per line", Value: "text", Category: category},
		&cli.BoolFlag{Name: "json", Usage: "print one JSON object instead of a table", Category: category, DisableDefaultText: true},
		&cli.BoolFlag{Name: "no-progress", Usage: "show neither bars nor a line per layer", Category: category, DisableDefaultText: true},
	}
}

// Model returns the flag that names a model.
func Model() cli.Flag {
	return &cli.StringFlag{Name: "model", Usage: "model folder `DIR`, or demo:llama, demo:opt (required)"}
}

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
