// Package progress is what the program says on stderr while it works: bars at a terminal, plain lines
// elsewhere, records for machines, and the messages of the log, none of which lands inside a bar.
package progress

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/adagp/adagp/cmd/cli/format"
)

// Options say how a Display writes.
type Options struct {
	Silent bool       // neither bars nor lines; messages of the log still pass
	JSON   bool       // everything is a record of the log, one JSON object per line
	Level  slog.Level // least important messages that pass
}

// Display shows how far the work is. As a writer it takes lines of others, with the bar out of the way.
type Display struct {
	// Log takes messages, such as warnings.
	Log *slog.Logger

	w        io.Writer
	terminal bool
	silent   bool
	events   *slog.Logger // takes lines as records, for machines; nil: plain lines

	mu  sync.Mutex
	bar *progressbar.ProgressBar // nil when none is shown
}

// New returns a display that writes to w, with bars if that is a terminal.
func New(w io.Writer, o Options) *Display {
	d := &Display{w: w, silent: o.Silent}
	if o.JSON {
		d.Log = slog.New(slog.NewJSONHandler(d, &slog.HandlerOptions{Level: o.Level}))
		d.events = d.Log
		return d
	}
	d.Log = slog.New(newLogHandler(d, o.Level))
	if f, ok := w.(*os.File); ok {
		d.terminal = term.IsTerminal(int(f.Fd()))
	}
	return d
}

// Write prints a log line, with the bar out of the way.
func (d *Display) Write(b []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.bar != nil {
		_ = d.bar.Clear() // drawn again at the next step
	}
	return d.w.Write(b)
}

// Line prints a plain line when there are no bars.
func (d *Display) Line(text string, args ...any) {
	if !d.terminal {
		d.Summary(text, args...)
	}
}

// Close removes a bar that is still shown.
func (d *Display) Close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.bar != nil {
		_ = d.bar.Clear()
		d.bar = nil
	}
}

// Summary prints a line at the end of the work, also at a terminal.
func (d *Display) Summary(text string, args ...any) {
	switch {
	case d.silent:
	case d.events != nil:
		d.events.Info(fmt.Sprintf(text, args...))
	default:
		fmt.Fprintln(d, format.Printable(fmt.Sprintf(text, args...)))
	}
}

// quietInterval is how often a long task without lines of its own reports when stderr is a file.
const quietInterval = 10 * time.Second

// shareSteps is the length of a bar whose steps are shares of the work.
const shareSteps = 1000

// Task is one piece of work of a known length.
type Task struct {
	d     *Display
	label string
	unit  string // empty: steps are shares
	total int
	last  time.Time
	pace  pace // of a pruning run
}

// Start begins a task of so many steps, which are called unit.
func (d *Display) Start(label string, total int, unit string) *Task {
	return d.start(&Task{d: d, label: label, unit: unit, total: total, last: time.Now()})
}

// StartShares begins a task that tells its share, not a number of steps.
func (d *Display) StartShares(label string) *Task {
	return d.start(&Task{d: d, label: label, total: shareSteps, last: time.Now()})
}

func (d *Display) start(t *Task) *Task {
	t.label = format.Printable(t.label)
	if d.silent || !d.terminal || t.total < 1 {
		return t
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	options := []progressbar.Option{
		progressbar.OptionSetWriter(d.w),
		progressbar.OptionSetDescription(t.label),
		progressbar.OptionSetTheme(progressbar.ThemeASCII),
		progressbar.OptionSetWidth(24),
		progressbar.OptionSetElapsedTime(true),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionThrottle(60 * time.Millisecond),
		progressbar.OptionClearOnFinish(),
	}
	if t.unit != "" {
		options = append(options, progressbar.OptionShowCount())
	}
	d.bar = progressbar.NewOptions(t.total, options...)
	_ = d.bar.RenderBlank()
	return t
}

// set moves the bar to the given number of finished steps.
func (t *Task) set(done int, note string) {
	t.d.mu.Lock()
	defer t.d.mu.Unlock()
	if bar := t.d.bar; bar != nil {
		label := t.label
		if note != "" {
			label += " " + note
		}
		bar.Describe(label)
		_ = bar.Set(min(done, t.total))
	}
}

// Tick moves a task to the given number of finished steps. Without bars it reports every ten seconds.
func (t *Task) Tick(done int) {
	t.set(done, "")
	if now := time.Now(); now.Sub(t.last) >= quietInterval {
		t.last = now
		t.d.Line("%s: %d of %d %s", t.label, done, t.total, t.unit)
	}
}

// Share moves a task of shares. note says what is being done now; it is seen at a terminal only.
func (t *Task) Share(share float64, note string) { t.set(int(share*shareSteps), note) }

// Slow is Share for work that is short most of the time. Without bars it reports every ten seconds.
func (t *Task) Slow(note string, share float64) {
	t.Share(share, note)
	if now := time.Now(); now.Sub(t.last) >= quietInterval {
		t.last = now
		t.d.Line("%s: %s, %.0f %%", t.label, note, 100*share)
	}
}

// End removes the task's bar.
func (t *Task) End() { t.d.Close() }
