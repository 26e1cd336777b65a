package inspectcmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/adagp/adagp/checkpoint"
	"github.com/adagp/adagp/cmd/cli/format"
	"github.com/adagp/adagp/cmd/cli/session"
	"github.com/adagp/adagp/models"
)

// stranger fills in what can be said of a folder of an unknown architecture, or of a single file of weights. What is
// wrong with it as a model is the problem, and an error where it is anything else: a damaged model is no stranger.
func (res *Result) stranger(s *session.Session, path string, problem error) error {
	fsys, isFile, err := strangerFiles(path)
	var unknown *models.UnknownError
	if err != nil || !isFile && !errors.As(problem, &unknown) {
		return problem
	}
	r, err := checkpoint.Open(fsys)
	if err != nil {
		return errors.Join(problem, ignoreSame(err, problem))
	}
	defer r.Close()
	res.Problem = problem.Error()
	if isFile {
		res.Problem = fmt.Sprintf("%s is a file of tensors, no model folder", path)
	}
	if config, err := models.ReadConfig(fsys); err == nil {
		var names struct {
			Architectures []string `json:"architectures"`
		}
		if json.Unmarshal(config, &names) == nil {
			res.Architecture = strings.Join(names.Architectures, ", ")
		}
		res.Nearest = models.Nearest(config, r)
	}
	for _, name := range r.Names() {
		info, _ := r.Info(name)
		n := 1
		for _, d := range info.Shape {
			n *= d
		}
		res.Parameters += n
	}
	return res.scan(s, r, nil)
}

// ignoreSame returns nil for an error that another one says already.
func ignoreSame(err, other error) error {
	if strings.Contains(other.Error(), err.Error()) {
		return nil
	}
	return err
}

// strangerFiles returns the files of a folder, or a single file of weights under the name that model folders have for it.
func strangerFiles(path string) (fsys fs.FS, isFile bool, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, false, err
	}
	if info.IsDir() {
		return os.DirFS(path), false, nil
	}
	for ending, name := range map[string]string{".safetensors": "model.safetensors", ".bin": "pytorch_model.bin", ".pt": "pytorch_model.bin", ".pth": "pytorch_model.bin"} {
		if strings.HasSuffix(path, ending) {
			return oneFile{os.DirFS(filepath.Dir(path)), filepath.Base(path), name}, true, nil
		}
	}
	return nil, false, fs.ErrInvalid
}

// oneFile is a folder with a single file under another name.
type oneFile struct {
	folder   fs.FS
	file, as string
}

func (f oneFile) Open(name string) (fs.File, error) {
	switch name {
	case f.as:
		return f.folder.Open(f.file)
	case ".":
		return f.folder.Open(".")
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// shownNames is how many names of tensors are listed.
const shownNames = 5

func (r *Result) writeProblem(w io.Writer) {
	fmt.Fprintf(w, "zeros: %s of all tensors\nnot a model that can be used here: %s\n", format.Percent(r.Sparsity), format.Printable(r.Problem))
	if n := r.Nearest; n != nil {
		fmt.Fprintf(w, "nearest: %s, of whose %d parameters %d are here\n", n.Architecture, n.Parameters, n.Matched)
		for _, list := range []struct {
			what  string
			names []string
		}{{"missing", n.Missing}, {"without a use", n.Unexpected}} {
			if len(list.names) > 0 {
				fmt.Fprintf(w, "%s (%d): %s\n", list.what, len(list.names), format.Printable(strings.Join(list.names[:min(shownNames, len(list.names))], ", ")))
			}
		}
	}
	fmt.Fprintln(w)
}
