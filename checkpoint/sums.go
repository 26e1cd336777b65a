package checkpoint

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"maps"
	"slices"
	"sync"

	"github.com/adagp/adagp/checkpoint/internal/blob"
)

// Sums remember what the tensors of a model folder were when they were read first, to tell whether they
// have changed since. They are safe for concurrent use, and several Readers of a folder may share them.
type Sums struct {
	mu sync.Mutex
	of map[string]tensorSum
}

// tensorSum is of the elements of a tensor as they are stored: row-major, or the parts of a packed one in
// the order of their names.
type tensorSum struct {
	sha string // SHA-256 in hexadecimal: for records, and for a last look before a result counts
	crc uint32 // CRC-32C: for each time that a tensor is read in between, since it costs next to nothing
}

// NewSums returns sums of no tensors.
func NewSums() *Sums { return &Sums{of: make(map[string]tensorSum)} }

// SHA256 returns the sums by the names of the tensors, in hexadecimal.
func (s *Sums) SHA256() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make(map[string]string, len(s.of))
	for name, sum := range s.of {
		all[name] = sum.sha
	}
	return all
}

func (s *Sums) has(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.of[name]
	return ok
}

// settle reports whether a tensor is what it was; one that was not known becomes known.
func (s *Sums) settle(name string, d *digester) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	known, ok := s.of[name]
	if !ok {
		s.of[name] = tensorSum{hexSum(d.sha), d.crc}
		return true
	}
	return known.crc == d.crc && (d.sha == nil || known.sha == hexSum(d.sha))
}

// digester takes the sums of what is written to it.
type digester struct {
	sha hash.Hash // nil: the CRC only
	crc uint32
	n   int64 // bytes so far
}

func newDigester(strong bool) *digester {
	d := &digester{}
	if strong {
		d.sha = sha256.New()
	}
	return d
}

// Write implements io.Writer.
func (d *digester) Write(p []byte) (int, error) {
	if d.sha != nil {
		d.sha.Write(p)
	}
	d.crc = crc32.Update(d.crc, castagnoli, p)
	d.n += int64(len(p))
	return len(p), nil
}

// digested is a source that is read once, from front to back, and whose bytes go through a digester.
type digested struct {
	in io.ReaderAt
	to *digester
}

// ReadAt implements io.ReaderAt.
func (d digested) ReadAt(p []byte, off int64) (int, error) {
	if off != d.to.n {
		return 0, fmt.Errorf("read at %d, want at %d: sums are taken from front to back", off, d.to.n) // a defect
	}
	n, err := d.in.ReadAt(p, off)
	_, _ = d.to.Write(p[:n])
	return n, err
}

// Watch makes the reader compare tensors with sums: from now on whoever gets all of a tensor by Read, Raw or
// Zeros gets a *ChangedError instead if it is not what it was when it was read first. nil ends that. A Writer
// watches its source by itself.
func (r *Reader) Watch(s *Sums) { r.sums.Store(s) }

// watch is Watch with new sums, for a reader that compares with nothing.
func (r *Reader) watch() { r.sums.CompareAndSwap(nil, NewSums()) }

// Sums returns what Watch was given, or nil.
func (r *Reader) Sums() *Sums { return r.sums.Load() }

// SumAll reads the tensors whose sums are not known yet, so that a change of any tensor will be noticed; a
// reader that compares with nothing begins to. progress, if not nil, is told how many bytes were read, and
// of how many, by one goroutine at a time.
func (r *Reader) SumAll(ctx context.Context, progress func(done, total int64)) error {
	r.watch()
	var missing []string
	for _, name := range r.stored() {
		if !r.Sums().has(name) {
			missing = append(missing, name)
		}
	}
	var done, total int64
	for _, name := range missing {
		total += r.infos[name].Stored
	}
	err := r.digestAll(missing, ctx.Done(), func(n int64) {
		if done += n; progress != nil {
			progress(done, total)
		}
	})
	if errors.Is(err, errStopped) {
		return ctx.Err()
	}
	return err
}

// UnsummedBytes is what SumAll would read.
func (r *Reader) UnsummedBytes() (n int64) {
	for name, info := range r.infos {
		if s := r.Sums(); s == nil || !s.has(name) {
			n += info.Stored
		}
	}
	return n
}

// stored lists the tensors in the order in which the files have them.
func (r *Reader) stored() (names []string) {
	for _, s := range r.shards {
		for _, t := range s.tensors {
			names = append(names, t.Name)
		}
	}
	return names
}

// digestAll reads tensors and compares them with their sums, until stop is closed. progress is told of the
// bytes, by one goroutine at a time.
func (r *Reader) digestAll(names []string, stop <-chan struct{}, progress func(n int64)) error {
	var mu sync.Mutex
	return each(len(names), func(i int) error {
		if err := r.digest(names[i], stop); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		progress(r.infos[names[i]].Stored)
		return nil
	})
}

// digest reads a tensor for its sums alone.
func (r *Reader) digest(name string, stop <-chan struct{}) error {
	s := r.homes[name]
	d := newDigester(true)
	for _, part := range s.partsOf(name) {
		in, err := s.open(part)
		if err != nil {
			return err
		}
		n, err := io.CopyBuffer(d, &haltingReader{stop, in}, make([]byte, piece))
		if err == nil && n != in.Size() {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return fmt.Errorf("read %s: tensor %s: %w", s.file, blob.Quote(part), err)
		}
	}
	return r.settle(name, d)
}

// partsOf lists what a tensor is stored as.
func (s *shard) partsOf(name string) []string {
	t := s.packed[name]
	if t == nil {
		return []string{name}
	}
	var parts []string
	for _, suffix := range slices.Sorted(maps.Keys(t.parts)) {
		parts = append(parts, t.parts[suffix].Name)
	}
	return parts
}

// settle compares with the sums that are watched.
func (r *Reader) settle(name string, d *digester) error {
	if r.Sums().settle(name, d) {
		return nil
	}
	return &ChangedError{File: r.homes[name].file, Tensor: name}
}

// whole lets use read the elements of a tensor, all of them and from front to back, and compares them with
// the sums; strong, by SHA-256.
func (r *Reader) whole(name string, strong bool, use func(in *io.SectionReader) error) error {
	s, ok := r.homes[name]
	if !ok {
		return fmt.Errorf("no tensor %s in %s", blob.Quote(name), r.layout.file)
	}
	sums := r.Sums()
	if sums == nil {
		in, err := s.section(name)
		if err != nil {
			return err
		}
		return use(in)
	}
	d := newDigester(strong || !sums.has(name))
	if t := s.packed[name]; t != nil {
		parts := make(map[string][]byte)
		for _, part := range s.partsOf(name) {
			b, err := s.read(part)
			if err != nil {
				return err
			}
			_, _ = d.Write(b)
			parts[part] = b
		}
		if err := r.settle(name, d); err != nil {
			return err // and not that the parts do not fit together any more
		}
		in, err := t.section(func(part string) ([]byte, error) { return parts[part], nil })
		if err != nil {
			return err
		}
		return use(in)
	}
	in, err := s.open(name)
	if err != nil {
		return err
	}
	if err := use(io.NewSectionReader(digested{in, d}, 0, in.Size())); err != nil {
		return err
	}
	if d.n != in.Size() {
		return fmt.Errorf("tensor %s: %d bytes were used of %d", blob.Quote(name), d.n, in.Size()) // a defect
	}
	return r.settle(name, d)
}
