package app

import (
	"time"

	"github.com/adagp/adagp/checkpoint"
	"github.com/adagp/adagp/cmd/cli/bench"
	"github.com/adagp/adagp/data"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/prune"
)

// trial is one method tried on a model in memory: what demo and sweep do again and again.
type trial struct {
	label   string
	model   *models.Model
	calib   *data.CalibrationSet
	options prune.Options // without progress and log
	folder  string        // keeps the pruned model; empty: none
	force   bool          // replace it
	measure func() error  // looks at the pruned model
}

// try loads the weights anew, prunes them, has them measured, and completes the folder that keeps them.
// cpu is the processor time of pruning.
func (s *session) try(x trial) (report *prune.Report, cpu time.Duration, err error) {
	x.model.Unload(x.model.Walk) // what an earlier trial left
	if err := x.model.LoadAll(); err != nil {
		return nil, 0, err
	}
	var sink prune.Sink
	var out *newModelFolder
	if x.folder != "" {
		grids, err := gridsBeside(x.model, x.options)
		if err != nil {
			return nil, 0, err
		}
		if out, err = s.createModel(x.folder, x.model, checkpoint.WriterOptions{Force: x.force, Beside: grids, Log: s.log}, false); err != nil {
			return nil, 0, err
		}
		defer out.abort()
		sink = out
	}
	t := s.progress.StartShares(x.label)
	x.options.Log = s.log
	x.options.Progress = func(e prune.Event) { t.Share(e.Overall(), "") }
	begin := bench.ProcessorTime()
	report, err = prune.Run(s.ctx, x.model, x.calib.IDs, x.options, sink)
	cpu = bench.ProcessorTime() - begin
	t.End()
	if err != nil {
		return nil, cpu, err
	}
	report.Calibration.Files = x.calib.Files
	if err := x.measure(); err != nil {
		return nil, cpu, err
	}
	if out != nil {
		err = out.finish(s, report)
	}
	return report, cpu, err
}
