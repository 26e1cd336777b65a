package torch

import (
	"archive/zip"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
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
	r, err := f.Open()
	if err != nil {
		return fmt.Errorf("byteorder: %w", err)
	}
	defer r.Close()
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
	f := a.entries[a.prefix+"data.pkl"]
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("data.pkl: %w", err)
	}
	defer r.Close()
	// The declared size is only a claim; scan has a limit of its own.
	b, err := scan(bufio.NewReader(r), int64(min(f.UncompressedSize64, math.MaxInt64)))
	if err != nil {
		return nil, fmt.Errorf("data.pkl: %w", err)
	}
	return b, nil
}

// maxDeflate is the largest factor by which deflate can shrink data.
const maxDeflate = 1032

// storage finds the bytes of a storage. What torch.save writes is stored plainly and is used in
// place; a compressed entry is unpacked on every use.
func (a *archive) storage(s *storage) (source, error) {
	name := a.prefix + "data/" + s.key
	fail := func(format string, args ...any) (source, error) {
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
	if f.Flags&1 != 0 {
		return fail("is encrypted")
	}
	offset, err := f.DataOffset()
	if err != nil {
		return fail("%v", err)
	}
	if f.CompressedSize64 > uint64(a.size) || offset > a.size-int64(f.CompressedSize64) {
		return fail("%d bytes from byte %d end beyond the file of %d bytes", f.CompressedSize64, offset, a.size)
	}
	switch f.Method {
	case zip.Store:
		if f.CompressedSize64 != f.UncompressedSize64 {
			return fail("is not compressed but has %d bytes of %d", f.CompressedSize64, f.UncompressedSize64)
		}
		return plain{io.NewSectionReader(a.data, offset, want)}, nil
	case zip.Deflate:
		if f.UncompressedSize64/maxDeflate > f.CompressedSize64 {
			return fail("%d compressed bytes cannot hold %d", f.CompressedSize64, want)
		}
		return packed{f, want}, nil
	}
	return fail("uses compression method %d, want none or deflate", f.Method)
}

// source is the data of a storage.
type source interface {
	// section gives access to n bytes from offset off.
	section(off, n int64) (*io.SectionReader, error)
}

// plain is data that lies in the file as it is.
type plain struct{ r *io.SectionReader }

func (p plain) section(off, n int64) (*io.SectionReader, error) {
	return io.NewSectionReader(p.r, off, n), nil
}

// packed is a compressed entry that unpacks to size bytes.
type packed struct {
	file *zip.File
	size int64
}

func (p packed) section(off, n int64) (*io.SectionReader, error) {
	r, err := p.file.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, p.size+1)) // grows with what really comes
	if err != nil {
		return nil, fmt.Errorf("unpack %s: %w", blob.Quote(p.file.Name), err)
	}
	if int64(len(b)) != p.size {
		return nil, fmt.Errorf("unpack %s: got %d bytes or more, want %d", blob.Quote(p.file.Name), len(b), p.size)
	}
	return io.NewSectionReader(bytes.NewReader(b), off, n), nil
}
