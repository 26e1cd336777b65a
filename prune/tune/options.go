package tune

import (
	"cmp"
	"fmt"
	"log/slog"
	"math"

	"github.com/adagp/adagp/tensor"
)

// Options are the settings of tuning. The zero value of each stands for its default.
type Options struct {
	Epochs       int     // times that every window is used; 0: 2
	LR           float64 // Adam's rate at the first step, in the units that the package comment has for each matrix; 0: 0.05
	BatchWindows int     // windows of one step; 0: 1
	Seed         uint64  // of the order of the windows
	// Wanted is what comes out of the teacher's last decoder layer, window by window [length, hidden]; nil: Global
	// computes it.
	Wanted   []*tensor.Tensor
	Log      *slog.Logger  // nil: silent
	Progress func(float64) // told the share of the work that is done, from 0 to 1; nil: nobody
}

// complete reports the first option that is out of range, and fills in the defaults.
func (o Options) complete() (Options, error) {
	switch {
	case o.Epochs < 0:
		return o, fmt.Errorf("tuning: %d epochs, want at least 1, or 0 for the default", o.Epochs)
	case !(o.LR >= 0) || math.IsInf(o.LR, 0):
		return o, fmt.Errorf("tuning: learning rate %v, want a positive one, or 0 for the default", o.LR)
	case o.BatchWindows < 0:
		return o, fmt.Errorf("tuning: batches of %d windows, want at least 1, or 0 for the default", o.BatchWindows)
	}
	o.Epochs, o.LR, o.BatchWindows = cmp.Or(o.Epochs, 2), cmp.Or(o.LR, 0.05), cmp.Or(o.BatchWindows, 1)
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	if o.Progress == nil {
		o.Progress = func(float64) {}
	}
	return o, nil
}

// Result tells what tuning has done to the loss on the windows held out.
type Result struct {
	Before float64 // at the start
	After  float64 // of the weights that are the result
	Step   float64 // how far these are on the way from the start to where the epochs led; 0: the start was best
}
