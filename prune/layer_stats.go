package prune

import (
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/calib"
)

// UseStats gives the layer statistics of lin's inputs that the method has gathered by itself, for the
// error that the next calls of Set report; [Layer.Capture] replaces them by its own. With nil the layer
// forgets what it has.
func (l *Layer) UseStats(lin *nn.Linear, stats *calib.Stats) {
	if l.stats[lin] != stats {
		l.score(lin)
	}
	if stats == nil {
		delete(l.stats, lin)
		return
	}
	if l.stats == nil {
		l.stats = map[*nn.Linear]*calib.Stats{}
	}
	l.stats[lin] = stats
}
