// Package sweep keeps what a sweep found in its folder: sweep.json, which a later call adds to, and the
// tables, plots and page that are drawn of it.
package sweep

import (
	"fmt"
	"slices"

	"github.com/adagp/adagp/internal/inputfile"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/sparsity"
)

// Axes are the lists whose product a sweep runs.
type Axes struct {
	Methods  []string // names, with settings behind a colon
	Patterns []sparsity.Pattern
	Seeds    []uint64
}

// Runs is the size of the product.
func (a Axes) Runs() int { return len(a.Methods) * len(a.Patterns) * len(a.Seeds) }

// Result is sweep.json and the JSON of the command: the settings, and every run that the folder
// holds, in the order in which they were done.
type Result struct {
	Format   int            `json:"format"`
	Settings Settings       `json:"settings"`
	Dense    []prune.Number `json:"dense"` // perplexities of the model as it is, text by text
	Runs     []Run          `json:"runs"`
}

// Settings are what all runs of a folder have in common.
type Settings struct {
	Model        string      `json:"model"`
	Architecture string      `json:"architecture"`
	Parameters   int         `json:"parameters"`
	Weights      string      `json:"weights_sha256"` // of all parameters, as float32
	Calibration  Calibration `json:"calibration"`
	Evaluation   []Text      `json:"evaluation"`
}

// Calibration describes the calibration windows; each run names its own by their hash.
type Calibration struct {
	Files   []string `json:"files"` // "{seed}" stands for the seed
	Samples int      `json:"samples"`
	SeqLen  int      `json:"seqlen"`
}

// Text is a text that perplexity is measured on.
type Text struct {
	File    string `json:"file"`
	Windows int    `json:"windows"`
	SeqLen  int    `json:"seqlen"`
	SHA256  string `json:"sha256"` // of the token ids, as in pruning.json
}

// Run is one finished run. Method, pattern and seed name it within its folder.
type Run struct {
	Method     string           `json:"method"`
	Pattern    sparsity.Pattern `json:"pattern"`
	Seed       uint64           `json:"seed"`
	Perplexity []prune.Number   `json:"perplexity"` // text by text
	Sparsity   float64          `json:"sparsity"`
	Seconds    float64          `json:"seconds"`     // of pruning, wall time
	CPUSeconds float64          `json:"cpu_seconds"` // of pruning, over all threads; 0 where the system does not tell
	Threads    int              `json:"threads"`
	Kernel     string           `json:"kernel"`
	CalibSHA   string           `json:"calibration_sha256"`
	Version    string           `json:"version"` // of the program that did it
	Folder     string           `json:"folder,omitempty"`
}

func (r *Run) is(method string, p sparsity.Pattern, seed uint64) bool {
	return r.Method == method && r.Pattern == p && r.Seed == seed
}

// Find returns the run of that name, or nil.
func (r *Result) Find(method string, p sparsity.Pattern, seed uint64) *Run {
	for i := range r.Runs {
		if r.Runs[i].is(method, p, seed) {
			return &r.Runs[i]
		}
	}
	return nil
}

// Put adds a run, in place of an earlier one of the same name.
func (r *Result) Put(run Run) {
	if old := r.Find(run.Method, run.Pattern, run.Seed); old != nil {
		*old = run
		return
	}
	r.Runs = append(r.Runs, run)
}

// maxBytes bounds sweep.json: half a kilobyte for each of as many runs as are accepted.
const maxBytes = 64 << 20

// parse reads sweep.json and makes sure that it is one.
func parse(b []byte) (*Result, error) {
	r := &Result{}
	if err := inputfile.ParseJSON(b, r); err != nil {
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
		if slices.ContainsFunc(r.Runs[:i], func(o Run) bool { return o.is(run.Method, run.Pattern, run.Seed) }) {
			return nil, fmt.Errorf("run %d (%s, %s, seed %d) is there twice", i, run.Method, run.Pattern, run.Seed)
		}
	}
	return r, nil
}
