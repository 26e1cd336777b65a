package output

import (
	"errors"
	"fmt"

	"github.com/adagp/adagp/checkpoint"
	"github.com/adagp/adagp/checkpoint/safetensors"
	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/cmd/cli/format"
	"github.com/adagp/adagp/cmd/cli/session"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/tensor"
)

// ModelFolder is an output folder in the making. Until Complete it is guarded: it goes away when the
// command fails or the process is interrupted.
type ModelFolder struct {
	*checkpoint.Writer
	out       string // the folder as it was asked for
	release   func()
	resumable bool // finished layers are worth keeping when the work ends before its time
}

// Create begins an output folder for a copy of m; resumable says whether a later call may continue it.
func Create(s *session.Session, dir string, m *models.Model, o checkpoint.WriterOptions, resumable bool) (*ModelFolder, error) {
	w, err := checkpoint.NewWriter(dir, m.Reader, m.FS, o)
	if err != nil {
		return nil, Error(dir, err, resumable)
	}
	return Guard(s, dir, w, m, o.DType, resumable)
}

// Error words what is wrong with an output folder, or in its way: the flag that names it, or the flag that helps.
func Error(dir string, err error, resumable bool) error {
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

// Guard takes over an output folder that was begun; dtype is the type of its weights, nil that of m.
func Guard(s *session.Session, out string, w *checkpoint.Writer, m *models.Model, dtype *tensor.DType, resumable bool) (*ModelFolder, error) {
	f := &ModelFolder{Writer: w, out: out, resumable: resumable}
	f.release = s.Guard(session.Cleanup{Folder: w.Folder(), Do: func() { _, _ = f.giveUp() }, Log: s.Log})
	if dtype != nil {
		if err := f.putConfig(m, *dtype); err != nil {
			f.Discard()
			return nil, err
		}
	}
	return f, nil
}

// putConfig writes config.json with the name of the new type in it.
func (f *ModelFolder) putConfig(m *models.Model, d tensor.DType) error {
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

// Discard removes what was written, unless it was committed or is worth to be continued.
func (f *ModelFolder) Discard() {
	if f.release != nil {
		_, _ = f.giveUp() // the error that led here says more
		f.release()
		f.release = nil
	}
}

// giveUp keeps the folder if an expensive part of the run is in it.
func (f *ModelFolder) giveUp() (kept bool, err error) {
	if f.worthKeeping() {
		return true, f.Keep()
	}
	return false, f.Abort()
}

// worthKeeping reports whether a later call can go on from here: there is a record more than the settings.
func (f *ModelFolder) worthKeeping() bool { return f.resumable && len(f.Records()) > 1 }

// Complete completes the folder.
func (f *ModelFolder) Complete(s *session.Session) error {
	defer f.completing(s)()
	return f.name(s)
}

// name gives the folder its name, unless the run was interrupted.
func (f *ModelFolder) name(s *session.Session) error {
	if err := s.Ctx.Err(); err != nil {
		return err
	}
	if err := f.Commit(); err != nil {
		return f.Worded(err)
	}
	f.release()
	f.release = nil
	return nil
}

// Worded says of an output that cannot be completed what is kept of it, and what to do.
func (f *ModelFolder) Worded(err error) error {
	var exists *checkpoint.ExistsError
	var changed *checkpoint.ChangedError
	var damaged *checkpoint.DamagedError
	switch {
	case errors.As(err, &exists):
		if f.worthKeeping() {
			exists.Kept = f.Folder()
		}
		return Error(f.out, err, f.resumable)
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
func (f *ModelFolder) completing(s *session.Session) (end func()) {
	t := s.Progress.StartShares("completing " + f.out)
	f.Progress(t.Slow)
	return t.End
}

// PeakRSS is what Finish asks for the peak memory.
var PeakRSS = prune.PeakRSS

// Finish completes the folder of a pruned model with its report. The peak of memory is taken when all else is
// done: copying what was not pruned counts.
func (f *ModelFolder) Finish(s *session.Session, r *prune.Report) error {
	if err := s.Ctx.Err(); err != nil {
		return err
	}
	defer f.completing(s)()
	if err := f.Fill(); err != nil {
		return f.Worded(err)
	}
	r.PeakRSSBytes = PeakRSS()
	text, err := format.JSON(r)
	if err != nil {
		return err
	}
	if err := f.PutFile("pruning.json", text); err != nil {
		return err
	}
	return f.name(s)
}

// GridsBeside is the file beside the weights for what a run rounds them to; nil when it does not.
func GridsBeside(m *models.Model, o prune.Options) (*checkpoint.Beside, error) {
	list, err := prune.GridTensors(m, o)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	b := &checkpoint.Beside{File: prune.GridFile}
	for _, t := range list {
		b.Tensors = append(b.Tensors, safetensors.Tensor{Name: t.Name, DType: t.DType, Shape: t.Shape})
	}
	return b, nil
}

// dtypeNames are the types weights can be written in, as config.json and --dtype spell them.
var dtypeNames = map[tensor.DType]string{tensor.F32: "float32", tensor.F16: "float16", tensor.BF16: "bfloat16"}

// ParseDType reads --dtype; nil is keep.
func ParseDType(s string) (*tensor.DType, error) {
	if s == "keep" {
		return nil, nil
	}
	for d, name := range dtypeNames {
		if s == name {
			return &d, nil
		}
	}
	return nil, exit.Usagef("--dtype %q: want keep, float32, float16 or bfloat16", s)
}
