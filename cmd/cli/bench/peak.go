package bench

import (
	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/internal/parallel"
)

const (
	// loopTurns is a piece of the work of the multiply-add loops, about 0.1 ms.
	loopTurns = 40_000
	// piecesPerThread evens out threads that are held up.
	piecesPerThread = 8
)

// peakSeries returns the loops over multiply-adds on all threads.
func peakSeries() (peak, peak64 *series) {
	spread := func(loop func(turns int) int) *series {
		return newSeries(func() {
			parallel.For(piecesPerThread*parallel.Threads(), 1, func(lo, hi int) { loop((hi - lo) * loopTurns) })
		})
	}
	return spread(asm.MultiplyAddLoop32), spread(asm.MultiplyAddLoop64)
}

func (r *run) measurePeak() error { return r.measure(nil, r.peak, r.peak64) }

// setPeak takes up what the yardsticks have shown in all stages, and holds the results against it.
func (r *run) setPeak() {
	turns := float64(piecesPerThread * parallel.Threads() * loopTurns)
	r.res.Peak = r.peak.giga(turns * float64(asm.MultiplyAddLoop32(1)))
	r.res.Peak64 = r.peak64.giga(turns * float64(asm.MultiplyAddLoop64(1)))
	for i := range r.res.Products {
		p := &r.res.Products[i]
		p.OfPeak = p.GFLOPS / r.res.Peak
	}
	for i := range r.res.Factors {
		f := &r.res.Factors[i]
		f.OfPeak = f.GFLOPS / r.res.Peak64
	}
}
