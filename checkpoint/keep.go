package checkpoint

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/adagp/adagp/checkpoint/internal/blob"
	"github.com/adagp/adagp/tensor"
)

// Records returns what was appended, by this run and by the interrupted one that it continues. Nobody
// may change them.
func (w *Writer) Records() [][]byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.base.records()
}

// Append adds a record to the journal of the run, without line ends. When it returns, the record and
// everything that was put before it survive the end of the process and of the machine.
func (w *Writer) Append(record []byte) error {
	w.work.RLock()
	defer w.work.RUnlock()
	if w.done {
		return errDone
	}
	for _, shard := range w.shards {
		if !shard.dirty.Swap(false) {
			continue
		}
		if err := w.sync(shard.f); err != nil {
			return w.fail(fmt.Errorf("write %s: %w", shard.file, err))
		}
	}
	w.mu.Lock()
	err := w.base.journal.append(record)
	w.mu.Unlock()
	if err != nil {
		return w.fail(err)
	}
	return nil
}

// Sum returns the SHA-256 of a tensor that was put, as it was meant to be stored.
func (w *Writer) Sum(name string) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.slots[name]
	if s == nil {
		return "", fmt.Errorf("sum: the model has no tensor %s", blob.Quote(name))
	}
	if s.sum == "" {
		return "", fmt.Errorf("sum: tensor %s was not put", blob.Quote(name))
	}
	return s.sum, nil
}

// Stored returns a tensor that an interrupted run has put, and counts it as put. Its bytes must have
// the given Sum, else the error is a *DamagedError.
func (w *Writer) Stored(name, sum string) (*tensor.Tensor, error) {
	if err := w.StoredRaw(name, sum); err != nil {
		return nil, err
	}
	w.mu.Lock()
	s := w.slots[name]
	w.changed = true
	w.mu.Unlock()
	t, err := blob.Decode(s.section(), s.dtype, s.info.Shape)
	if err != nil {
		return nil, fmt.Errorf("read back %s: tensor %s: %w", s.shard.file, blob.Quote(name), err)
	}
	return t, nil
}

// StoredRaw counts a tensor that an interrupted run has put by PutRaw as put. Its bytes must have the
// given Sum, else the error is a *DamagedError.
func (w *Writer) StoredRaw(name, sum string) error {
	w.work.RLock()
	defer w.work.RUnlock()
	if w.done {
		return errDone
	}
	w.mu.Lock()
	s, err := w.slots[name], w.failure
	w.mu.Unlock()
	if err != nil {
		return err
	}
	if s == nil {
		return fmt.Errorf("the model has no tensor %s", blob.Quote(name))
	}
	sha := sha256.New()
	if _, err := io.CopyBuffer(sha, w.reader(s.section()), make([]byte, piece)); err != nil {
		return fmt.Errorf("read back %s: %w", s.shard.file, err)
	}
	if hexSum(sha) != sum {
		return &DamagedError{Path: filepath.Join(w.partial, s.shard.file), Tensor: name}
	}
	w.mu.Lock()
	s.put, s.sum = true, sum
	w.mu.Unlock()
	return nil
}

func (s *slot) section() *io.SectionReader {
	return io.NewSectionReader(s.shard.f, s.offset, s.size)
}

// PutState keeps bytes under a plain name until Commit, for whoever continues the run.
func (w *Writer) PutState(name string, b []byte) error {
	if !plainName(name) {
		return fmt.Errorf("put state: %s is not a plain file name", blob.Quote(name))
	}
	w.work.RLock()
	defer w.work.RUnlock()
	if w.done {
		return errDone
	}
	if err := w.placeFile(filepath.Join(stateFolder, name), bytes.NewReader(b)); err != nil {
		return w.fail(err)
	}
	if err := syncFolder(w.base.path(stateFolder)); err != nil {
		return w.fail(err)
	}
	return nil
}

// State returns what PutState kept, in this run or in the interrupted one.
func (w *Writer) State(name string) ([]byte, error) {
	if !plainName(name) {
		return nil, fmt.Errorf("state: %s is not a plain file name", blob.Quote(name))
	}
	return os.ReadFile(w.base.path(stateFolder, name))
}

// Keep gives writing up, like Abort, but leaves everything for a later run to continue.
func (w *Writer) Keep() error {
	w.halt()
	w.work.Lock()
	defer w.work.Unlock()
	if w.done {
		return nil
	}
	w.done = true
	return errors.Join(w.closeFiles(), w.base.close())
}

// Folder returns the folder in which the work is done, DIR.partial.
func (w *Writer) Folder() string { return w.base.dir }

// placeFile writes a file, relative to the partial folder, under a temporary name and renames it, so
// that there is all of it or nothing.
func (w *Writer) placeFile(name string, content io.Reader) error {
	temporary := w.base.path(fmt.Sprintf("%s%d", temporaryPrefix, w.temporaries.Add(1)))
	f, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return err
	}
	sha := sha256.New()
	err = blob.Replace(f, w.base.path(name), func(io.Writer) error {
		out := &pieces{w: w, f: f, unsynced: new(atomic.Int64)}
		if _, err := io.CopyBuffer(io.MultiWriter(out, sha), w.reader(content), make([]byte, piece)); err != nil {
			return err
		}
		return w.sync(f)
	})
	if folder, file := filepath.Split(name); err == nil && filepath.Clean(folder) == modelFolder {
		w.mu.Lock()
		w.placed[file] = hexSum(sha)
		w.mu.Unlock()
	}
	return err
}

// reopen opens the weight files of an interrupted run. What else is in the model folder stays until
// Commit, and so do files that do not fit the plan. The latter are a failure that waits until they are
// needed: whoever continues may know better what is different.
func (w *Writer) reopen(plans []shardPlan) error {
	for _, p := range plans {
		if err := w.reopenShard(p); err != nil {
			w.failure = fmt.Errorf("%s does not belong to this model and these settings: %w", w.base.dir, err)
			return nil
		}
	}
	return nil
}

func (w *Writer) reopenShard(p shardPlan) error {
	f, err := os.OpenFile(filepath.Join(w.partial, p.file), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	w.enter(p, f)
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() != p.size {
		return fmt.Errorf("%s has %d bytes, want %d", p.file, info.Size(), p.size)
	}
	header := make([]byte, len(p.header))
	if err := blob.ReadFull(f, header, 0); err != nil {
		return err
	}
	if !bytes.Equal(header, p.header) {
		return fmt.Errorf("%s has another header", p.file)
	}
	return nil
}
