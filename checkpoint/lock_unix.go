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

// lockPath opens the file at path, which must be no link, and locks it until it is closed, or the
// process ends in whatever way.
func lockPath(path string, flags int) (*os.File, error) {
	f, err := os.OpenFile(path, flags|unix.O_NOFOLLOW, 0o666)
	if err != nil {
		return nil, err
	}
	switch err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err {
	case nil, unix.ENOLCK, unix.ENOSYS, unix.EOPNOTSUPP: // a file system without locks is no reason to refuse work
		return f, nil
	case unix.EWOULDBLOCK:
		return nil, errors.Join(errLocked, f.Close())
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
