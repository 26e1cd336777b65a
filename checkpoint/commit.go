package checkpoint

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/adagp/adagp/checkpoint/internal/blob"
	"github.com/adagp/adagp/tensor"
)

// Commit completes the output: it copies the tensors that were not put, compares all of them with what they
// were when they were read first (see Sums), copies the other files of the source folder (no weights, no
// subfolders), which must be what they were when the source was opened, forces everything to disk, reads all of it back and gives
// the folder its final name. An input that has changed is a *ChangedError, output that is not as it was written
// a *DamagedError. After an error the output folder is as it was before; Abort then cleans up.
func (w *Writer) Commit() error {
	w.work.Lock()
	defer w.work.Unlock()
	if err := w.fill(); err != nil {
		return err
	}
	for _, step := range []func() error{w.syncFiles, w.readBack, w.checkFree} {
		if err := step(); err != nil {
			return w.fail(err)
		}
	}
	if w.halted() {
		return w.fail(errStopped)
	}
	if err := w.base.markCommit(); err != nil {
		return w.fail(err)
	}
	old, err := replaceFolder(w.partial, w.dir, w.force)
	if err != nil {
		return w.fail(err)
	}
	w.done = true
	if err := syncFolder(filepath.Dir(w.dir)); err != nil {
		return errors.Join(err, w.base.close())
	}
	if old != "" {
		if err := os.RemoveAll(old); err != nil {
			return errors.Join(fmt.Errorf("the output is complete, but the folder it replaces could not be removed: %w", err), w.base.remove())
		}
	}
	return w.base.remove()
}

// Fill copies what Commit would: the tensors that were not put, and the other files. After it only files
// can be put, such as a report that tells what all of it took.
func (w *Writer) Fill() error {
	w.work.Lock()
	defer w.work.Unlock()
	return w.fill()
}

func (w *Writer) fill() error {
	switch {
	case w.done:
		return errDone
	case w.failure != nil:
		return fmt.Errorf("an earlier write failed: %w", w.failure)
	case w.filled:
		return nil
	}
	w.expect()
	for _, step := range []func() error{w.checkFree, w.copyTensors, w.checkTensors, w.removeOthers, w.copyOthers} {
		if err := step(); err != nil {
			return w.fail(err)
		}
	}
	w.filled = true
	return nil
}

// Abort gives the output up and removes all traces of it. A Commit under way in another goroutine
// is stopped. Once Commit has succeeded Abort does nothing, so it can be deferred.
func (w *Writer) Abort() error {
	w.halt()
	w.work.Lock()
	defer w.work.Unlock()
	if w.done {
		return nil
	}
	w.done = true
	errs := []error{w.closeFiles()}
	if w.base != nil {
		errs = append(errs, w.base.forget(), w.base.remove())
	}
	for i := len(w.made) - 1; i >= 0; i-- {
		if os.Remove(w.made[i]) != nil {
			break // in use by somebody else by now
		}
	}
	return errors.Join(errs...)
}

// checkFree requires that nothing has taken the name of the output since the beginning.
func (w *Writer) checkFree() error { return checkFree(w.dir, w.force) }

// copyTensors fills the places of the tensors that were not put.
func (w *Writer) copyTensors() error {
	for _, shard := range w.shards {
		for _, t := range shard.tensors {
			s := w.slots[t.Name]
			if s.put {
				continue
			}
			if shard.beside {
				return fmt.Errorf("tensor %s of %s was not put", blob.Quote(t.Name), shard.file)
			}
			if err := w.copyTensor(s); err != nil {
				return fmt.Errorf("copy tensor %s from %s: %w", blob.Quote(t.Name), s.info.File, err)
			}
			s.put, w.copied[t.Name] = true, true
			w.meter.add("copying", s.size)
		}
	}
	return nil
}

// syncFiles forces the weight files and the names in the folder to disk, and closes the files.
func (w *Writer) syncFiles() error {
	for _, shard := range w.shards {
		if err := w.sync(shard.f); err != nil {
			return err
		}
	}
	if err := w.closeFiles(); err != nil {
		return err
	}
	return syncFolder(w.partial)
}

// closeFiles closes the weight files, once.
func (w *Writer) closeFiles() error {
	var errs []error
	for _, s := range w.shards {
		if s.f != nil {
			errs = append(errs, s.f.Close())
			s.f = nil
		}
	}
	return errors.Join(errs...)
}

// removeOthers removes the files in the model folder besides weight files and those that were put:
// an interrupted run has left it there.
func (w *Writer) removeOthers() error {
	list, err := os.ReadDir(w.partial)
	if err != nil {
		return err
	}
	for _, e := range list {
		if !e.Type().IsRegular() || w.isOurs(e.Name()) {
			continue
		}
		if err := os.Remove(filepath.Join(w.partial, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// isOurs reports whether a file of the output is a weight file or was put.
func (w *Writer) isOurs(name string) bool {
	return w.files[name] || slices.ContainsFunc(w.shards, func(s *shardFile) bool { return s.file == name })
}

// convert is the number of elements of an untouched tensor converted at a time.
const convert = 1 << 20

// copyTensor fills a slot from the source: byte for byte, or through float32 when the type changes.
func (w *Writer) copyTensor(s *slot) error {
	return w.src.whole(s.info.Name, true, func(in *io.SectionReader) error { return w.copyElements(s, in) })
}

func (w *Writer) copyElements(s *slot, in *io.SectionReader) error {
	if s.dtype == s.info.DType {
		out := w.into(s)
		n, err := io.CopyBuffer(out, w.reader(in), make([]byte, min(in.Size()+1, piece)))
		if err == nil && n != s.info.Bytes {
			err = io.ErrUnexpectedEOF
		}
		out.end()
		return err
	}
	size := int64(s.info.DType.Size())
	raw := make([]byte, min(in.Size(), convert*size))
	values := make([]float32, int64(len(raw))/size)
	out := w.into(s)
	for off := int64(0); off < in.Size(); off += int64(len(raw)) {
		raw = raw[:min(in.Size()-off, int64(len(raw)))]
		values = values[:int64(len(raw))/size]
		if err := blob.ReadFull(in, raw, off); err != nil {
			return err
		}
		if err := tensor.Decode(values, raw, s.info.DType); err != nil {
			return err
		}
		if i := overflow(raw, values, s.info.DType); i >= 0 {
			return &NonFiniteError{Tensor: s.info.Name, Index: i + int(off/size), Value: values[i], DType: s.dtype.String()}
		}
		if err := encode(out, s, values, false); err != nil {
			var bad *NonFiniteError
			if errors.As(err, &bad) {
				bad.Index += int(off / size)
			}
			return err
		}
	}
	out.end()
	return nil
}

// overflow finds the first float64 in raw that became infinite in values; -1 when there is none.
func overflow(raw []byte, values []float32, d tensor.DType) int {
	if d != tensor.F64 {
		return -1
	}
	for i, v := range values {
		if math.IsInf(float64(v), 0) && !math.IsInf(math.Float64frombits(binary.LittleEndian.Uint64(raw[8*i:])), 0) {
			return i
		}
	}
	return -1
}
