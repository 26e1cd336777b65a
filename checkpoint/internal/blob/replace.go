package blob

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// WriteFile fills the file at path through a temporary one beside it, so that there is all of it or
// what was there before. A new file has the permissions that the umask leaves, one that is replaced
// keeps its own.
func WriteFile(path string, write func(io.Writer) error) error {
	f, err := createBeside(path)
	if err == nil {
		err = Replace(f, path, func(w io.Writer) error {
			if old, err := os.Stat(path); err == nil && old.Mode().IsRegular() {
				if err := f.Chmod(old.Mode().Perm()); err != nil {
					return err
				}
			}
			return write(w)
		})
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// createBeside makes a temporary file in the folder of path. os.CreateTemp would close it to others, and
// what it closed no umask can be asked about.
func createBeside(path string) (*os.File, error) {
	dir, base := filepath.Split(path)
	for try := 0; ; try++ {
		name := filepath.Join(dir, fmt.Sprintf(".%s.%08x", base, rand.Uint32()))
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		if errors.Is(err, fs.ErrExist) && try < 100 {
			continue
		}
		return f, err
	}
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
