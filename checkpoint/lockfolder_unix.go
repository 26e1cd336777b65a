//go:build unix

package checkpoint

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// LockFolder keeps other processes that ask for the same folder out until release is called, or this
// process ends in whatever way. Nothing is written into the folder.
func LockFolder(dir string) (release func(), err error) {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, err
	}
	f, err := lockPath(real, os.O_RDONLY)
	if errors.Is(err, errLocked) {
		return nil, fmt.Errorf("folder %s: %w", dir, err)
	}
	if err != nil {
		return nil, err
	}
	return func() { f.Close() }, nil
}
