//go:build unix

package checkpoint

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// errLocked says that another process holds a lock.
var errLocked = errors.New("locked by another process")

// lockPath makes the file at path if need be and locks it until it is closed, or the process ends in
// whatever way.
func lockPath(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	switch err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err {
	case nil:
		return f, nil
	case unix.EWOULDBLOCK:
		return nil, errors.Join(errLocked, f.Close())
	case unix.ENOLCK, unix.ENOSYS, unix.EOPNOTSUPP:
		return f, nil // a file system without locks is no reason to refuse work
	default:
		return nil, errors.Join(&os.PathError{Op: "lock", Path: path, Err: err}, f.Close())
	}
}

// identify returns what tells a folder apart from others, whatever its name.
func identify(dir string) (folderID, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return folderID{}, err
	}
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return folderID{}, nil
	}
	return folderID{uint64(s.Dev), uint64(s.Ino)}, nil // types differ between systems
}
