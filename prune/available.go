package prune

import (
	"fmt"
	"os"
	"strings"
)

// availableMemory is what Linux says could be had without swapping, in bytes; false elsewhere. Tests
// change it.
var availableMemory = func() (int64, bool) {
	b, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, false
	}
	_, rest, found := strings.Cut(string(b), "MemAvailable:")
	var kib int64
	if _, err := fmt.Sscan(rest, &kib); !found || err != nil {
		return 0, false
	}
	return kib << 10, true
}

// fitsFinish decides, for a run without a budget that is just beginning, whether the machine has memory
// for the method's last step. Methods that do not say what they need get what they want.
func (r *run) fitsFinish() bool {
	if r.finisher == nil || r.options.Memory > 0 {
		return true
	}
	for _, s := range r.plan.Stages {
		if has, known := availableMemory(); s.Name == finishStage && known && s.Bytes > has {
			r.options.Log.Warn("not enough memory for the method's last step on the whole model, it is left out", "available", mebibytes(has), "wanted", mebibytes(s.Bytes))
			return false
		}
	}
	return true
}

// dropFinish goes on without the method's last step.
func (r *run) dropFinish() {
	windows, same := r.plan.Windows, r.plan.SameBits
	r.finisher = nil
	r.plan = r.planFor(r.batches, r.plan.Scratch.Where == "file", false)
	r.plan.Windows, r.plan.SameBits = windows, same
}
