// Package trial tries a method on a model in memory.
package trial

import (
	"time"

	"github.com/adagp/adagp/checkpoint"
	"github.com/adagp/adagp/cmd/cli/bench"
	"github.com/adagp/adagp/cmd/cli/output"
	"github.com/adagp/adagp/cmd/cli/session"
	"github.com/adagp/adagp/data"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/prune"
)

// Trial is one method tried on a model in memory: what demo and sweep do again and again.
type Trial struct {
	Label   string
	Model   *models.Model
	Calib   *data.CalibrationSet
	Options prune.Options // without progress and log
	Folder  string        // keeps the pruned model; empty: none
	Force   bool          // replace it
	Measure func() error  // looks at the pruned model
}

// Run loads the weights anew, prunes them, has them measured, and completes the folder that keeps them.
// cpu is the processor time of pruning.
func Run(s *session.Session, x Trial) (report *prune.Report, cpu time.Duration, err error) {
	x.Model.Unload(x.Model.Walk) // what an earlier trial left
	if err := x.Model.LoadAll(); err != nil {
		return nil, 0, err
	}
	var sink prune.Sink
	var out *output.ModelFolder
	if x.Folder != "" {
		grids, err := output.GridsBeside(x.Model, x.Options)
		if err != nil {
			return nil, 0, err
		}
		if out, err = output.Create(s, x.Folder, x.Model, checkpoint.WriterOptions{Force: x.Force, Beside: grids, Log: s.Log}, false); err != nil {
			return nil, 0, err
		}
		defer out.Discard()
		sink = out
	}
	t := s.Progress.StartShares(x.Label)
	x.Options.Log = s.Log
	x.Options.Progress = func(e prune.Event) { t.Share(e.Overall(), "") }
	begin := bench.ProcessorTime()
	report, err = prune.Run(s.Ctx, x.Model, x.Calib.IDs, x.Options, sink)
	cpu = bench.ProcessorTime() - begin
	t.End()
	if err != nil {
		return nil, cpu, err
	}
	report.Calibration.Files = x.Calib.Files
	if err := x.Measure(); err != nil {
		return nil, cpu, err
	}
	if out != nil {
		err = out.Finish(s, report)
	}
	return report, cpu, err
}
