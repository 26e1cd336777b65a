package prune

import (
	"fmt"

	"github.com/adagp/adagp/models"
)

// batchBytes bounds the widest activations of one forward pass: all inputs and outputs of a decoder
// layer's linear maps, in float32. Larger batches gain nothing once a product fills the cores.
const batchBytes = 256 << 20

// heldOutShare is the part of the calibration windows that tuning does not see.
const heldOutShare = 8

// heldOut returns how many of n windows are held out.
func heldOut(n int) int { return n / heldOutShare }

// batch cuts the windows into batches of consecutive windows of one length. perBatch 0 chooses the
// number of windows by the width of the model. The held-out windows begin a batch of their own.
func batch(m *models.Model, windows [][]int, perBatch int) ([][][]int, error) {
	return batchWithin(batchBytes, m, windows, perBatch)
}

// batchWithin is batch with a bound of its own on the bytes.
func batchWithin(bytes int, m *models.Model, windows [][]int, perBatch int) ([][][]int, error) {
	if len(windows) == 0 {
		return nil, fmt.Errorf("no calibration windows")
	}
	perToken := 0
	for _, lin := range m.Layers()[0].Linears() {
		perToken += 4 * (lin.In() + lin.Out())
	}
	var batches [][][]int
	for lo := 0; lo < len(windows); {
		limit := perBatch
		if limit == 0 {
			limit = max(1, bytes/(perToken*max(1, len(windows[lo]))))
		}
		hi, end := lo+1, len(windows)-heldOut(len(windows))
		if lo >= end {
			end = len(windows)
		}
		for hi < end && hi-lo < limit && len(windows[hi]) == len(windows[lo]) {
			hi++
		}
		if err := models.CheckIDs(m.Config(), windows[lo:hi]); err != nil {
			return nil, fmt.Errorf("calibration, counted from window %d: %w", lo, err)
		}
		batches = append(batches, windows[lo:hi])
		lo = hi
	}
	return batches, nil
}
