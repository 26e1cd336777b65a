package app

import (
	"errors"
	"fmt"

	"github.com/adagp/adagp/checkpoint"
	"github.com/adagp/adagp/cmd/cli/format"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/tensor"
)

// newModelFolder is an output folder in the making. Until commit it is guarded: it goes away when the
// command fails or the process is interrupted.
type newModelFolder struct {
	*checkpoint.Writer
	out       string // the folder as it was asked for
	release   func()
	resumable bool // finished layers are worth keeping when the work ends before its time
}

// createModel begins an output folder for a copy of m; resumable says whether a later call may continue it.
func (s *session) createModel(dir string, m *models.Model, o checkpoint.WriterOptions, resumable bool) (*newModelFolder, error) {
	w, err := checkpoint.NewWriter(dir, m.Reader, m.FS, o)
	if err != nil {
		return nil, outError(dir, err, resumable)
	}
	return s.guardFolder(dir, w, m, o.DType, resumable)
}

// outError words what is wrong with an output folder, or in its way: the flag that names it, or the flag that helps.
func outError(dir string, err error, resumable bool) error {
	var exists *checkpoint.ExistsError
	switch {
	case !errors.As(err, &exists):
	case exists.Kept != "":
		return fmt.Errorf("--out: %w (--resume completes it when %s is moved away, --resume --force replaces what is there)", err, dir)
	case exists.Partial && resumable:
		return fmt.Errorf("%w (--resume continues it, --force removes it)", err)
	case exists.Partial:
		return fmt.Errorf("%w (--force removes it)", err)
	default:
		return fmt.Errorf("%w (--force replaces it)", err)
	}
	return fmt.Errorf("--out %s: %w", dir, err)
}

// guardFolder takes over an output folder that was begun; dtype is the type of its weights, nil that of m.
func (s *session) guardFolder(out string, w *checkpoint.Writer, m *models.Model, dtype *tensor.DType, resumable bool) (*newModelFolder, error) {
	f := &newModelFolder{Writer: w, out: out, resumable: resumable}
	f.release = s.guard(cleanup{w.Folder(), func() { _, _ = f.giveUp() }, s.log})
	if dtype != nil {
		if err := f.putConfig(m, *dtype); err != nil {
			f.abort()
			return nil, err
		}
	}
	return f, nil
}

// putConfig writes config.json with the name of the new type in it.
func (f *newModelFolder) putConfig(m *models.Model, d tensor.DType) error {
	text, err := models.ReadConfig(m.FS)
	if err != nil {
		return fmt.Errorf("%s/config.json: %w", m.Path, err)
	}
	text, err = setDType(text, dtypeNames[d])
	if err != nil {
		return fmt.Errorf("%s/config.json: %w", m.Path, err)
	}
	return f.PutFile("config.json", text)
}

// setDType changes the name of the type in the text of a config.json: under the newer key and the older
// one, as they occur, else under the older.
func setDType(text []byte, name string) ([]byte, error) {
	newer, hasNewer, err := format.SetValue(text, "dtype", name)
	if err != nil {
		return nil, err
	}
	if hasNewer {
		text = newer
	}
	older, hasOlder, err := format.SetValue(text, "torch_dtype", name)
	if hasNewer && !hasOlder {
		return text, err
	}
	return older, err
}

// abort removes what was written, unless it was committed or is worth to be continued.
func (f *newModelFolder) abort() {
	if f.release != nil {
		_, _ = f.giveUp() // the error that led here says more
		f.release()
		f.release = nil
	}
}

// giveUp keeps the folder if an expensive part of the run is in it.
func (f *newModelFolder) giveUp() (kept bool, err error) {
	if f.worthKeeping() {
		return true, f.Keep()
	}
	return false, f.Abort()
}

// worthKeeping reports whether a later call can go on from here: there is a record more than the settings.
func (f *newModelFolder) worthKeeping() bool { return f.resumable && len(f.Records()) > 1 }

// commit completes the folder.
func (f *newModelFolder) commit(s *session) error {
	defer f.completing(s)()
	return f.name(s)
}

// name gives the folder its name, unless the run was interrupted.
func (f *newModelFolder) name(s *session) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	if err := f.Commit(); err != nil {
		return f.worded(err)
	}
	f.release()
	f.release = nil
	return nil
}

// worded says of an output that cannot be completed what is kept of it, and what to do.
func (f *newModelFolder) worded(err error) error {
	var exists *checkpoint.ExistsError
	var changed *checkpoint.ChangedError
	var damaged *checkpoint.DamagedError
	switch {
	case errors.As(err, &exists):
		if f.worthKeeping() {
			exists.Kept = f.Folder()
		}
		return outError(f.out, err, f.resumable)
	case errors.As(err, &changed) && f.worthKeeping():
		return fmt.Errorf("%w; the finished part of the work is kept in %s (--resume goes on when the file is as it was, --force begins anew)", err, f.Folder())
	case errors.As(err, &changed):
		return fmt.Errorf("%w: begin again when nothing writes to it", err)
	case errors.As(err, &damaged) && f.resumable:
		return fmt.Errorf("%w: something else has written to it, or the disk fails (--force begins anew)", err)
	}
	return err
}

// completing shows how far the output is on its last steps, until the function it returns is called.
func (f *newModelFolder) completing(s *session) (end func()) {
	t := s.progress.StartShares("completing " + f.out)
	f.Progress(t.Slow)
	return t.End
}

// peakRSS is what finish asks for the peak memory.
var peakRSS = prune.PeakRSS

// finish completes the folder of a pruned model with its report. The peak of memory is taken when all else is
// done: copying what was not pruned counts.
func (f *newModelFolder) finish(s *session, r *prune.Report) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	defer f.completing(s)()
	if err := f.Fill(); err != nil {
		return f.worded(err)
	}
	r.PeakRSSBytes = peakRSS()
	text, err := format.JSON(r)
	if err != nil {
		return err
	}
	if err := f.PutFile("pruning.json", text); err != nil {
		return err
	}
	return f.name(s)
}
