package prune

import (
	"fmt"
	"math"

	"github.com/adagp/adagp/models"
)

// batchBytes bounds the widest activations of one forward pass: all inputs and outputs of a decoder
// layer's linear maps, in float32. All batches of a pass use the same memory, so that small ones stay in the
// caches: with twice as much a pass takes some per cent longer, with half as much too, as every product packs
// its weights anew.
const batchBytes = 32 << 20

// heldOutShare is the part of the calibration windows that tuning does not see.
const heldOutShare = 8

// heldOut returns how many of n windows are held out.
func heldOut(n int) int { return n / heldOutShare }

// batch cuts the windows into batches of perBatch consecutive windows of one length, or fewer; 0
// chooses the number by the width of the model. The held-out windows begin a batch of their own.
func batch(m *models.Model, windows [][]int, perBatch int) ([][][]int, error) {
	bytes := batchBytes
	if perBatch > 0 {
		bytes = math.MaxInt
	}
	return batchWithin(bytes, m, windows, perBatch)
}

// tokenBytes returns the size of the inputs and outputs of a decoder layer's linear maps for one token.
func tokenBytes(m *models.Model) (n int) {
	for _, lin := range m.Layers()[0].Linears() {
		n += 4 * (lin.In() + lin.Out())
	}
	return n
}

// batchWithin is batch with a bound on what tokenBytes counts for a batch; a single window may need
// more. perBatch 0 sets no further bound.
func batchWithin(bytes int, m *models.Model, windows [][]int, perBatch int) ([][][]int, error) {
	if len(windows) == 0 {
		return nil, fmt.Errorf("no calibration windows")
	}
	perToken := tokenBytes(m)
	var batches [][][]int
	for lo := 0; lo < len(windows); {
		limit := max(1, bytes/(perToken*max(1, len(windows[lo]))))
		if perBatch > 0 {
			limit = min(limit, perBatch)
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
