package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/cmd/cli/format"
)

// Exit statuses, as docs/contract.md promises them.
const (
	statusDone        = 0
	statusFailed      = 1
	statusUsage       = 2
	statusInterrupted = 130
)

// usageError is a mistake in the command line itself: an unknown flag, a value out of range.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

// panicError is a defect of ours that surfaced as a panic, reduced to one line.
type panicError struct {
	value any
	place string // file:line of the panic
}

func (e *panicError) Error() string {
	return fmt.Sprintf("internal error at %s: %v (please report it with the command line)", e.place, e.value)
}

// status maps an error to the exit status and to what is said after "cli: ".
func status(ctx context.Context, err error) (int, string) {
	var usage *usageError
	switch {
	case err == nil:
		return statusDone, ""
	case ctx.Err() != nil: // whatever it was, it came of being interrupted or came too late to matter
		return statusInterrupted, "interrupted"
	case errors.As(err, &usage):
		return statusUsage, oneLine(err)
	default:
		return statusFailed, oneLine(err)
	}
}

// oneLine renders an error as a single printable line; file and tensor names in it may come from a
// stranger's files and hold anything.
func oneLine(err error) string {
	var b strings.Builder
	for i, line := range strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' }) {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(format.Printable(strings.TrimSpace(line)))
	}
	const most = 2000 // enough for a list of missing tensors
	if b.Len() > most {
		return strings.ToValidUTF8(b.String()[:most], "") + " …"
	}
	return b.String()
}

// recovered turns a panic value into an error that names the place. Of a panic that was caught and raised
// again, that is the place where it was raised first.
func recovered(value any) error {
	place := "an unknown place"
	pc := make([]uintptr, 64)
	frames := runtime.CallersFrames(pc[:runtime.Callers(2, pc)])
	for afterPanic := false; ; {
		f, more := frames.Next()
		if strings.HasPrefix(f.Function, "runtime.") {
			afterPanic = afterPanic || f.Function == "runtime.gopanic"
		} else if afterPanic {
			place, afterPanic = fmt.Sprintf("%s:%d", filepath.Base(f.File), f.Line), false
		}
		if !more {
			break
		}
	}
	return &panicError{value, place}
}

var (
	unknownFlag = regexp.MustCompile(`^flag provided but not defined: -+(\S+)$`)
	badValue    = regexp.MustCompile(`^invalid (?:boolean )?value "(.*)" for (?:flag )?-+([a-z-]+)(?:: .*)?$`)
	noValue     = regexp.MustCompile(`^flag needs an argument: -+(\S+)$`)
)

// onUsageError words the flag parser's complaints as ours: long flags, and what was wanted.
func onUsageError(c *cli.Context, err error, _ bool) error {
	help := programName + " --help"
	flags := c.App.Flags
	if c.Command != nil && c.Command.Name != "" && c.Command.Name != programName {
		help = programName + " " + c.Command.Name + " --help"
		flags = c.Command.Flags
	}
	msg := err.Error()
	if m := unknownFlag.FindStringSubmatch(msg); m != nil {
		hint := ""
		if s := cli.SuggestFlag(flags, m[1], false); len(s) > 2 && similar(m[1], strings.TrimLeft(s, "-")) {
			hint = fmt.Sprintf(" (did you mean %s?)", s)
		}
		return usagef("unknown flag --%s%s; see %s", m[1], hint, help)
	}
	if m := badValue.FindStringSubmatch(msg); m != nil {
		return usagef("--%s %q: want %s; see %s", m[2], m[1], kindOf(flags, m[2]), help)
	}
	if m := noValue.FindStringSubmatch(msg); m != nil {
		return usagef("--%s needs a value; see %s", m[1], help)
	}
	return usagef("%s; see %s", msg, help)
}

// similar reports whether two names look like one mistyped: the same start and a similar length.
func similar(a, b string) bool {
	n := min(len(a), len(b), 3)
	d := len(a) - len(b)
	return n > 0 && a[:n] == b[:n] && d*d <= 9
}

// kindOf says which values a flag takes.
func kindOf(flags []cli.Flag, name string) string {
	for _, f := range flags {
		if f.Names()[0] != name {
			continue
		}
		switch f.(type) {
		case *cli.BoolFlag:
			return "true or false"
		case *cli.IntFlag:
			return "a whole number"
		case *cli.Uint64Flag:
			return "a whole number that is not negative"
		case *cli.Float64Flag:
			return "a number"
		}
	}
	return "another value"
}
