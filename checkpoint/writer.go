package checkpoint

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/adagp/adagp/checkpoint/internal/blob"
	"github.com/adagp/adagp/checkpoint/safetensors"
	"github.com/adagp/adagp/tensor"
)

// WriterOptions changes how a Writer stores tensors.
type WriterOptions struct {
	// DType is the type in which floating-point tensors are stored; nil keeps the type each has in
	// the source. Integer and boolean tensors always keep theirs.
	DType *tensor.DType
	// Force allows an existing output folder to be replaced, and the partial result of an earlier
	// run to be thrown away.
	Force bool
	// Beside is a file to write beside the weights; nil: none.
	Beside *Beside
	// Resume takes up the partial result of an earlier run, see Records, if there is one.
	Resume bool
	// Log is told which files of the source are left out of the output, and why. May be nil.
	Log *slog.Logger
}

// Writer writes a changed copy of a model folder. All work happens in a folder DIR.partial beside
// the final one; Commit gives the complete output its name, Abort removes everything, and Keep leaves
// it for a later run to continue. Its methods may be called from several goroutines.
type Writer struct {
	src     *Reader
	srcFS   fs.FS
	dir     string // final name, absolute
	log     *slog.Logger
	warned  map[string]bool // files that the log was told of
	base    *partial
	partial string // the model folder in it
	force   bool
	shards  []*shardFile
	slots   map[string]*slot

	made []string // parent folders created on the way, outermost first

	temporaries atomic.Int64 // used in names

	stop     chan struct{} // closed when Abort or Keep waits for whatever is under way to end
	stopOnce sync.Once
	work     sync.RWMutex    // held for reading by Put and PutFile, for writing by Commit and Abort
	done     bool            // committed or given up; guarded by work
	filled   bool            // everything was copied that was not put; guarded by work
	copied   map[string]bool // tensors that were copied, and compared on the way; guarded by work
	meter    meter

	mu      sync.Mutex        // guards what follows, and put and sum of the slots
	files   map[string]bool   // files in the output besides the shards
	placed  map[string]string // SHA-256 of what was written to them and to those copied
	changed bool              // a tensor was put in place of one of the source
	failure error             // first failed write: what is on disk can no longer be trusted
}

// shardFile is a weight file being written. Its header is in place from the start.
type shardFile struct {
	shardPlan
	f        *os.File
	dirty    atomic.Bool  // written to since it was last forced to disk
	unsynced atomic.Int64 // bytes written since
}

// slot is the place of one tensor in the output.
type slot struct {
	info   Info // in the source
	dtype  tensor.DType
	shard  *shardFile
	offset int64
	size   int64 // in bytes
	put    bool
	sum    string // SHA-256 of the bytes that were written there, in hexadecimal; empty before
}

// NewWriter prepares the output folder dir for the tensors of src, whose folder srcFS supplies the
// other files. It fails with an *ExistsError when dir exists and is not empty, or when an earlier
// run left dir.partial behind, unless Force is set; an existing folder is then replaced, at the
// moment of Commit and not before. Whatever else stands at dir.partial, or in it, is a *ForeignError. A dir inside the source folder or around it is always refused, and
// so is one that another process is writing, with a *LockedError.
//
// With Resume a dir.partial is continued: see Records and Stored. If it turns out that the earlier run
// had come to its end, the answer is a *CompleteError.
func NewWriter(dir string, src *Reader, srcFS fs.FS, o WriterOptions) (*Writer, error) {
	return startWriter(dir, src, srcFS, o, func(i Info) []safetensors.Tensor {
		return []safetensors.Tensor{i.as(o.dtype(i))}
	})
}

// target returns the absolute path of a folder. A link to a folder stays, what it points to is replaced.
func target(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		return real, nil
	}
	return abs, nil
}

