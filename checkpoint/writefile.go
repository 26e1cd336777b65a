package checkpoint

import (
	"io"

	"github.com/adagp/adagp/checkpoint/internal/blob"
)

// WriteFile stores a finished file: complete under its name, or not at all. What has the name is replaced.
func WriteFile(path string, content []byte) error {
	return blob.WriteFile(path, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}
