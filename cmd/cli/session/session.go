// Package session is what a command works with: the process with its streams and its half-written outputs, the
// common flags, the log, progress, and the way in which a result is printed.
package session

import (
	"context"
	"log/slog"

	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/cmd/cli/progress"
	"github.com/adagp/adagp/internal/parallel"
)

// Session is one command at work, with the common flags resolved.
type Session struct {
	*Process
	Ctx      context.Context
	JSON     bool // a result is printed as JSON
	Seed     uint64
	Log      *slog.Logger
	Progress *progress.Display
}

const maxThreads = 1024

// New reads the common flags of a command line and starts its session.
func New(r *Process, c *cli.Context) (*Session, error) {
	threads := c.Int("threads")
	if c.IsSet("threads") && (threads < 1 || threads > maxThreads) {
		return nil, exit.Usagef("--threads %d: want 1 to %d", threads, maxThreads)
	}
	level, err := asm.ParseLevel(c.String("kernel"))
	if err != nil {
		return nil, exit.Usagef("--kernel: %w", err)
	}
	if err := asm.SetLevel(level); err != nil {
		return nil, exit.Usagef("--kernel: %w", err)
	}
	parallel.SetThreads(threads)
	o := progress.Options{Silent: c.Bool("no-progress")}
	if o.Level, err = parseLogLevel(c.String("log-level")); err != nil {
		return nil, err
	}
	switch format := c.String("log-format"); format {
	case "text":
	case "json":
		o.JSON = true
	default:
		return nil, exit.Usagef("--log-format %q: want text or json", format)
	}
	p := progress.New(r.Stderr, o)
	return &Session{
		Process:  r,
		Ctx:      c.Context,
		JSON:     c.Bool("json"),
		Seed:     c.Uint64("seed"),
		Log:      p.Log,
		Progress: p,
	}, nil
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
	return 0, exit.Usagef("--log-level %q: want debug, info, warn or error", s)
}

// Kernel is the level in use, for results.
func Kernel() string { return asm.Current().String() }

// Threads is the number of threads in use, for results.
func Threads() int { return parallel.Threads() }
