package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"os/signal"
	"slices"
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
	cleanups map[int]cleanup
	next     int
}

// cleanup is what becomes of a half-written output when the process has to end.
type cleanup struct {
	folder string
	do     func()
	log    *slog.Logger
}

// guard registers what cleans up a half-written output if the process must end before the work
// notices the interrupt. The returned function takes it back.
func (r *run) guard(c cleanup) (release func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cleanups == nil {
		r.cleanups = map[int]cleanup{}
	}
	id := r.next
	r.next++
	r.cleanups[id] = c
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.cleanups, id)
	}
}

// guarded lists what was registered and not taken back.
func (r *run) guarded() []cleanup {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Values(r.cleanups))
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

// What happens within the two seconds after an interrupt.
const (
	// graceTime is how long work may take to notice it. A factorisation of a large matrix does not look
	// up that often, so after it the process ends by itself.
	graceTime = time.Second
	// cleanUpTime is how long cleaning up may take then. A file of many gigabytes on a slow disk is not
	// removed at once; it stays behind.
	cleanUpTime = 800 * time.Millisecond
	// lastWordsTime is how long messages may take: whoever reads stderr may have stopped to.
	lastWordsTime = 100 * time.Millisecond
)

// waitFor calls f, and returns without waiting for its end when another signal comes or the time is up.
func waitFor(d time.Duration, signals <-chan os.Signal, f func()) (ended bool) {
	done := make(chan struct{})
	go func() { f(); close(done) }()
	select {
	case <-done:
		return true
	case <-signals:
	case <-time.After(d):
	}
	return false
}

// endInterrupted returns when the process has to end after an interrupt: at once after another signal,
// else after giving the work time to end by itself, and then cleaning up after it.
func (r *run) endInterrupted(signals <-chan os.Signal) {
	defer waitFor(lastWordsTime, nil, func() { fmt.Fprintf(r.stderr, "\n%s: interrupted\n", programName) })
	select {
	case <-signals:
		return
	case <-time.After(graceTime):
	}
	left := r.guarded()
	ended := waitFor(cleanUpTime, signals, func() {
		for _, c := range left {
			c.log.Info("interrupted: cleaning up, which another interrupt ends", "folder", c.folder)
			c.do()
		}
	})
	if !ended {
		waitFor(lastWordsTime, nil, func() {
			for _, c := range left {
				c.log.Warn("interrupted: there was no time to clean up", "left behind", c.folder)
			}
		})
	}
}

// Main runs the process's command line and returns the exit status. The first interrupt (Ctrl-C,
// SIGTERM, SIGQUIT, and SIGHUP unless it is ignored) ends the work in order; a second one ends the process at once.
func Main() int {
	r := &run{stdout: os.Stdout, stderr: os.Stderr}
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
		r.endInterrupted(signals)
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
