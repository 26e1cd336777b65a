package sweep

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/adagp/adagp/checkpoint"
	"github.com/adagp/adagp/cmd/cli/format"
	"github.com/adagp/adagp/internal/inputfile"
	"github.com/adagp/adagp/prune"
)

// Store is a sweep and its folder.
type Store struct {
	Result *Result // nil until the folder holds one

	dir, program string
}

// Open reads what the folder holds. One that does not exist, or is empty, is fine; one that holds
// something else is not touched. program is what the page names as its writer.
func Open(dir, program string) (*Store, error) {
	s := &Store{dir: dir, program: program}
	path := filepath.Join(dir, "sweep.json")
	b, err := inputfile.ReadPath(path, maxBytes)
	if errors.Is(err, fs.ErrNotExist) {
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("--out %s: %w", dir, err)
		}
		if len(entries) > 0 {
			return nil, fmt.Errorf("--out %s: the folder is not empty and holds no sweep.json", dir)
		}
		return s, nil
	}
	if err != nil {
		return nil, fmt.Errorf("--out %s: %w", dir, err)
	}
	for _, name := range fileNames {
		if err := checkFile(filepath.Join(dir, name)); err != nil {
			return nil, err
		}
	}
	if s.Result, err = parse(b); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// Lock makes the folder, keeps other sweeps out of it, and reads again what one may have left meanwhile.
// A folder that it made and that is still empty goes away on release.
func (s *Store) Lock() (release func(), err error) {
	_, err = os.Stat(s.dir)
	made := errors.Is(err, fs.ErrNotExist)
	var unlock func()
	for range 10 { // the folder may vanish in between: another sweep, which found nothing to keep, releases it
		if err := os.MkdirAll(s.dir, 0o755); err != nil {
			return nil, fmt.Errorf("--out %s: %w", s.dir, err)
		}
		if unlock, err = checkpoint.LockFolder(s.dir); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("--out: %w", err)
	}
	release = func() {
		if made {
			_ = os.Remove(s.dir) // fails, as it should, when there is something in it
		}
		unlock()
	}
	now, err := Open(s.dir, s.program)
	if err != nil {
		release()
		return nil, err
	}
	s.Result = now.Result
	return release, nil
}

// Settle compares the settings with those of the folder, or makes them the folder's, with the dense
// perplexities that dense measures.
func (s *Store) Settle(set Settings, dense func() ([]prune.Number, error)) error {
	if s.Result != nil {
		return s.Result.Settings.check(set, s.dir)
	}
	d, err := dense()
	if err != nil {
		return err
	}
	s.Result = &Result{Format: 1, Settings: set, Dense: d, Runs: []Run{}}
	return nil
}

// check names the first setting in which a call differs from the folder's.
func (have *Settings) check(want Settings, dir string) error {
	differ := func(flag string, has, asked any) error {
		return fmt.Errorf("--out %s holds a sweep with another %s: %v there, %v asked for; use another folder", dir, flag, has, asked)
	}
	switch {
	case have.Weights != want.Weights:
		if have.Model == want.Model {
			return fmt.Errorf("--out %s holds a sweep of --model %s with other weights than it has now; use another folder", dir, have.Model)
		}
		return differ("--model", have.Model, want.Model)
	case have.Calibration.Samples != want.Calibration.Samples:
		return differ("--samples", have.Calibration.Samples, want.Calibration.Samples)
	case have.Calibration.SeqLen != want.Calibration.SeqLen:
		return differ("--seqlen", have.Calibration.SeqLen, want.Calibration.SeqLen)
	case len(have.Evaluation) != len(want.Evaluation):
		return differ("--eval", len(have.Evaluation), len(want.Evaluation))
	}
	for i, h := range have.Evaluation {
		w := want.Evaluation[i]
		switch {
		case h.SHA256 == w.SHA256:
		case h.File != w.File:
			return differ("--eval", h.File, w.File)
		case h.Windows != w.Windows:
			return differ("--max-windows", h.Windows, w.Windows)
		default:
			return fmt.Errorf("--out %s holds a sweep in which --eval %s had another content; use another folder", dir, h.File)
		}
	}
	return nil
}

// Save writes the folder's files anew, each complete or not at all.
func (s *Store) Save(axes Axes) error {
	text, err := format.JSON(s.Result)
	if err != nil {
		return err
	}
	if err := s.write("sweep.json", text); err != nil {
		return err
	}
	all, err := files(s.Result, axes, s.program)
	if err != nil {
		return err
	}
	for name, content := range all {
		if err := s.write(name, content); err != nil {
			return err
		}
	}
	return nil
}

// fileNames are the files of a sweep's folder.
var fileNames = []string{"sweep.json", "sweep.md", "sweep.csv", "sweep.html", "sweep.svg"}

func (s *Store) write(name string, content []byte) error {
	path := filepath.Join(s.dir, name)
	if err := checkFile(path); err != nil {
		return err
	}
	return checkpoint.WriteFile(path, content)
}

// checkFile makes sure that a file of the folder is one of ours or absent: a link or another kind of file
// under its name is somebody else's, and stays as it is.
func checkFile(path string) error {
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("--out: %s is no regular file, and would be replaced; remove it or use another folder", path)
	}
	return nil
}
