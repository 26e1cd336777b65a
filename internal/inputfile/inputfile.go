// Package inputfile opens the files that other people and programs have made: configurations,
// tokenizers, weights, tasks, texts. Something else may have the name of such a file. A named pipe
// would keep a program waiting for ever, a device may never end, a folder gives an error that says
// nothing. So this package opens without waiting, takes regular files only (links to them included),
// and bounds what it reads into memory.
//
// Errors are *fs.PathError with the name that was asked for; their cause says what was found there.
package inputfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
)

// Cause returns err without the name of the file, for messages that have it already.
func Cause(err error) error {
	var e *fs.PathError
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

// Open opens the regular file name of fsys for reading. On a folder of the operating system, as
// os.DirFS gives it, nothing that takes the place of the file meanwhile makes it wait. Other file
// systems are asked by fs.Stat what the name stands for before they open it; what they lack is theirs.
func Open(fsys fs.FS, name string) (fs.File, error) {
	if dir, ok := SystemFolder(fsys); ok && fs.ValidPath(name) {
		f, err := open(filepath.Join(dir, filepath.FromSlash(name)), name, regular)
		if err != nil {
			return nil, err // not f, a nil pointer in an interface
		}
		return f, nil
	}
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, named(err, name)
	}
	if err := regular(name, info.Mode()); err != nil {
		return nil, err
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	if info, err = f.Stat(); err == nil {
		err = regular(name, info.Mode())
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// OpenPath is Open for a path of the operating system.
func OpenPath(path string) (*os.File, error) { return open(path, path, regular) }

// OpenText is OpenPath for texts that are read once from front to back: they may also come through a
// pipe. A pipe into which nobody writes is an empty file.
func OpenText(path string) (*os.File, error) {
	return open(path, path, func(name string, mode fs.FileMode) error {
		if mode.Type() == fs.ModeNamedPipe {
			return nil
		}
		return regular(name, mode)
	})
}

// Read returns the content of the regular file name of fsys, of at most limit bytes, without a
// byte-order mark.
func Read(fsys fs.FS, name string, limit int64) ([]byte, error) {
	f, err := Open(fsys, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return read(f, name, limit)
}

// ReadPath is Read for a path of the operating system.
func ReadPath(path string, limit int64) ([]byte, error) {
	f, err := OpenPath(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return read(f, path, limit)
}

// read does not trust the size that the file system tells: the file may be growing.
func read(f fs.File, name string, limit int64) ([]byte, error) {
	var b bytes.Buffer
	if info, err := f.Stat(); err == nil {
		if info.Size() > limit {
			return nil, &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("has %d bytes, want at most %d", info.Size(), limit)}
		}
		b.Grow(int(info.Size()) + bytes.MinRead)
	}
	n, err := b.ReadFrom(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if n > limit {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("has more than %d bytes, want at most that", limit)}
	}
	return bytes.TrimPrefix(b.Bytes(), mark), nil
}

// open opens path if check accepts what it stands for. It looks before it opens, since opening a device
// can have effects, and again afterwards at what it has opened: in between the name may have gone to a
// pipe, for which it does not wait.
func open(path, name string, check func(name string, mode fs.FileMode) error) (*os.File, error) {
	info, err := os.Stat(path)
	if err == nil {
		err = check(name, info.Mode())
	}
	if err != nil {
		return nil, named(err, name)
	}
	f, err := os.OpenFile(path, os.O_RDONLY|withoutWaiting, 0)
	if err != nil {
		return nil, named(err, name)
	}
	if info, err = f.Stat(); err == nil {
		err = check(name, info.Mode())
	}
	if err != nil {
		_ = f.Close()
		return nil, named(err, name)
	}
	return f, nil
}

// named makes err say the name that the caller knows.
func named(err error, name string) error {
	if e, ok := err.(*fs.PathError); ok {
		return &fs.PathError{Op: "open", Path: name, Err: e.Err}
	}
	return err
}

// regular refuses everything but regular files.
func regular(name string, mode fs.FileMode) error {
	if mode.IsRegular() {
		return nil
	}
	return &fs.PathError{Op: "open", Path: name, Err: fmt.Errorf("is %s, want a regular file", kind(mode))}
}

// kind is what a mode stands for, in words.
func kind(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a folder"
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe (FIFO)"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeDevice != 0:
		return "a device"
	}
	return "something else"
}

// SystemFolder returns the folder that os.DirFS was given. Any other type, even one that serves such a
// folder, may have an Open of its own, which must be used.
func SystemFolder(fsys fs.FS) (string, bool) {
	if reflect.TypeOf(fsys) != reflect.TypeOf(os.DirFS("")) {
		return "", false
	}
	return reflect.ValueOf(fsys).String(), true
}
