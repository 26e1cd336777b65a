package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/adagp/adagp/checkpoint"
	"github.com/adagp/adagp/cmd/cli/format"
	"github.com/adagp/adagp/prune"
)

// sweepResult is sweep.json and the JSON of the command: the settings, and every run that the folder
// holds, in the order in which they were done.
type sweepResult struct {
	Format   int           `json:"format"`
	Settings sweepSettings `json:"settings"`
	Dense    []float64     `json:"dense"` // perplexities of the model as it is, text by text
	Runs     []sweepRun    `json:"runs"`
}

// sweepSettings are what all runs of a folder have in common.
type sweepSettings struct {
	Model        string      `json:"model"`
	Architecture string      `json:"architecture"`
	Parameters   int         `json:"parameters"`
	Weights      string      `json:"weights_sha256"` // of all parameters, as float32
	Calibration  sweepCalib  `json:"calibration"`
	Evaluation   []sweepText `json:"evaluation"`
}

// sweepCalib describes the calibration windows; each run names its own by their hash.
type sweepCalib struct {
	Files   []string `json:"files"` // "{seed}" stands for the seed
	Samples int      `json:"samples"`
	SeqLen  int      `json:"seqlen"`
}

// sweepText is a text that perplexity is measured on.
type sweepText struct {
	File    string `json:"file"`
	Windows int    `json:"windows"`
	SeqLen  int    `json:"seqlen"`
	SHA256  string `json:"sha256"` // of the token ids, as in pruning.json
}

// sweepRun is one finished run. Method, pattern and seed name it within its folder.
type sweepRun struct {
	Method     string        `json:"method"`
	Pattern    prune.Pattern `json:"pattern"`
	Seed       uint64        `json:"seed"`
	Perplexity []float64     `json:"perplexity"` // text by text
	Sparsity   float64       `json:"sparsity"`
	Seconds    float64       `json:"seconds"`     // of pruning, wall time
	CPUSeconds float64       `json:"cpu_seconds"` // of pruning, over all threads; 0 where the system does not tell
	Threads    int           `json:"threads"`
	Kernel     string        `json:"kernel"`
	CalibSHA   string        `json:"calibration_sha256"`
	Version    string        `json:"version"` // of the program that did it
	Folder     string        `json:"folder,omitempty"`
}

func (r *sweepRun) is(method string, p prune.Pattern, seed uint64) bool {
	return r.Method == method && r.Pattern == p && r.Seed == seed
}

// find returns the run of that name, or nil.
func (r *sweepResult) find(method string, p prune.Pattern, seed uint64) *sweepRun {
	for i := range r.Runs {
		if r.Runs[i].is(method, p, seed) {
			return &r.Runs[i]
		}
	}
	return nil
}

// put adds a run, in place of an earlier one of the same name.
func (r *sweepResult) put(run sweepRun) {
	if old := r.find(run.Method, run.Pattern, run.Seed); old != nil {
		*old = run
		return
	}
	r.Runs = append(r.Runs, run)
}

// maxSweepBytes bounds sweep.json: half a kilobyte for each of as many runs as are accepted.
const maxSweepBytes = 64 << 20

// parseSweep reads sweep.json and makes sure that it is one.
func parseSweep(b []byte) (*sweepResult, error) {
	r := &sweepResult{}
	if err := json.Unmarshal(b, r); err != nil {
		return nil, err
	}
	if r.Format != 1 {
		return nil, fmt.Errorf("format %d, want 1", r.Format)
	}
	texts := len(r.Settings.Evaluation)
	if len(r.Dense) != texts || texts == 0 {
		return nil, fmt.Errorf("%d dense perplexities for %d texts", len(r.Dense), texts)
	}
	for i, run := range r.Runs {
		if len(run.Perplexity) != texts {
			return nil, fmt.Errorf("run %d has %d perplexities for %d texts", i, len(run.Perplexity), texts)
		}
		if err := run.Pattern.Check(); err != nil {
			return nil, fmt.Errorf("run %d: %w", i, err)
		}
		if slices.ContainsFunc(r.Runs[:i], func(o sweepRun) bool { return o.is(run.Method, run.Pattern, run.Seed) }) {
			return nil, fmt.Errorf("run %d (%s, %s, seed %d) is there twice", i, run.Method, run.Pattern, run.Seed)
		}
	}
	return r, nil
}

// sweepStore keeps a sweep in its folder.
type sweepStore struct {
	dir    string
	result *sweepResult // nil until the folder holds one
}

// openSweep reads what the folder holds. One that does not exist, or is empty, is fine; one that holds
// something else is not touched.
func openSweep(dir string) (*sweepStore, error) {
	s := &sweepStore{dir: dir}
	path := filepath.Join(dir, "sweep.json")
	f, err := os.Open(path)
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
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxSweepBytes+1))
	if err == nil && len(b) > maxSweepBytes {
		err = fmt.Errorf("more than %d MiB", maxSweepBytes>>20)
	}
	if err == nil {
		s.result, err = parseSweep(b)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// lock makes the folder, keeps other sweeps out of it, and reads again what one may have left meanwhile.
func (s *sweepStore) lock() (release func(), err error) {
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return nil, fmt.Errorf("--out %s: %w", s.dir, err)
	}
	if release, err = checkpoint.LockFolder(s.dir); err != nil {
		return nil, fmt.Errorf("--out: %w", err)
	}
	now, err := openSweep(s.dir)
	if err != nil {
		release()
		return nil, err
	}
	s.result = now.result
	return release, nil
}

// settle compares the settings with those of the folder, or makes them the folder's, with the dense
// perplexities that dense measures.
func (s *sweepStore) settle(set sweepSettings, dense func() ([]float64, error)) error {
	if s.result != nil {
		return s.result.Settings.check(set, s.dir)
	}
	d, err := dense()
	if err != nil {
		return err
	}
	s.result = &sweepResult{Format: 1, Settings: set, Dense: d, Runs: []sweepRun{}}
	return nil
}

// check names the first setting in which a call differs from the folder's.
func (have *sweepSettings) check(want sweepSettings, dir string) error {
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

// save writes the folder's files anew, each complete or not at all.
func (s *sweepStore) save(axes sweepAxes) error {
	text, err := format.JSON(s.result)
	if err != nil {
		return err
	}
	if err := checkpoint.WriteFile(filepath.Join(s.dir, "sweep.json"), text); err != nil {
		return err
	}
	for name, content := range sweepFiles(s.result, axes) {
		if err := checkpoint.WriteFile(filepath.Join(s.dir, name), content); err != nil {
			return err
		}
	}
	return nil
}
