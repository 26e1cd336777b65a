package prunecmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/checkpoint"
	"github.com/adagp/adagp/cmd/cli/command"
	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/cmd/cli/format"
	"github.com/adagp/adagp/cmd/cli/modelname"
	"github.com/adagp/adagp/cmd/cli/output"
	"github.com/adagp/adagp/cmd/cli/prunepage"
	"github.com/adagp/adagp/cmd/cli/session"
	"github.com/adagp/adagp/cmd/cli/texts"
	"github.com/adagp/adagp/data"
	"github.com/adagp/adagp/eval"
	"github.com/adagp/adagp/internal/inputfile"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/tensor"
)

// Command returns the command prune.
func Command(p *session.Process) *cli.Command {
	return command.New(p, command.Command{
		Name:     "prune",
		Summary:  "prune a model and write the result to a new folder",
		Synopsis: exit.Program + " prune --model DIR --out DIR [flags]",
		Description: `Prunes the linear layers of the decoder, layer by layer, each calibrated on the outputs of
the layers pruned before it. The output folder loads wherever the input did and appears only when
complete; pruning.json in it records the settings and what came of them.`,
		Flags: pruneFlags(),
		Examples: []string{
			"prune --model demo:llama --out pruned --sparsity 0.7",
			"prune --model demo:opt --out pruned --method sparsegpt --pattern 2:4 --samples 32 --report report.html",
		},
		Run: runPrune,
	})
}

// open opens the model that --model names, and notes the folder that the name stands for.
func (set *pruneSettings) open(s *session.Session) (m *models.Model, err error) {
	if set.model, err = modelname.Resolve(s, set.model); err != nil {
		return nil, err
	}
	return models.Open(set.model)
}

// runPrune checks everything cheap before it begins anything expensive: flags, then paths, then the
// model's headers, then the texts. Only then is the output folder begun.
func runPrune(s *session.Session, c *cli.Context) error {
	set, err := parsePruneSettings(s, c)
	if err != nil {
		return err
	}
	if set.out != "" {
		if err := output.CheckModel(set.out, set.inputs()); err != nil {
			return err
		}
	}
	if err := set.reportFile().Check(); err != nil {
		return err
	}
	m, err := set.open(s)
	if err != nil {
		return err
	}
	defer m.Close()
	if err := set.checkModel(m); err != nil {
		return err
	}
	calib, windows, err := pruneTexts(s, c, set, m)
	if err != nil {
		return err
	}
	plan, err := set.planRun(m, calib.IDs, windows)
	if err != nil {
		return err
	}
	if set.plan {
		return s.Result(plan, func(w io.Writer) { writePlan(w, plan) })
	}
	defer keepTo(plan)()
	grids, err := output.GridsBeside(m, set.options)
	if err != nil {
		return err
	}
	out, err := output.Create(s, set.out, m, checkpoint.WriterOptions{DType: set.dtype, Force: set.force, Resume: set.resume, Beside: grids, Log: s.Log}, true)
	if set.resume && err != nil {
		return resumeComplete(s, err, set, m, calib.IDs, windows != nil)
	}
	if err != nil {
		return err
	}
	if set.options.ScratchDir == "" {
		set.options.ScratchDir = out.Folder()
	}
	if set.resume && len(out.Records()) == 0 {
		s.Progress.Line("nothing to resume: starting from the beginning")
	}
	defer out.Discard()
	report, err := pruneAround(s, set, m, calib, windows, out)
	if err != nil {
		return out.Worded(err)
	}
	if err := out.Finish(s, report); err != nil {
		return err
	}
	return pruned(s, set, report)
}

// checkModel reports settings that name matrices which the model does not have.
func (set *pruneSettings) checkModel(m *models.Model) error {
	if err := checkSelection(&set.options, matrixNames(m)); err != nil {
		return err
	}
	if a := set.options.Allocation; prune.IsAllocationFile(a) {
		return prune.CheckAllocationFile(a, m)
	}
	return nil
}

// planRun counts the evaluation windows that the program holds, and plans the run within the budget.
func (set *pruneSettings) planRun(m *models.Model, calib, windows [][]int) (*prune.Plan, error) {
	for _, ids := range windows {
		set.options.Held += 8 * int64(len(ids))
	}
	plan, err := prune.PlanRun(m, calib, set.options)
	var small *prune.MemoryError
	if errors.As(err, &small) {
		return nil, fmt.Errorf("--memory: %w", err)
	}
	return plan, err
}

