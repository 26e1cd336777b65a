package session

import (
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// lines is a writer whose content can be read at any time.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// TestInterruptEnds: whatever cleaning up is waiting for, the process ends two seconds after the first
// interrupt, at once after a second one, and says what it does and what it leaves behind.
func TestInterruptEnds(t *testing.T) {
	never := make(chan struct{})
	for _, c := range []struct {
		name   string
		second time.Duration // after which another interrupt comes; 0: none
		most   time.Duration
		do     func()
		says   []string
	}{
		{"cleaned up", 0, 1500 * time.Millisecond, func() {}, []string{"cleaning up", "F.partial", "cli: interrupted"}},
		{"never cleaned up", 0, 2500 * time.Millisecond, func() { <-never }, []string{"cleaning up", "no time to clean up", "F.partial", "cli: interrupted"}},
		{"twice before", 10 * time.Millisecond, 500 * time.Millisecond, func() { t.Error("cleaned up") }, []string{"cli: interrupted"}},
		{"twice while cleaning up", graceTime + 100*time.Millisecond, graceTime + 600*time.Millisecond, func() { <-never }, []string{"no time to clean up", "cli: interrupted"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var errs lines
			r := &Process{Stderr: &errs}
			r.Guard(Cleanup{"F.partial", c.do, slog.New(slog.NewTextHandler(&errs, nil))})
			signals := make(chan os.Signal, 2)
			if c.second > 0 {
				time.AfterFunc(c.second, func() { signals <- os.Interrupt })
			}
			start := time.Now()
			r.EndInterrupted(signals)
			if d := time.Since(start); d > c.most {
				t.Errorf("it took %v, want %v at most", d, c.most)
			}
			for rest := errs.String(); len(c.says) > 0; c.says = c.says[1:] {
				_, after, found := strings.Cut(rest, c.says[0])
				if !found {
					t.Fatalf("stderr %q, want %q", rest, c.says)
				}
				rest = after
			}
		})
	}
}

// TestInterruptStuckReader: whoever reads stderr may have stopped to, and the process ends nevertheless.
func TestInterruptStuckReader(t *testing.T) {
	t.Parallel()
	_, w := io.Pipe() // nobody reads
	r := &Process{Stderr: w}
	r.Guard(Cleanup{"F.partial", func() {}, slog.New(slog.NewTextHandler(w, nil))})
	start := time.Now()
	r.EndInterrupted(make(chan os.Signal))
	if d := time.Since(start); d > 2500*time.Millisecond {
		t.Errorf("it took %v", d)
	}
}
