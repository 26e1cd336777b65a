package checkpoint

import (
	"io/fs"
	"slices"
	"time"
)

// fileState is what tells whether a file without tensors has changed. The zero value is that of no file.
type fileState struct {
	exists  bool
	size    int64
	changed time.Time
}

// stateOf looks at a file. What cannot be looked at counts as no file.
func stateOf(fsys fs.FS, name string) fileState {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return fileState{}
	}
	return fileState{true, info.Size(), info.ModTime()}
}

func (s fileState) equal(o fileState) bool {
	return s.exists == o.exists && s.size == o.size && s.changed.Equal(o.changed)
}

// noteFiles remembers what the files of the folder are when it is opened.
func (r *Reader) noteFiles(fsys fs.FS) {
	r.files = make(map[string]fileState)
	list, _ := fs.ReadDir(fsys, ".")
	for _, e := range list {
		r.files[e.Name()] = stateOf(fsys, e.Name())
	}
}

// checkTensors looks once more at the tensors of the source that were not compared while they were copied:
// what was put in their places has been made from them.
func (w *Writer) checkTensors() error {
	return w.src.digestAll(w.unchecked(), w.stop, func(n int64) { w.meter.add("comparing the input", n) })
}

// unchecked lists the tensors whose sums are known and that were not copied.
func (w *Writer) unchecked() (names []string) {
	for _, name := range w.src.stored() {
		if !w.copied[name] && w.src.Sums().has(name) {
			names = append(names, name)
		}
	}
	return names
}

// checkFiles compares the other files of the source, now that they were copied, with what they were when the
// source was opened. A file that decides how the weights are used must be the same; of another one the log is
// told.
func (w *Writer) checkFiles(copied []otherFile) error {
	names := slices.Clone(neededFiles)
	for _, f := range copied {
		names = append(names, f.name)
	}
	for _, name := range names {
		if stateOf(w.srcFS, name).equal(w.src.files[name]) {
			continue
		}
		if slices.Contains(neededFiles, name) || name == pruningFile {
			return &ChangedError{File: name}
		}
		w.warn(name, "the file has changed since the work began, and is in the output as it was when it was copied", "file", name)
	}
	return nil
}

// Progress has f told what Fill and Commit are doing, and the share of their bytes that is done.
func (w *Writer) Progress(f func(what string, share float64)) {
	w.work.Lock()
	defer w.work.Unlock()
	w.meter.report = f
}

// expect works out how many bytes are to be copied, compared and read back.
func (w *Writer) expect() {
	w.meter.total = 0
	for _, shard := range w.shards {
		w.meter.total += shard.size
		for _, t := range shard.tensors {
			if s := w.slots[t.Name]; !s.put {
				w.meter.total += s.size
			}
		}
	}
	for _, name := range w.unchecked() {
		s := w.slots[name]
		if s == nil || s.put {
			w.meter.total += w.src.infos[name].Stored
		}
	}
}

// NeededFiles lists the files that a model folder may have, beside the weights, without which programs do not
// load a model, or use it in another way.
func (r *Reader) NeededFiles() []string { return slices.Clone(neededFiles) }
