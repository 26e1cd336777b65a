package app

import (
	"log/slog"
	"math"

	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/internal/parallel"
)

const maxThreads = 1024

// commonFlags are accepted by every command.
func commonFlags() []cli.Flag {
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

func modelFlag() cli.Flag {
	return &cli.StringFlag{Name: "model", Usage: "model folder `DIR`, or demo:llama, demo:opt (required)"}
}

// required returns the value of a string flag, or a usage error when it is missing or empty.
func required(c *cli.Context, name string) (string, error) {
	if v := c.String(name); v != "" {
		return v, nil
	}
	return "", usagef("%s needs --%s; see %s %s --help", c.Command.Name, name, programName, c.Command.Name)
}

// notEmpty checks flags that want a name when given.
func notEmpty(c *cli.Context, what string, names ...string) error {
	for _, name := range names {
		if c.IsSet(name) && c.String(name) == "" {
			return usagef("--%s \"\": want %s", name, what)
		}
	}
	return nil
}

func parseLogLevel(s string) (slog.Level, error) {
	switch s {
	case "debug":
		return slog.LevelDebug, nil
	case "info":
		return slog.LevelInfo, nil
	case "warn":
		return slog.LevelWarn, nil
	case "error":
		return slog.LevelError, nil
	}
	return 0, usagef("--log-level %q: want debug, info, warn or error", s)
}

// positive checks a flag that must be a finite number above zero when given.
func positive(c *cli.Context, names ...string) error {
	for _, name := range names {
		if v := c.Float64(name); c.IsSet(name) && !(v > 0 && !math.IsInf(v, 0)) {
			return usagef("--%s %v: want a finite number above 0", name, v)
		}
	}
	return nil
}

// atLeast checks whole-number flags against a lower bound when given.
func atLeast(c *cli.Context, least int, names ...string) error {
	for _, name := range names {
		if v := c.Int(name); c.IsSet(name) && v < least {
			return usagef("--%s %d: want at least %d", name, v, least)
		}
	}
	return nil
}

// kernelName is the level in use, for results.
func kernelName() string { return asm.Current().String() }

// threadCount is the number of threads in use, for results.
func threadCount() int { return parallel.Threads() }
