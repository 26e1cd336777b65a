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

// lockOpened is called when a file is open and not locked yet, where tests let others interfere.
var lockOpened = func(path string) {}

// lockPath opens the file at path, which must be no link, and locks it until it is closed, or the
// process ends in whatever way. The file is the one that has the name when it is locked: the name may
// vanish, or pass to another file, after the file is opened, and a lock on a file without a name keeps
// nobody out.
func lockPath(path string, flags int) (*os.File, error) {
	const tries = 100 // each one that fails means that another process has just removed the file
	for range tries {
		f, err := os.OpenFile(path, flags|unix.O_NOFOLLOW, 0o666)
		if err != nil {
			return nil, err
		}
		lockOpened(path)
		if err := flock(f); err != nil {
			return nil, errors.Join(err, f.Close())
		}
		own, err := f.Stat()
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		if named, err := os.Lstat(path); err == nil && os.SameFile(own, named) {
			return f, nil
		}
		if err := f.Close(); err != nil {
			return nil, err
		}
	}
	return nil, errLocked
}

// flock locks an open file or folder; with errLocked when another process has done so.
func flock(f *os.File) error {
	switch err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err {
	case nil, unix.ENOLCK, unix.ENOSYS, unix.EOPNOTSUPP: // a file system without locks is no reason to refuse work
		return nil
	case unix.EWOULDBLOCK:
		return errLocked
	default:
		return &os.PathError{Op: "lock", Path: f.Name(), Err: err}
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
