package session

import (
	"bytes"
	"fmt"
	"io"

	"github.com/adagp/adagp/cmd/cli/format"
)

// Print sends a finished result to stdout.
func (s *Session) Print(b []byte) error {
	s.Progress.Close()
	if _, err := s.Stdout.Write(b); err != nil {
		return fmt.Errorf("write the result to stdout: %w", err)
	}
	return nil
}

// Result prints v as JSON with --json and what human writes otherwise.
func (s *Session) Result(v any, human func(io.Writer)) error {
	if s.JSON {
		b, err := format.JSON(v)
		if err != nil {
			return err
		}
		return s.Print(b)
	}
	var b bytes.Buffer
	human(&b)
	return s.Print([]byte(format.PrintableLines(b.String())))
}
