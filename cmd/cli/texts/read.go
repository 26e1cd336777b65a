package texts

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/cmd/cli/format"
	"github.com/adagp/adagp/cmd/cli/session"
	"github.com/adagp/adagp/internal/inputfile"
)

// MaxRead bounds what Read takes, in bytes.
const MaxRead = 64 << 20

// Read returns the text that r has, without a byte-order mark. name stands for it in errors.
func Read(name string, r io.Reader) (string, error) {
	b, err := io.ReadAll(io.LimitReader(inputfile.SkipMark(r), MaxRead+1))
	if err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	if len(b) > MaxRead {
		return "", fmt.Errorf("read %s: more than %s", name, format.Bytes(MaxRead))
	}
	return string(b), nil
}

// Stdin returns the standard input for a command that was given no other. It is an error that says what the
// command needs where a terminal is there, which would wait for it.
func Stdin(s *session.Session, command, needs string) (io.Reader, error) {
	if f, ok := s.Stdin.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return nil, exit.Usagef("%s needs %s on stdin; see %s %s --help", command, needs, exit.Program, command)
	}
	return s.Stdin, nil
}
