package sweepcmd

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/adagp/adagp/checkpoint"
	"github.com/adagp/adagp/cmd/cli/format"
	"github.com/adagp/adagp/cmd/cli/session"
	"github.com/adagp/adagp/cmd/cli/sweep"
	"github.com/adagp/adagp/cmd/cli/texts"
	"github.com/adagp/adagp/cmd/cli/trial"
	"github.com/adagp/adagp/data"
	"github.com/adagp/adagp/internal/version"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune"
)

// sweeper does the runs that a folder lacks.
type sweeper struct {
	*session.Session
	plan   *sweepPlan
	model  *models.Model
	length int
	store  *sweep.Store

	texts [][][]int                       // evaluation windows, text by text
	calib map[uint64]*data.CalibrationSet // by seed
}

func (w *sweeper) run() error {
	set, err := w.settings()
	if err != nil {
		return err
	}
	release, err := w.store.Lock()
	if err != nil {
		return err
	}
	defer release()
	w.model.Reader.Watch(checkpoint.NewSums()) // the weights are read again for each run: they must be the same
	if err := w.model.LoadAll(); err != nil {
		return err
	}
	set.Weights = hashWeights(w.model)
	if err := w.store.Settle(set, func() ([]prune.Number, error) { return w.measure("dense") }); err != nil {
		return err
	}
	todo, err := w.todo()
	if err != nil {
		return err
	}
	if err := w.store.Save(w.plan.axes.Axes); err != nil {
		return err
	}
	a := w.plan.axes.Axes
	total := a.Runs()
	if done := total - len(todo); done > 0 {
		w.Progress.Line("%d of %d runs are done already", done, total)
	}
	var failed []error
	for i, r := range todo {
		label := fmt.Sprintf("%d/%d %s %s", total-len(todo)+i+1, total, r.Method, r.Pattern)
		if len(a.Seeds) > 1 {
			label += fmt.Sprintf(" seed %d", r.Seed)
		}
		if err := w.one(label, &r); err != nil {
			if w.Ctx.Err() != nil {
				w.Progress.Line("%d runs are missing; the same command goes on from here", len(todo)-i)
				return err
			}
			w.Log.Error("a run failed; the others go on", "method", r.Method, "pattern", r.Pattern.String(), "seed", r.Seed, "error", err)
			failed = append(failed, fmt.Errorf("%s at %s, seed %d: %w", r.Method, r.Pattern, r.Seed, err))
			continue
		}
		w.store.Result.Put(r)
		if err := w.store.Save(a); err != nil {
			return err
		}
		w.Progress.Line("%s: perplexity %s (dense %s), %s", label, format.Perplexity(r.Perplexity[0]), format.Perplexity(w.store.Result.Dense[0]), format.Seconds(r.Seconds))
	}
	if len(failed) > 0 {
		return fmt.Errorf("%d of %d runs failed, the others are in %s; the first: %w", len(failed), total, w.plan.out, failed[0])
	}
	return nil
}

// settings reads all texts and says what they are. It makes all windows, so that a missing file or a
// short text is found before the first run.
func (w *sweeper) settings() (sweep.Settings, error) {
	c := w.model.Config()
	set := sweep.Settings{Model: w.plan.model, Architecture: c.Architecture, Parameters: models.CountParameters(w.model),
		Calibration: sweep.Calibration{Files: w.plan.calib, SeqLen: w.length}}
	w.calib = map[uint64]*data.CalibrationSet{}
	var corpus *data.Corpus
	for i, seed := range w.plan.axes.Seeds {
		var err error
		switch files := filesOfSeed(w.plan.calib, seed); {
		case len(files) == 0:
			corpus = data.DefaultCalibration()
			set.Calibration.Files = []string{"embedded"}
		case i == 0 || strings.Contains(strings.Join(w.plan.calib, ""), seedMark):
			if corpus, err = texts.Corpus(w.Session, w.model, files, w.plan.chat, data.DefaultCalibration); err != nil {
				return set, err
			}
		}
		samples := w.plan.samples
		if samples == 0 && corpus.Windows == nil {
			samples = texts.DefaultSamples
		}
		calib, err := texts.Calibration(w.model, corpus, data.Windows{Samples: samples, Length: w.length, Seed: seed})
		if err != nil {
			return set, err
		}
		if i > 0 && len(calib.IDs) != set.Calibration.Samples {
			return set, fmt.Errorf("calibration of seed %d has %d windows, that of seed %d has %d", seed, len(calib.IDs), w.plan.axes.Seeds[0], set.Calibration.Samples)
		}
		w.calib[seed] = calib
		set.Calibration.Samples, set.Calibration.SeqLen = len(calib.IDs), len(calib.IDs[0])
	}
	files := w.plan.eval
	if len(files) == 0 {
		files = []string{""}
	}
	for _, file := range files {
		corpus, name := data.DefaultEvaluation(), "embedded"
		if file != "" {
			var err error
			if corpus, err = texts.Corpus(w.Session, w.model, []string{file}, w.plan.chat, data.DefaultEvaluation); err != nil {
				return set, err
			}
			name = file
		}
		windows, _, err := texts.Evaluation(w.model, corpus, w.length, w.plan.maxWindows)
		if err != nil {
			return set, err
		}
		w.texts = append(w.texts, windows)
		set.Evaluation = append(set.Evaluation, sweep.Text{File: name, Windows: len(windows), SeqLen: len(windows[0]), SHA256: data.HashIDs(windows)})
	}
	return set, nil
}

