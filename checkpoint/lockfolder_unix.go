//go:build unix

package checkpoint

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// LockFolder keeps other processes that ask for the same folder out until release is called, or this
// process ends in whatever way. Nothing is written into the folder.
func LockFolder(dir string) (release func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	switch err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err {
	case nil, unix.ENOLCK, unix.ENOSYS, unix.EOPNOTSUPP: // a file system without locks is no reason to refuse work
		return func() { f.Close() }, nil
	case unix.EWOULDBLOCK:
		return nil, errors.Join(fmt.Errorf("folder %s: %w", dir, errLocked), f.Close())
	default:
		return nil, errors.Join(&os.PathError{Op: "lock", Path: dir, Err: err}, f.Close())
	}
}
