package app

import (
	"bytes"
	"fmt"
	"io"

	"github.com/adagp/adagp/cmd/cli/format"
)

// print sends a finished result to stdout.
func (s *session) print(b []byte) error {
	s.progress.Close()
	if _, err := s.stdout.Write(b); err != nil {
		return fmt.Errorf("write the result to stdout: %w", err)
	}
	return nil
}

// result prints v as JSON with --json and what human writes otherwise.
func (s *session) result(v any, human func(io.Writer)) error {
	if s.json {
		b, err := format.JSON(v)
		if err != nil {
			return err
		}
		return s.print(b)
	}
	var b bytes.Buffer
	human(&b)
	return s.print([]byte(format.PrintableLines(b.String())))
}