// resumeComplete ends a command whose output could not be begun because of err: if the run had come to its end
// already, with its report.
func resumeComplete(s *session.Session, err error, set *pruneSettings, m *models.Model, calib [][]int, evaluates bool) error {
	report, err := completed(s.Ctx, err, set, m, calib)
	if report == nil {
		return err
	}
	s.Progress.Line("%s is complete already", set.out)
	if evaluates && report.Perplexity == nil {
		s.Log.Warn("the run that made it did not evaluate; eval does", "text", set.eval)
	}
	return pruned(s, set, report)
}

// pruned writes the page and prints the result of a run that is complete.
func pruned(s *session.Session, set *pruneSettings, report *prune.Report) error {
	if set.report != "" {
		page, err := prunepage.New(s.Ctx, report, prunepage.Run{Model: set.model, Out: set.out, Eval: set.eval, Speed: set.speed, Memory: set.options.Memory})
		if err == nil {
			err = set.reportFile().WritePage(s, page)
		}
		if err != nil {
			return fmt.Errorf("the model is complete in %s, but not the report: %w", set.out, err)
		}
	}
	return s.Result(report, func(w io.Writer) { writePruneTable(w, report, set) })
}

// matrixNames lists the stored names of the matrices that may be pruned, layer by layer.
func matrixNames(m *models.Model) [][]string {
	names := make([][]string, len(m.Layers()))
	for i, l := range m.Layers() {
		for _, lin := range l.Linears() {
			names[i] = append(names[i], m.TensorName(lin.Weight))
		}
	}
	return names
}

// pruneTexts reads the calibration text and, with --eval, the evaluation text.
func pruneTexts(s *session.Session, c *cli.Context, set *pruneSettings, m *models.Model) (*data.CalibrationSet, [][]int, error) {
	length, err := texts.WindowLength(c, m)
	if err != nil {
		return nil, nil, err
	}
	corpus, err := texts.Corpus(s, m, set.calib, c.Bool("apply-chat-template"), data.DefaultCalibration)
	if err != nil {
		return nil, nil, err
	}
	samples := set.samples
	if corpus.Windows != nil && !set.samplesGiven {
		samples = len(corpus.Windows) // windows of ids are used as given, all of them
	}
	calib, err := texts.Calibration(m, corpus, data.Windows{Samples: samples, Length: length, Seed: s.Seed})
	if err != nil || set.eval == "" {
		return calib, nil, err
	}
	text, err := texts.Corpus(s, m, []string{set.eval}, c.Bool("apply-chat-template"), data.DefaultEvaluation)
	if err != nil {
		return nil, nil, err
	}
	windows, _, err := texts.Evaluation(m, text, length, 0)
	return calib, windows, err
}

// pruneAround runs the method and, around it, the evaluation.
func pruneAround(s *session.Session, set *pruneSettings, m *models.Model, calib *data.CalibrationSet, windows [][]int, out prune.Sink) (*prune.Report, error) {
	start := time.Now()
	var ppl prune.PerplexityReport
	if windows != nil {
		// With its weights loaded the model is pruned in place, so that the second measurement
		// sees what is written.
		if err := m.LoadAll(); err != nil {
			return nil, err
		}
		before, err := texts.Perplexity(s, "evaluating the dense model", m, windows)
		if err != nil {
			return nil, err
		}
		ppl.Before, ppl.BeforeNLL = prune.Number(before.Perplexity), prune.Number(before.NLL)
	}
	o := set.options
	s.Progress.Line("pruning %s by %s (%s), %d calibration windows of %d tokens", set.model, o.Method.Describe().Name, o.Pattern, len(calib.IDs), len(calib.IDs[0]))
	t := s.Progress.StartShares("pruning")
	o.Progress = t.Layers
	report, err := prune.Run(s.Ctx, m, calib.IDs, o, out)
	t.End()
	if err != nil {
		return nil, err
	}
	if windows != nil {
		if err := roundWeights(m, set.dtype); err != nil {
			return nil, err
		}
		after, err := texts.Perplexity(s, "evaluating the pruned model", m, windows)
		var broken *eval.WindowError
		switch {
		case errors.As(err, &broken): // the windows served for the dense model: no reason to lose the pruned one
			s.Log.Warn("the pruned model cannot be measured, the report has no perplexity of it", "cause", err)
			ppl.After, ppl.AfterNLL = prune.Number(math.Inf(1)), prune.Number(math.Inf(1))
		case err != nil:
			return nil, err
		default:
			ppl.After, ppl.AfterNLL = prune.Number(after.Perplexity), prune.Number(after.NLL)
		}
		report.Perplexity = &ppl
	}
	report.Calibration.Files = calib.Files
	report.Seconds = time.Since(start).Seconds()
	return report, nil
}

