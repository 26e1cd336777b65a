package checkpoint

import (
	"fmt"
	"io/fs"

	"github.com/adagp/adagp/checkpoint/internal/blob"
)

// FormatError reports content of a checkpoint file that cannot be used: the File, the Tensor when
// one is concerned, the byte Offset when it is known, and in Msg what was wanted and what was found.
type FormatError = blob.FormatError

// TypeError reports that numbers were wanted of a tensor whose type is carried but not computed with.
type TypeError = blob.TypeError

// ExistsError reports an output folder that would have to be overwritten.
// It matches fs.ErrExist.
type ExistsError struct {
	Path    string // the folder in the way
	Partial bool   // it is the partial result of an earlier run
	Kept    string // the folder that keeps the finished part of a run which found Path in its way; or empty
}

// Error says what is in the way.
func (e *ExistsError) Error() string {
	if e.Partial {
		return fmt.Sprintf("%s is left over from an interrupted run", e.Path)
	}
	if e.Kept != "" {
		return fmt.Sprintf("output folder %s exists and is not empty; the finished part of the work is kept in %s", e.Path, e.Kept)
	}
	return fmt.Sprintf("output folder %s exists and is not empty", e.Path)
}

// Unwrap makes the error match fs.ErrExist.
func (e *ExistsError) Unwrap() error { return fs.ErrExist }

// ChangedError reports an input that is not what it was when the work began: what comes of it would be
// a mixture.
type ChangedError struct {
	File   string // name within the model folder
	Tensor string // the tensor in it; empty when the whole file is meant
}

// Error names the file and the tensor.
func (e *ChangedError) Error() string {
	what := e.File
	if e.Tensor != "" {
		what += ": tensor " + blob.Quote(e.Tensor)
	}
	return what + " has changed since the work with it began"
}

// DamagedError reports something in an output folder that is not what was written there: the disk has
// failed, or somebody else has written to it.
type DamagedError struct {
	Path   string // the file
	Tensor string // the tensor in it; empty: its header, or a file that holds none
}

// Error names the file and the tensor.
func (e *DamagedError) Error() string {
	if e.Tensor == "" {
		return fmt.Sprintf("%s is not what the run has written there", e.Path)
	}
	return fmt.Sprintf("%s: tensor %s is not what the run has written there", e.Path, blob.Quote(e.Tensor))
}

// NonFiniteError reports a number that must not be written: NaN, infinity, or a value that the
// stored type turns into one.
type NonFiniteError struct {
	Tensor string
	Index  int     // position in row-major order
	Value  float32 // before conversion
	DType  string  // type in which it was to be stored
}

// Error names tensor, position and value.
func (e *NonFiniteError) Error() string {
	return fmt.Sprintf("tensor %s: value %g at position %d cannot be stored in %s", blob.Quote(e.Tensor), e.Value, e.Index, e.DType)
}
