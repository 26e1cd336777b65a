package session

import (
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/adagp/adagp/cmd/cli/exit"
)

// Process is one execution of the program: where its output goes, and what to clean up when it has to end in
// the middle.
type Process struct {
	Stdout, Stderr io.Writer
	Stdin          io.Reader

	mu       sync.Mutex
	cleanups map[int]Cleanup
	next     int
}

// Cleanup is what becomes of a half-written output when the process has to end.
type Cleanup struct {
	Folder string // for messages
	Do     func()
	Log    *slog.Logger
}

// Guard registers what cleans up a half-written output if the process must end before the work
// notices the interrupt. The returned function takes it back.
func (r *Process) Guard(c Cleanup) (release func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cleanups == nil {
		r.cleanups = map[int]Cleanup{}
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
func (r *Process) guarded() []Cleanup {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Values(r.cleanups))
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

// EndInterrupted returns when the process has to end after an interrupt: at once after another signal,
// else after giving the work time to end by itself, and then cleaning up after it.
func (r *Process) EndInterrupted(signals <-chan os.Signal) {
	defer waitFor(lastWordsTime, nil, func() { fmt.Fprintf(r.Stderr, "\n%s: interrupted\n", exit.Program) })
	select {
	case <-signals:
		return
	case <-time.After(graceTime):
	}
	left := r.guarded()
	ended := waitFor(cleanUpTime, signals, func() {
		for _, c := range left {
			c.Log.Info("interrupted: cleaning up, which another interrupt ends", "folder", c.Folder)
			c.Do()
		}
	})
	if !ended {
		waitFor(lastWordsTime, nil, func() {
			for _, c := range left {
				c.Log.Warn("interrupted: there was no time to clean up", "left behind", c.Folder)
			}
		})
	}
}
