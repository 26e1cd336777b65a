package bench

import (
	"math"
	"slices"
	"time"
)

const (
	// slowCall is how long a call takes whose first time is no different from the next ones.
	slowCall = 300 * time.Millisecond

	// shortCall is how long a call takes at most that gains from operands being in a cache.
	shortCall = 10 * time.Millisecond
)

// clock returns the time since some moment in the past.
type clock func() time.Duration

// wallClock is the usual one.
func wallClock() clock {
	start := time.Now()
	return func() time.Duration { return time.Since(start) }
}

// series is one thing that is timed again and again.
type series struct {
	do      func() error
	calls   int       // in a sample; 0 before the first
	short   bool      // see shortCall
	seconds []float64 // of a call, one per sample
}

func newSeries(do func()) *series {
	return &series{do: func() error { do(); return nil }}
}

// warmUp makes the first calls: one fills caches and buffers, and if that was not a slow one another tells how
// many calls a sample of that length takes.
func (s *series) warmUp(now clock, sample time.Duration) error {
	if s.calls > 0 {
		return nil
	}
	s.calls = 1
	took, err := s.call(now)
	if err != nil {
		return err
	}
	if took >= slowCall {
		s.seconds = append(s.seconds, took.Seconds())
		return nil
	}
	if took, err = s.call(now); err != nil {
		return err
	}
	s.short = took < shortCall
	if took < sample {
		s.calls = int(sample/max(took, time.Microsecond)) + 1
	}
	return nil
}

// call returns how long a call takes.
func (s *series) call(now clock) (time.Duration, error) {
	start := now()
	err := s.do()
	return now() - start, err
}

// sample times one sample. Short calls have another one ahead of them: what had its turn in between has driven their
// operands out of the caches.
func (s *series) sample(now clock) error {
	if s.short {
		if err := s.do(); err != nil {
			return err
		}
	}
	start := now()
	for range s.calls {
		if err := s.do(); err != nil {
			return err
		}
	}
	s.seconds = append(s.seconds, (now()-start).Seconds()/float64(s.calls))
	return nil
}

// median returns the median time of a call, in seconds; of an even number of samples the mean of the
// two in the middle.
func (s *series) median() float64 {
	n := len(s.seconds)
	if n == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(s.seconds))
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// giga returns the speed in billions per second at which a call does that much work.
func (s *series) giga(work float64) float64 { return work / s.median() / 1e9 }

// measure takes a sample of every series in each round, and one of the yardstick (which may be nil)
// ahead of each. It stops early when the stage's time is up, or the context is cancelled.
func (r *run) measure(yardstick *series, all ...*series) error {
	start := time.Now()
	order := make([]*series, 0, 2*len(all))
	for _, s := range all {
		if yardstick != nil {
			order = append(order, yardstick)
		}
		order = append(order, s)
	}
	steps := float64(len(order) * (r.sizes.rounds + 1))
	step := func(i int, do func() error) error {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		if err := do(); err != nil {
			return err
		}
		r.progress((float64(r.done) + float64(i+1)/steps) / float64(max(1, r.parts)))
		return nil
	}
	for i, s := range order {
		if err := step(i, func() error { return s.warmUp(r.now, r.sizes.sample) }); err != nil {
			return err
		}
	}
	for round := range r.sizes.rounds {
		if round > 0 && time.Since(start) > r.sizes.budget {
			break
		}
		for i, s := range order {
			if round == 0 && len(s.seconds) > 0 && s != yardstick {
				continue // the first call was as good as this would be
			}
			if err := step((round+1)*len(order)+i, func() error { return s.sample(r.now) }); err != nil {
				return err
			}
		}
	}
	return nil
}
