package progress

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// TestLogLinesBesideBar: a log line starts on a line of its own, and no bar stays behind.
func TestLogLinesBesideBar(t *testing.T) {
	var b bytes.Buffer
	d := New(&b, Options{})
	d.terminal = true
	task := d.Start("pruning", 10, "")
	task.set(3, "layer 1/3")
	d.Log.Warn("tail", "tensor", "a b", "share", 0.123456)
	d.Log.Debug("unseen")
	d.Line("unseen as well")
	task.set(9, "layer 3/3")
	task.End()
	text := b.String()
	if strings.Contains(text, "unseen") {
		t.Errorf("%q holds what should not be shown", text)
	}
	at := strings.Index(text, "warning: tail tensor=\"a b\" share=0.1235\n")
	if at < 1 || text[at-1] != '\r' {
		t.Errorf("%q: want the warning at the start of a cleared line", text)
	}
	lines := strings.Split(text, "\r")
	if end := lines[len(lines)-1]; strings.TrimSpace(end) != "" {
		t.Errorf("the last line on the screen is %q, want a cleared one", end)
	}
}

// TestPlainProgress: without a terminal long tasks report now and then, silent ones never.
func TestPlainProgress(t *testing.T) {
	var b bytes.Buffer
	d := New(&b, Options{})
	task := d.Start("evaluating", 4, "windows")
	task.Tick(1)
	task.last = time.Now().Add(-2 * quietInterval)
	task.Tick(2)
	task.End()
	task = d.StartShares("completing out")
	task.Slow("copying", 0.25)
	task.last = time.Now().Add(-2 * quietInterval)
	task.Slow("comparing", 0.5)
	task.End()
	if got, want := b.String(), "evaluating: 2 of 4 windows\ncompleting out: comparing, 50 %\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	b.Reset()
	d = New(&b, Options{Silent: true})
	task = d.Start("evaluating", 4, "windows")
	task.last = time.Time{}
	task.Tick(2)
	d.Line("a line")
	if b.Len() != 0 {
		t.Errorf("%q, want silence", b.String())
	}
}

func TestLogHandlerGroups(t *testing.T) {
	var b bytes.Buffer
	log := slog.New(newLogHandler(&b, slog.LevelDebug)).With("run", 1).WithGroup("layer").With("index", 2)
	log.Debug("solved", slog.Group("mask", "zeros", 3), "name", "")
	if got, want := b.String(), "debug: solved run=1 layer.index=2 layer.mask.zeros=3 layer.name=\"\"\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
