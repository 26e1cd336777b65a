package app

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// quietInterval is how often a long task without lines of its own reports when stderr is a file.
const quietInterval = 10 * time.Second

// progress shows how far the work is: a bar at a terminal, plain lines elsewhere. It is also the
// writer of the log, so that a log line never lands inside a bar.
type progress struct {
	w        io.Writer
	terminal bool
	silent   bool         // neither bars nor lines; log records still pass
	events   *slog.Logger // takes lines as records of the log, for machines; nil: plain lines

	mu  sync.Mutex
	bar *progressbar.ProgressBar // nil when none is shown
}

func newProgress(w io.Writer, silent bool) *progress {
	p := &progress{w: w, silent: silent}
	if f, ok := w.(*os.File); ok {
		p.terminal = term.IsTerminal(int(f.Fd()))
	}
	return p
}

// Write prints a log line, with the bar out of the way.
func (p *progress) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Clear() // drawn again at the next step
	}
	return p.w.Write(b)
}

// line prints a plain line when there are no bars.
func (p *progress) line(format string, args ...any) {
	if p.events != nil && !p.silent {
		p.events.Info(fmt.Sprintf(format, args...))
		return
	}
	if p.silent || p.terminal {
		return
	}
	fmt.Fprintf(p, strings.TrimSuffix(format, "\n")+"\n", args...)
}

// close removes a bar that is still shown.
func (p *progress) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Clear()
		p.bar = nil
	}
}

// task is one piece of work of a known number of steps.
type task struct {
	p     *progress
	label string
	unit  string
	total int
	last  time.Time
	pace  pace // of a pruning run
}

// start begins a task; total counts steps of the given unit, or just shares when it has none.
func (p *progress) start(label string, total int, unit string) *task {
	t := &task{p: p, label: label, unit: unit, total: total, last: time.Now()}
	if p.silent || !p.terminal || total < 1 {
		return t
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	options := []progressbar.Option{
		progressbar.OptionSetWriter(p.w),
		progressbar.OptionSetDescription(label),
		progressbar.OptionSetTheme(progressbar.ThemeASCII),
		progressbar.OptionSetWidth(24),
		progressbar.OptionSetElapsedTime(true),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionThrottle(60 * time.Millisecond),
		progressbar.OptionClearOnFinish(),
	}
	if unit != "" {
		options = append(options, progressbar.OptionShowCount())
	}
	p.bar = progressbar.NewOptions(total, options...)
	_ = p.bar.RenderBlank()
	return t
}

// set moves the task to the given number of finished steps. note says what is being done now; it is
// seen at a terminal only.
func (t *task) set(done int, note string) {
	t.p.mu.Lock()
	bar := t.p.bar
	if bar != nil {
		label := t.label
		if note != "" {
			label += " " + note
		}
		bar.Describe(label)
		_ = bar.Set(min(done, t.total))
	}
	t.p.mu.Unlock()
}

// tick moves a task whose steps deserve no lines of their own: without bars it reports every ten
// seconds.
func (t *task) tick(done int) {
	t.set(done, "")
	if now := time.Now(); now.Sub(t.last) >= quietInterval {
		t.last = now
		t.p.line("%s: %d of %d %s", t.label, done, t.total, t.unit)
	}
}

// end removes the task's bar.
func (t *task) end() { t.p.close() }
