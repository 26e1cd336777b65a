// Package exit says how a command line ends: with which status, and with which words. A command returns an
// error; one made by [Usagef] is a mistake in the command line, every other is a failure.
package exit

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/adagp/adagp/cmd/cli/format"
)

// Program is what the program is called in messages.
const Program = "cli"

// Statuses of the process, as docs/contract.md promises them.
const (
	Done        = 0
	Failed      = 1
	Usage       = 2
	Interrupted = 130
)

// usageError is a mistake in the command line itself: an unknown flag, a value out of range.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// Usagef is fmt.Errorf for a mistake in the command line.
func Usagef(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

// panicError is a defect of the program that caused a panic, reduced to one line.
type panicError struct {
	value any
	place string // file:line of the panic
}

func (e *panicError) Error() string {
	return fmt.Sprintf("internal error at %s: %v (please report it with the command line)", e.place, e.value)
}

// Status maps an error to the exit status and to what is said after "cli: ".
func Status(ctx context.Context, err error) (int, string) {
	var usage *usageError
	switch {
	case err == nil:
		return Done, ""
	case ctx.Err() != nil: // whatever it was, it came of being interrupted or came too late to matter
		return Interrupted, "interrupted"
	case errors.As(err, &usage):
		return Usage, oneLine(err)
	default:
		return Failed, oneLine(err)
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

// Recovered turns a panic value into an error that names the place. Of a panic that was caught and raised
// again, that is the place where it was raised first.
func Recovered(value any) error {
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
