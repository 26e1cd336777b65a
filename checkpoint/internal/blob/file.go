// Package blob gives random access to the bytes of one weight file: memory-mapped where the file
// system allows it, read through the file otherwise. It also holds what the two weight formats
// share: the error type, element counting, and the decoding of a range of bytes into a tensor.
package blob

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"sync"

	mmap "github.com/edsrzf/mmap-go"

	"github.com/adagp/adagp/internal/inputfile"
)

// File is the content of one file. ReadAt copies, so that a file truncated by somebody else, or a read
// after Close, is an error and not a crash; only View hands out the mapping itself, for weights that
// are used in place. It is safe for concurrent use.
type File struct {
	name   string
	size   int64
	mapped mmap.MMap   // the content, or nil
	reader io.ReaderAt // used when mapped is nil
	closer io.Closer   // what keeps reader alive, or nil

	mu     sync.RWMutex // held for writing by Close only
	closed bool
}

// Open opens the regular file name of fsys. An *os.File is memory-mapped; other files are read in
// place when they implement io.ReaderAt (embedded ones do), and read whole when they do not.
func Open(fsys fs.FS, name string) (*File, error) {
	in, err := inputfile.Open(fsys, name)
	if err != nil {
		return nil, err
	}
	info, err := in.Stat()
	if err != nil {
		in.Close()
		return nil, err
	}
	f := &File{name: name, size: info.Size()}
	if osFile, ok := in.(*os.File); ok && f.size > 0 {
		if m, err := mmap.Map(osFile, mmap.RDONLY, 0); err == nil {
			f.mapped, f.size = m, int64(len(m))
			f.note(true)
			return f, in.Close()
		}
		// Some file systems cannot be mapped: read instead.
	}
	if r, ok := in.(io.ReaderAt); ok {
		f.reader, f.closer = r, in
		return f, nil
	}
	content, err := io.ReadAll(in)
	in.Close()
	if err != nil {
		return nil, err
	}
	f.reader, f.size = bytes.NewReader(content), int64(len(content))
	return f, nil
}

// Size returns the length of the file in bytes, as it was when it was opened.
func (f *File) Size() int64 { return f.size }

// releaseFrom is the read length from which the pages of the mapping are handed back afterwards.
const releaseFrom = 1 << 18

// ReadAt copies len(p) bytes from offset off, as io.ReaderAt asks.
func (f *File) ReadAt(p []byte, off int64) (n int, err error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	switch {
	case f.closed:
		return 0, &fs.PathError{Op: "read", Path: f.name, Err: fs.ErrClosed}
	case off < 0:
		return 0, &fs.PathError{Op: "read", Path: f.name, Err: errors.New("negative offset")}
	case off >= f.size:
		return 0, io.EOF
	case f.mapped == nil:
		return f.reader.ReadAt(p, off)
	}
	defer CatchFault(&err)()
	n = copy(p, f.mapped[off:])
	if n >= releaseFrom {
		release(f.mapped, off, int64(n))
	}
	if n < len(p) {
		err = io.EOF
	}
	return n, err
}

// View returns n bytes from offset off without copying them where the file is mapped, and a copy
// elsewhere. A view of the mapping dies with Close; who uses one defers CatchFault, because the file may
// be truncated meanwhile; nobody may write to it.
func (f *File) View(off, n int64) ([]byte, error) {
	f.mu.RLock()
	mapped, closed := f.mapped, f.closed
	f.mu.RUnlock()
	switch {
	case closed:
		return nil, &fs.PathError{Op: "read", Path: f.name, Err: fs.ErrClosed}
	case off < 0 || n < 0 || off > f.size-n:
		return nil, io.ErrUnexpectedEOF
	case mapped != nil:
		return mapped[off : off+n : off+n], nil
	}
	b := make([]byte, n)
	return b, ReadFull(f, b, off)
}

// Close ends the access. Reads under way are waited for; later ones fail.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil
	}
	f.closed = true
	if f.mapped != nil {
		f.note(false)
		return f.mapped.Unmap()
	}
	if f.closer != nil {
		return f.closer.Close()
	}
	return nil
}
