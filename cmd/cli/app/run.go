package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/cmd/cli/progress"
	"github.com/adagp/adagp/internal/parallel"
)

// run is one execution of the program: where output goes, and what to clean up when the process has
// to end in the middle.
type run struct {
	stdout, stderr io.Writer
	stdin          io.Reader // nil for the process's

	mu       sync.Mutex
	cleanups map[int]func()
	next     int
}

// guard registers what removes a half-written output if the process must end before the work
// notices the interrupt. The returned function takes it back.
func (r *run) guard(cleanup func()) (release func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cleanups == nil {
		r.cleanups = map[int]func(){}
	}
	id := r.next
	r.next++
	r.cleanups[id] = cleanup
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.cleanups, id)
	}
}

func (r *run) cleanUp() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range r.cleanups {
		f()
	}
}

// execute runs one command line and reports its end on stderr.
func (r *run) execute(ctx context.Context, args []string) int {
	code, line := status(ctx, r.dispatch(ctx, args))
	if line != "" {
		fmt.Fprintf(r.stderr, "%s: %s\n", programName, line)
	}
	return code
}

func (r *run) dispatch(ctx context.Context, args []string) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = recovered(v)
		}
	}()
	return newApp(r).RunContext(ctx, args)
}

// graceTime is how long work may take to notice an interrupt. A factorisation of a large matrix
// does not look up that often, so after it the process ends by itself.
const graceTime = 1500 * time.Millisecond

// Main runs the process's command line and returns the exit status. The first interrupt (Ctrl-C,
// SIGTERM) ends the work in order; a second one ends the process at once.
func Main() int {
	r := &run{stdout: os.Stdout, stderr: os.Stderr}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	go func() {
		<-signals
		cancel()
		select {
		case <-signals:
		case <-time.After(graceTime):
			r.cleanUp()
		}
		fmt.Fprintf(r.stderr, "\n%s: interrupted\n", programName)
		os.Exit(statusInterrupted)
	}()
	return r.execute(ctx, os.Args)
}

// session is what a command's action works with: the common flags, resolved.
type session struct {
	*run
	ctx      context.Context
	json     bool
	seed     uint64
	log      *slog.Logger
	progress *progress.Display
}

// action wraps a command's work: it resolves the common flags first.
func (r *run) action(do func(*session, *cli.Context) error) cli.ActionFunc {
	return func(c *cli.Context) error {
		if c.Args().Present() {
			return usagef("unexpected argument %q: %s takes flags only", c.Args().First(), c.Command.Name)
		}
		s, err := r.session(c)
		if err != nil {
			return err
		}
		defer s.progress.Close()
		return do(s, c)
	}
}

func (r *run) session(c *cli.Context) (*session, error) {
	threads := c.Int("threads")
	if c.IsSet("threads") && (threads < 1 || threads > maxThreads) {
		return nil, usagef("--threads %d: want 1 to %d", threads, maxThreads)
	}
	level, err := asm.ParseLevel(c.String("kernel"))
	if err != nil {
		return nil, usagef("--kernel: %w", err)
	}
	if err := asm.SetLevel(level); err != nil {
		return nil, usagef("--kernel: %w", err)
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
		return nil, usagef("--log-format %q: want text or json", format)
	}
	p := progress.New(r.stderr, o)
	return &session{
		run:      r,
		ctx:      c.Context,
		json:     c.Bool("json"),
		seed:     c.Uint64("seed"),
		log:      p.Log,
		progress: p,
	}, nil
}
