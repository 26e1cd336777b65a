package exit

import (
	"strings"
	"testing"
)

// TestPlaceOfPanic: a panic that was caught and raised again is reported where it was raised first.
func TestPlaceOfPanic(t *testing.T) {
	var err error
	func() {
		defer func() { err = Recovered(recover()) }()
		defer func() { panic(recover()) }()
		panic("a defect") // line 14
	}()
	if !strings.Contains(err.Error(), "at exit_test.go:14: a defect") {
		t.Errorf("got %v, want the line of the first panic", err)
	}
}

func TestOneLine(t *testing.T) {
	if got, want := oneLine(Usagef("a\nb\x1b[31m")), `a; b\x1b[31m`; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
