package tune

import (
	"fmt"
	"log/slog"
	"math"

	"github.com/adagp/adagp/tensor"
)

// Adam's settings other than the rate.
const (
	beta1, beta2 = 0.9, 0.95
	epsilon      = 1e-10
)

const (
	// minWindows is the fewest windows that are worth dividing: with less, what is held out says too
	// little about what is left.
	minWindows = 8
	// divergence is how many times the loss at the start is worth a warning.
	divergence = 10
)

// Options are the settings of tuning. The zero value of each stands for its default.
type Options struct {
	Epochs       int     // times that every window is used; 0: 2
	LR           float64 // Adam's rate at the first step, in units that depend on the matrix, see above; 0: 0.05
	BatchWindows int     // windows of one step; 0: 1
	HeldOut      float64 // share of the windows, counted from the end, that judge and do not train; 0: 1/8
	Seed         uint64  // of the order of the windows
	// Wanted is what comes out of the teacher's last decoder layer, window by window [length, hidden]: Global
	// computes it where it is nil.
	Wanted   []*tensor.Tensor
	Log      *slog.Logger  // nil: silent
	Progress func(float64) // told the share of the work that is done, from 0 to 1; nil: nobody
}

// Check reports the first option that is out of range.
func (o Options) Check() error {
	switch {
	case o.Epochs < 0:
		return fmt.Errorf("tuning: %d epochs, want at least 1, or 0 for the default", o.Epochs)
	case !(o.LR >= 0) || math.IsInf(o.LR, 0):
		return fmt.Errorf("tuning: learning rate %v, want a positive one, or 0 for the default", o.LR)
	case o.BatchWindows < 0:
		return fmt.Errorf("tuning: batches of %d windows, want at least 1, or 0 for the default", o.BatchWindows)
	case !(o.HeldOut >= 0 && o.HeldOut < 1):
		return fmt.Errorf("tuning: share of %v windows held out, want one from 0 (the default) to 1", o.HeldOut)
	}
	return nil
}

// withDefaults fills in what was left open.
func (o Options) withDefaults() Options {
	if o.Epochs == 0 {
		o.Epochs = 2
	}
	if o.LR == 0 {
		o.LR = 0.05
	}
	if o.BatchWindows == 0 {
		o.BatchWindows = 1
	}
	if o.HeldOut == 0 {
		o.HeldOut = 1. / 8
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Progress == nil {
		o.Progress = func(float64) {}
	}
	return o
}

// heldOut returns how many of n windows are held out: at least one, and none where there are too few
// to tune at all.
func (o Options) heldOut(n int) int {
	if n < minWindows {
		return 0
	}
	return min(max(1, int(o.HeldOut*float64(n)+1e-9)), n-1)
}

// Result tells what tuning has done to the loss on the windows held out.
type Result struct {
	Before float64 // at the start
	After  float64 // of the weights that are the result
	Step   float64 // how far these are on the way from the start to where the epochs led; 0: the start was best
}
