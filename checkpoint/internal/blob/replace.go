package blob

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// WriteFile fills the file at path through a temporary one beside it, so that there is all of it or
// what was there before.
func WriteFile(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err == nil {
		err = Replace(f, path, func(w io.Writer) error {
			if err := f.Chmod(0o644); err != nil {
				return err
			}
			return write(w)
		})
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// Replace fills a temporary file, forces it to disk and gives it its final name. When that fails it
// removes the temporary file.
func Replace(temporary *os.File, path string, write func(io.Writer) error) error {
	err := write(temporary)
	if err == nil {
		err = temporary.Sync()
	}
	if cerr := temporary.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	if err != nil {
		_ = os.Remove(temporary.Name())
	}
	return err
}
