package checkpoint

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"os"
	"sync/atomic"
)

// errStopped ends what a Writer is doing when Abort or Keep asks for it.
var errStopped = errors.New("writing was stopped")

const (
	// piece is how much is moved between two looks at whether to stop.
	piece = 1 << 20
	// syncEach is how much is written before it is forced to disk. The system would take more, and then
	// keep the process, even one that has been killed, until a slow disk has it all.
	syncEach = 32 << 20
)

// syncFile forces a file to disk; tests make it slow.
var syncFile = (*os.File).Sync

// halt makes whatever the writer is doing end soon with errStopped.
func (w *Writer) halt() { w.stopOnce.Do(func() { close(w.stop) }) }

// halted reports whether halt was called.
func (w *Writer) halted() bool {
	select {
	case <-w.stop:
		return true
	default:
		return false
	}
}

// sync forces a file to disk, and no longer waits for that once the writer is halted.
func (w *Writer) sync(f *os.File) error {
	done, force := make(chan error, 1), syncFile
	go func() { done <- force(f) }()
	select {
	case err := <-done:
		return err
	case <-w.stop:
		return errStopped
	}
}

// pieces writes to a file from a place on, a piece at a time, until the writer is halted.
type pieces struct {
	w        *Writer
	f        *os.File
	at       int64
	unsynced *atomic.Int64 // bytes of the file that were not forced to disk yet
}

// Write implements io.Writer.
func (o *pieces) Write(p []byte) (n int, err error) {
	for n < len(p) {
		if o.w.halted() {
			return n, errStopped
		}
		k, err := o.f.WriteAt(p[n:min(n+piece, len(p))], o.at)
		n, o.at = n+k, o.at+int64(k)
		if err != nil {
			return n, err
		}
		if o.unsynced.Add(int64(k)) >= syncEach {
			o.unsynced.Store(0)
			if err := o.w.sync(o.f); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

// slotWriter writes the bytes of a tensor, from its beginning, and takes their sum: that of what was meant
// to be written, which is what is looked for when it is read back.
type slotWriter struct {
	pieces
	slot *slot
	sha  hash.Hash
}

// into writes to the place of a tensor.
func (w *Writer) into(s *slot) *slotWriter {
	return &slotWriter{pieces{w: w, f: s.shard.f, at: s.offset, unsynced: &s.shard.unsynced}, s, sha256.New()}
}

// Write implements io.Writer.
func (o *slotWriter) Write(p []byte) (int, error) {
	n, err := o.pieces.Write(p)
	o.sha.Write(p[:n])
	return n, err
}

// end keeps the sum when all is written.
func (o *slotWriter) end() { o.w.setSum(o.slot, hexSum(o.sha)) }

func (w *Writer) setSum(s *slot, sum string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s.sum = sum
}

func hexSum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

// reader reads r until the writer is halted.
func (w *Writer) reader(r io.Reader) io.Reader { return &haltingReader{w.stop, r} }

// haltingReader reads until stop is closed; then it fails with errStopped.
type haltingReader struct {
	stop <-chan struct{}
	r    io.Reader
}

// Read implements io.Reader.
func (h *haltingReader) Read(p []byte) (int, error) {
	select {
	case <-h.stop:
		return 0, errStopped
	default:
		return h.r.Read(p[:min(len(p), piece)])
	}
}
