package app

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/cmd/cli/session"
)

// Main runs the process's command line and returns the exit status. The first interrupt (Ctrl-C,
// SIGTERM, SIGQUIT, and SIGHUP unless it is ignored) ends the work in order; a second one ends the process at once.
func Main() int {
	r := &session.Process{Stdout: os.Stdout, Stderr: os.Stderr, Stdin: os.Stdin}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT)
	if !signal.Ignored(syscall.SIGHUP) { // as it is under nohup; of SIGQUIT the Go runtime does not tell
		signal.Notify(signals, syscall.SIGHUP)
	}
	// A closed pipe is an error of the write to it: fatal to results, not to progress.
	signal.Ignore(syscall.SIGPIPE)
	defer signal.Stop(signals)
	go func() {
		<-signals
		cancel()
		r.EndInterrupted(signals)
		os.Exit(exit.Interrupted)
	}()
	return Execute(ctx, r, os.Args)
}

// Run executes one command line, args[0] being the program's name, and returns the exit status of
// docs/contract.md. On failure the last line on stderr says why. A cancelled context ends the work
// with status 130 and leaves no output folder. Threads and kernels are settings of the process, so
// only one Run may be under way at a time.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return Execute(ctx, &session.Process{Stdout: stdout, Stderr: stderr, Stdin: os.Stdin}, args)
}

// Execute is [Run] for a process with a standard input of its own.
func Execute(ctx context.Context, p *session.Process, args []string) int {
	code, line := exit.Status(ctx, dispatch(ctx, p, args))
	if line != "" {
		fmt.Fprintf(p.Stderr, "%s: %s\n", exit.Program, line)
	}
	return code
}

func dispatch(ctx context.Context, p *session.Process, args []string) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = exit.Recovered(v)
		}
	}()
	a := newApp(p)
	return a.RunContext(ctx, argumentLast(a, args))
}

// argumentLast moves the argument of a command that has one behind its flags, where the parser looks for it.
func argumentLast(a *cli.App, args []string) []string {
	if len(args) < 4 || strings.HasPrefix(args[2], "-") {
		return args
	}
	if c := a.Command(args[1]); c == nil || c.ArgsUsage == "" {
		return args
	}
	return slices.Concat(args[:2], args[3:], args[2:3])
}
