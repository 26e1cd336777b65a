package alps

import (
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/sparsity"
)

// Settings of the published rule for the penalty.
const (
	firstPenalty = 0.1
	maxPenalty   = 1e6
	checkEvery   = 3    // iterations between two looks at the mask
	settleFrom   = 30   // iteration, counted from 0, from which few changes end the search
	settled      = 3e-4 // share of changes that counts as few
)

// rule raises or lowers the penalty by how much the mask still moves.
type rule struct {
	rho       float64
	raised    bool    // ρ has been raised before
	survivors float64 // weights that the pattern keeps
	before    *sparsity.Mask
}

func newRule(p *local.Problem, first *sparsity.Mask) *rule {
	size := float64(p.W.Rows) * float64(p.W.Cols)
	return &rule{rho: firstPenalty, survivors: max(1, size*(1-p.Pattern.Sparsity)), before: first.Clone()}
}

// check looks at the mask after iteration it, counted from 0, and sets ρ for the next ones. It reports
// whether the search is to begin again with it, and whether the search is over.
func (r *rule) check(it int, mask *sparsity.Mask) (restart, stop bool) {
	changes := mask.Differences(r.before)
	share := float64(changes) / r.survivors
	switch {
	case share > 0.1:
		r.rho, r.raised = r.rho*1.3, true
	case share > 0.005:
		r.rho, r.raised = r.rho*1.2, true
	case changes > 0 && r.raised:
		r.rho *= 1.1
	case changes > 0: // hardly a change from the start: ρ holds the first mask too tightly
		r.rho /= 5
		restart = true
	case r.raised:
		return false, true
	default:
		r.rho /= 5
	}
	r.before.CopyFrom(mask)
	r.rho = min(r.rho, maxPenalty)
	return restart, it >= settleFrom && share < settled
}
