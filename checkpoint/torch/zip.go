package torch

import (
	"archive/zip"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/adagp/adagp/checkpoint/internal/blob"
)

// archive is the zip container: NAME/data.pkl, and the storage with key K in NAME/data/K.
type archive struct {
	data    io.ReaderAt
	size    int64
	prefix  string // NAME/
	entries map[string]*zip.File
}

// isZip tells the two containers apart by their first bytes.
func isZip(start []byte) bool { return bytes.HasPrefix(start, []byte("PK\x03\x04")) }

func openArchive(data io.ReaderAt, size int64) (*archive, error) {
	z, err := zip.NewReader(data, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // nothing is extracted, so paths do no harm
		return nil, err
	}
	a := &archive{data: data, size: size, entries: make(map[string]*zip.File, len(z.File))}
	found := false
	for _, f := range z.File {
		if a.entries[f.Name] != nil {
			return nil, fmt.Errorf("archive entry %s appears twice", blob.Quote(f.Name))
		}
		a.entries[f.Name] = f
		prefix, ok := strings.CutSuffix(f.Name, "data.pkl")
		if !ok || strings.Count(prefix, "/") != 1 || !strings.HasSuffix(prefix, "/") {
			continue
		}
		if found {
			return nil, errors.New("archive has two data.pkl entries")
		}
		a.prefix, found = prefix, true
	}
	if !found {
		return nil, errors.New("archive has no data.pkl entry")
	}
	if a.entries[a.prefix+"constants.pkl"] != nil {
		return nil, errors.New("archive is a TorchScript program, want a state dict")
	}
	return a, a.checkByteOrder()
}

// checkByteOrder refuses a file from a big-endian machine. Files of PyTorch before 2.0 do not say.
func (a *archive) checkByteOrder() error {
	f := a.entries[a.prefix+"byteorder"]
	if f == nil {
		return nil
	}
	r, err := a.open(f)
	if err != nil {
		return err
	}
	b, err := io.ReadAll(io.LimitReader(r, 16))
	if err != nil {
		return fmt.Errorf("byteorder: %w", err)
	}
	if string(b) != "little" {
		return fmt.Errorf("byte order is %s, want little", blob.Quote(string(b)))
	}
	return nil
}

// pickle reads and checks the pickle of the state dict.
func (a *archive) pickle() ([]byte, error) {
	r, err := a.open(a.entries[a.prefix+"data.pkl"])
	if err != nil {
		return nil, err
	}
	b, err := scan(bufio.NewReader(r), r.Size())
	if err != nil {
		return nil, fmt.Errorf("data.pkl: %w", err)
	}
	return b, nil
}

// storage finds the bytes of a storage.
func (a *archive) storage(s *storage) (*io.SectionReader, error) {
	name := a.prefix + "data/" + s.key
	fail := func(format string, args ...any) (*io.SectionReader, error) {
		return nil, fmt.Errorf("archive entry %s: %s", blob.Quote(name), fmt.Sprintf(format, args...))
	}
	f := a.entries[name]
	if f == nil {
		return fail("not found")
	}
	want := int64(s.count) * int64(s.dtype.Size())
	if f.UncompressedSize64 != uint64(want) {
		return fail("has %d bytes, want %d for %d elements of %v", f.UncompressedSize64, want, s.count, s.dtype)
	}
	return a.open(f)
}

// open gives access to an entry, which must be stored as it is: torch.save never compresses, and what it
// has not written may unpack to any size.
func (a *archive) open(f *zip.File) (*io.SectionReader, error) {
	fail := func(format string, args ...any) (*io.SectionReader, error) {
		return nil, fmt.Errorf("archive entry %s %s", blob.Quote(f.Name), fmt.Sprintf(format, args...))
	}
	switch {
	case f.Flags&1 != 0:
		return fail("is encrypted")
	case f.Method != zip.Store:
		return fail("is compressed (method %d), want it stored as torch.save does", f.Method)
	case f.CompressedSize64 != f.UncompressedSize64:
		return fail("is not compressed but has %d bytes of %d", f.CompressedSize64, f.UncompressedSize64)
	}
	offset, err := f.DataOffset()
	if err != nil {
		return fail("cannot be found: %v", err)
	}
	if f.UncompressedSize64 > uint64(a.size) || offset > a.size-int64(f.UncompressedSize64) {
		return fail("has %d bytes from byte %d, beyond the file of %d bytes", f.UncompressedSize64, offset, a.size)
	}
	return io.NewSectionReader(a.data, offset, int64(f.UncompressedSize64)), nil
}