// startWriter is NewWriter for tensors stored in the way that store says.
func startWriter(dir string, src *Reader, srcFS fs.FS, o WriterOptions, store func(Info) []safetensors.Tensor) (*Writer, error) {
	if o.DType != nil && !floating(*o.DType) {
		return nil, fmt.Errorf("weights cannot be stored as %v", *o.DType)
	}
	abs, err := target(dir)
	if err != nil {
		return nil, err
	}
	log := o.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	w := &Writer{
		log: log, warned: make(map[string]bool),
		src: src, srcFS: srcFS, dir: abs, force: o.Force,
		slots: make(map[string]*slot), files: make(map[string]bool), placed: make(map[string]string), copied: make(map[string]bool), stop: make(chan struct{}),
	}
	src.watch()
	partial := abs + PartialSuffix
	if err := checkTarget(w.dir, partial, srcFS, o); err != nil {
		return nil, err
	}
	if _, err := w.others(); err != nil { // better now than at the end
		return nil, err
	}
	plans, indexFile, index, err := plan(src, store)
	if err == nil && o.Beside != nil {
		var p shardPlan
		p, err = o.Beside.plan(src)
		plans = append(plans, p)
	}
	if err != nil {
		return nil, err
	}
	if w.made, err = makeParents(filepath.Dir(w.dir)); err != nil {
		return nil, errors.Join(fmt.Errorf("create output: %w", err), w.Abort())
	}
	if w.base, err = openPartial(partial, o.Resume, o.Force); err != nil {
		var exists *ExistsError
		var foreign *ForeignError
		var locked *LockedError
		if errors.As(err, &exists) || errors.As(err, &foreign) || errors.As(err, &locked) {
			return nil, err
		}
		return nil, errors.Join(fmt.Errorf("create output: %w", err), w.Abort())
	}
	w.partial = w.base.path(modelFolder)
	if w.base.resumed {
		return w.resume(plans, indexFile, index)
	}
	if list, _ := os.ReadDir(w.dir); len(list) > 0 && !o.Force {
		// What is left of a run that had come to its end and was killed while it cleaned up.
		return nil, errors.Join(&ExistsError{Path: w.dir}, w.Abort())
	}
	if err := w.create(plans, indexFile, index); err != nil {
		return nil, errors.Join(fmt.Errorf("create output: %w", err), w.Abort())
	}
	return w, nil
}

// resume takes up what an earlier run has left.
func (w *Writer) resume(plans []shardPlan, indexFile string, index []byte) (*Writer, error) {
	if w.base.finished() {
		if err := w.base.remove(); err != nil {
			return nil, err
		}
		return nil, &CompleteError{Path: w.dir}
	}
	if err := w.checkFree(); err != nil {
		// Said now, not when the rest of the work is done.
		var exists *ExistsError
		if errors.As(err, &exists) {
			exists.Kept = w.base.dir
		}
		return nil, errors.Join(err, w.Keep())
	}
	err := w.reopen(plans)
	if err == nil && index != nil {
		err = w.PutFile(indexFile, index)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("continue %s: %w", w.base.dir, err), w.Keep())
	}
	return w, nil
}

// dtype is the type in which a tensor of the source is stored.
func (o *WriterOptions) dtype(i Info) tensor.DType {
	if o.DType == nil || !floating(i.DType) {
		return i.DType
	}
	return *o.DType
}

func floating(d tensor.DType) bool {
	return d == tensor.F32 || d == tensor.F16 || d == tensor.BF16 || d == tensor.F64
}