// todo lists the runs that the folder lacks, seed by seed, so that an interrupted sweep has whole
// tables of the first seeds.
func (w *sweeper) todo() (runs []sweep.Run, err error) {
	a := w.plan.axes.Axes
	for _, seed := range a.Seeds {
		sha := w.calib[seed].SHA256
		for _, have := range w.store.Result.Runs {
			if have.Seed == seed && have.CalibSHA != sha {
				return nil, fmt.Errorf("--out %s holds runs of seed %d on other calibration windows than --calib, --samples and --seqlen give now; use another folder", w.plan.out, seed)
			}
		}
		for _, p := range a.Patterns {
			for _, method := range a.Methods {
				if w.done(w.store.Result.Find(method, p, seed)) {
					continue
				}
				runs = append(runs, sweep.Run{Method: method, Pattern: p, Seed: seed, CalibSHA: sha, Threads: session.Threads(), Kernel: session.Kernel(), Version: version.Exact()})
			}
		}
	}
	return runs, nil
}

// done reports whether a run need not be done again; nil is one that never was.
func (w *sweeper) done(have *sweep.Run) bool {
	return have != nil && !w.plan.redo && (!w.plan.keepModels || w.kept(have)) && (!w.plan.sameVersion || have.Version == version.Exact())
}

// kept reports whether the pruned model of a run is there.
func (w *sweeper) kept(r *sweep.Run) bool {
	if r.Folder == "" {
		return false
	}
	info, err := os.Stat(filepath.Join(w.plan.out, r.Folder))
	return err == nil && info.IsDir()
}

// one prunes and measures: it fills in what the run lacks.
func (w *sweeper) one(label string, r *sweep.Run) error {
	folder := ""
	if w.plan.keepModels {
		r.Folder = modelFolderOf(r)
		folder = filepath.Join(w.plan.out, r.Folder)
	}
	o := w.plan.axes.options[r.Method]
	o.Pattern = r.Pattern
	o.Seed = r.Seed
	rep, cpu, err := trial.Run(w.Session, trial.Trial{
		Label: label, Model: w.model, Calib: w.calib[r.Seed], Options: o, Folder: folder, Force: true,
		Measure: func() (err error) {
			r.Perplexity, err = w.measure(label)
			return err
		},
	})
	if err != nil {
		return err
	}
	r.Seconds, r.CPUSeconds, r.Sparsity = rep.Seconds, cpu.Seconds(), rep.Totals.Sparsity
	return nil
}

// measure returns the perplexities of the model as it is in memory, text by text.
func (w *sweeper) measure(label string) (all []prune.Number, err error) {
	for _, windows := range w.texts {
		got, err := texts.Perplexity(w.Session, label, w.model, windows)
		if err != nil {
			return nil, err
		}
		all = append(all, prune.Number(got.Perplexity))
	}
	return all, nil
}

// modelFolderOf names the folder of a pruned model below the sweep's, in signs that every file system
// takes and such that no two runs share one.
func modelFolderOf(r *sweep.Run) string {
	name := fmt.Sprintf("%s_%s_seed%d", r.Method, r.Pattern, r.Seed)
	return filepath.Join("models", strings.ReplaceAll(url.QueryEscape(name), "%3A", "+"))
}

// hashWeights returns the SHA-256 of all parameters, which must be loaded: it tells models apart whatever
// their folders are called.
func hashWeights(m *models.Model) string {
	h := sha256.New()
	buf := make([]byte, 0, 1<<16)
	for _, p := range nn.Params(m.Walk) {
		fmt.Fprintf(h, "%s %v\n", m.TensorName(p), p.Value().Shape())
		for rest := p.Value().Data(); len(rest) > 0; {
			n := min(len(rest), cap(buf)/4)
			buf = buf[:0]
			for _, v := range rest[:n] {
				buf = binary.LittleEndian.AppendUint32(buf, math.Float32bits(v))
			}
			h.Write(buf)
			rest = rest[n:]
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}