// roundWeights rounds every loaded weight to the type that it will be written in; nil keeps them.
func roundWeights(m models.CausalLM, d *tensor.DType) error {
	if d == nil || *d == tensor.F32 {
		return nil
	}
	for _, p := range nn.Params(m.Walk) {
		values := p.Value().Data()
		b := make([]byte, len(values)*d.Size())
		if err := tensor.Encode(b, values, *d); err != nil {
			return fmt.Errorf("round %s to %v: %w", p.Name, *d, err)
		}
		if err := tensor.Decode(values, b, *d); err != nil {
			return fmt.Errorf("round %s to %v: %w", p.Name, *d, err)
		}
	}
	return nil
}

// maxReport bounds what is read of a pruning.json, in bytes: as much as package checkpoint takes.
const maxReport = 100_000_000

// completed returns the report of a run that had come to its end, given the error that says that there
// is nothing to resume; without such a run it returns an error.
func completed(ctx context.Context, err error, set *pruneSettings, m *models.Model, windows [][]int) (*prune.Report, error) {
	var complete *checkpoint.CompleteError
	var exists *checkpoint.ExistsError
	if !errors.As(err, &complete) && !errors.As(err, &exists) || exists != nil && exists.Kept != "" {
		return nil, err
	}
	text, readErr := inputfile.ReadPath(filepath.Join(set.out, "pruning.json"), maxReport)
	var report prune.Report
	if readErr != nil || json.Unmarshal(text, &report) != nil || report.Settings == "" {
		return nil, err
	}
	want, err := prune.Fingerprint(ctx, m, windows, set.options)
	if err != nil {
		return nil, err
	}
	if report.Settings != want {
		return nil, fmt.Errorf("--resume: the run in %s is complete, with other settings or another input than now (--force replaces it)", set.out)
	}
	return &report, nil
}

// writePruneTable is the human form of the report.
func writePruneTable(w io.Writer, r *prune.Report, set *pruneSettings) {
	t := format.Table{Head: []string{"layer", "matrices", "sparsity", "error", "worst matrix", "its error", "time"}}
	for _, l := range r.Layers {
		weights, zeros := 0, 0
		worst := prune.TensorReport{}
		for _, x := range l.Tensors {
			weights += x.Shape[0] * x.Shape[1]
			zeros += x.Zeros
			if worst.Name == "" || x.Error > worst.Error {
				worst = x
			}
		}
		t.Add(fmt.Sprint(l.Index), fmt.Sprint(len(l.Tensors)), format.Percent(format.Share(zeros, weights)), format.Error(l.Error),
			format.Matrix(worst.Name), format.Error(worst.Error), format.Seconds(l.Seconds))
	}
	t.Write(w)
	fmt.Fprintf(w, "\n%s of %s weights are zero (%s)", format.Count(int(r.Totals.Zeros)), format.Count(int(r.Totals.Weights)), format.Percent(r.Totals.Sparsity))
	if q := set.options.Quantize; q != nil {
		fmt.Fprintf(w, ", the others are on grids of %d bits", q.Bits)
	}
	if p := r.Perplexity; p != nil {
		fmt.Fprintf(w, "; perplexity %s before, %s after", format.Perplexity(p.Before), format.Perplexity(p.After))
	}
	fmt.Fprintf(w, "\n%s took %s and %s of memory; the model is in %s\n", r.Method, format.Seconds(r.Seconds), format.Bytes(r.PeakRSSBytes), set.out)
	if set.report != "" {
		fmt.Fprintf(w, "report: %s\n", set.report)
	}
}
