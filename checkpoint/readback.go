package checkpoint

import (
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"sync"

	"github.com/adagp/adagp/internal/inputfile"
	"github.com/adagp/adagp/internal/parallel"
)

// stretch is a part of a file in the model folder, and the SHA-256 of what was written there.
type stretch struct {
	file, tensor string // no tensor: a header, or a whole file
	offset, size int64  // a negative size reaches to the end of the file
	sum          string
}

// stretches lists everything in the model folder: tensors lie in their files without gaps.
func (w *Writer) stretches() ([]stretch, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []stretch
	for _, shard := range w.shards {
		header := sha256.New()
		header.Write(shard.header)
		list = append(list, stretch{file: shard.file, size: int64(len(shard.header)), sum: hexSum(header)})
		for _, t := range shard.tensors {
			s := w.slots[t.Name]
			if s.sum == "" {
				return nil, fmt.Errorf("tensor %s of %s was written without a sum", t.Name, shard.file) // a defect
			}
			list = append(list, stretch{shard.file, t.Name, s.offset, s.size, s.sum})
		}
	}
	for _, file := range slices.Sorted(maps.Keys(w.placed)) {
		list = append(list, stretch{file: file, size: -1, sum: w.placed[file]})
	}
	return list, nil
}

// readBack compares every byte of the output with what was written, before it gets its name. It reads
// the files by their names, as whoever uses the output will.
func (w *Writer) readBack() error {
	for _, shard := range w.shards {
		if err := w.checkSize(shard); err != nil {
			return err
		}
	}
	list, err := w.stretches()
	if err != nil {
		return err
	}
	return each(len(list), func(i int) error {
		err := w.compare(list[i])
		w.meter.add("comparing the output", max(0, list[i].size))
		return err
	})
}

// checkSize looks for bytes missing or added.
func (w *Writer) checkSize(shard *shardFile) error {
	path := filepath.Join(w.partial, shard.file)
	f, err := inputfile.OpenPath(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil {
		return err
	} else if info.Size() != shard.size {
		return &DamagedError{Path: path}
	}
	return nil
}

// compare reads a stretch back.
func (w *Writer) compare(s stretch) error {
	path := filepath.Join(w.partial, s.file)
	f, err := inputfile.OpenPath(path)
	if err != nil {
		return fmt.Errorf("read back: %w", err)
	}
	defer f.Close()
	if s.size < 0 {
		info, err := f.Stat()
		if err != nil {
			return err
		}
		s.size = info.Size()
	}
	sha := sha256.New()
	if _, err := io.CopyBuffer(sha, w.reader(io.NewSectionReader(f, s.offset, s.size)), make([]byte, piece)); err != nil {
		return fmt.Errorf("read back %s: %w", path, err)
	}
	if hexSum(sha) != s.sum {
		return &DamagedError{Path: path, Tensor: s.tensor}
	}
	return nil
}

// each calls do with 0 to n-1, several at a time, and returns the error for the least of them that failed.
// After a failure no more are begun.
func each(n int, do func(i int) error) error {
	var mu sync.Mutex
	var failure error
	at := n
	parallel.For(n, 1, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			mu.Lock()
			failed := failure != nil
			mu.Unlock()
			if failed {
				return
			}
			if err := do(i); err != nil {
				mu.Lock()
				if i < at {
					failure, at = err, i
				}
				mu.Unlock()
				return
			}
		}
	})
	return failure
}