// create makes the weight files in the partial folder, at full size and with headers.
func (w *Writer) create(plans []shardPlan, indexFile string, index []byte) error {
	for _, dir := range []string{modelFolder, stateFolder} {
		if err := os.Mkdir(w.base.path(dir), 0o777); err != nil {
			return err
		}
	}
	for _, p := range plans {
		f, err := os.OpenFile(filepath.Join(w.partial, p.file), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		if err != nil {
			return err
		}
		w.enter(p, f)
		if _, err := f.Write(p.header); err != nil {
			return err
		}
		if err := f.Truncate(p.size); err != nil {
			return err
		}
	}
	if index != nil {
		if err := w.PutFile(indexFile, index); err != nil {
			return err
		}
	}
	errs := []error{w.base.begin(), syncFolder(w.partial), syncFolder(w.base.dir), syncFolder(filepath.Dir(w.base.dir))}
	for _, dir := range w.made {
		errs = append(errs, syncFolder(filepath.Dir(dir)))
	}
	return errors.Join(errs...)
}

// enter adds a weight file, and slots for what is to come into it.
func (w *Writer) enter(p shardPlan, f *os.File) {
	s := &shardFile{shardPlan: p, f: f}
	w.shards = append(w.shards, s)
	s.dirty.Store(true)
	for _, t := range p.tensors {
		info, _ := w.src.Info(t.Name)
		if p.beside {
			info = Info{Name: t.Name, File: p.file, DType: t.DType, Shape: t.Shape}
		}
		w.slots[t.Name] = &slot{info: info, dtype: t.DType, shard: s, offset: int64(len(p.header)) + t.Start, size: t.Bytes()}
	}
}

// errDone is the answer to calls that come too late.
var errDone = errors.New("the output folder is already complete or given up")

// Put stores a tensor in place of the one of the same name and shape in the source. Tensors come in
// any order, each at most once; values must be finite, and stay so in the stored type.
func (w *Writer) Put(name string, t *tensor.Tensor) error {
	w.work.RLock()
	defer w.work.RUnlock()
	if w.done {
		return errDone
	}
	s, err := w.claim(name, "the model has no tensor", func(s *slot) error {
		switch {
		case !slices.Equal(t.Shape(), s.info.Shape):
			return fmt.Errorf("put: tensor %s has shape %v, want %v", blob.Quote(name), t.Shape(), s.info.Shape)
		case !floating(s.dtype):
			return fmt.Errorf("put: tensor %s is stored as %s, only floating-point tensors can be replaced", blob.Quote(name), s.info.as(s.dtype).Type())
		}
		w.changed = true
		return nil
	})
	if err != nil {
		return err
	}
	out := w.into(s)
	if err := encode(out, s, t.Data(), true); err != nil {
		return w.fail(fmt.Errorf("write %s: %w", s.shard.file, err))
	}
	out.end()
	return nil
}

// claim finds the place for a tensor, which fits must accept, and marks it as taken. What a missing place
// means, missing says.
func (w *Writer) claim(name, missing string, fits func(*slot) error) (*slot, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.slots[name]
	switch {
	case w.failure != nil:
		return nil, w.failure
	case s == nil:
		return nil, fmt.Errorf("put: %s %s", missing, blob.Quote(name))
	case s.put:
		return nil, fmt.Errorf("put: tensor %s was put before", blob.Quote(name))
	}
	if err := fits(s); err != nil {
		return nil, err
	}
	s.put = true
	s.shard.dirty.Store(true)
	return s, nil
}

// fail remembers the first failed write, after which Commit refuses.
func (w *Writer) fail(err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failure == nil {
		w.failure = err
	}
	return err
}

// encode writes values of the slot's tensor. With strict set, values that are not finite are refused; in
// any case a finite value must not become infinite in the stored type.
func encode(out io.Writer, s *slot, values []float32, strict bool) error {
	return safetensors.EncodeTo(&checkedWriter{slot: s, values: values, strict: strict, w: out}, values, s.dtype)
}

// checkedWriter looks at encoded elements on their way to the file.
type checkedWriter struct {
	slot   *slot
	values []float32 // those not yet written
	seen   int
	strict bool
	w      io.Writer
}

// Write checks the elements in p, which are the next of values.
func (c *checkedWriter) Write(p []byte) (int, error) {
	size := c.slot.dtype.Size()
	n := len(p) / size
	for i, v := range c.values[:n] {
		if v-v != 0 { // NaN or infinite
			if !c.strict {
				continue
			}
		} else if finite(p[i*size:], c.slot.dtype) {
			continue
		}
		return 0, &NonFiniteError{Tensor: c.slot.info.Name, Index: c.seen + i, Value: v, DType: c.slot.dtype.String()}
	}
	c.values, c.seen = c.values[n:], c.seen+n
	return c.w.Write(p)
}

// finite looks at the exponent of the first element of b; float32 values cannot overflow F32 or F64.
func finite(b []byte, d tensor.DType) bool {
	switch d {
	case tensor.F16:
		return b[1]&0x7c != 0x7c
	case tensor.BF16:
		return b[1]&0x7f != 0x7f || b[0]&0x80 == 0
	}
	return true
}

// PutFile adds a file to the output. It takes precedence over a file of that name in the source.
func (w *Writer) PutFile(name string, b []byte) error {
	if !plainName(name) {
		return fmt.Errorf("put file: %s is not a plain file name", blob.Quote(name))
	}
	w.work.RLock()
	defer w.work.RUnlock()
	if w.done {
		return errDone
	}
	w.mu.Lock()
	taken := w.isOurs(name)
	w.files[name] = true
	w.mu.Unlock()
	if taken {
		return fmt.Errorf("put file: the output already has %s", name)
	}
	if err := w.placeFile(filepath.Join(modelFolder, name), bytes.NewReader(b)); err != nil {
		return w.fail(err)
	}
	return nil
}
