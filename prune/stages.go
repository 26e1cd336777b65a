package prune

import "time"

// Seconds is wall time by stage.
type Seconds map[Stage]float64

// stageClock tells how long a run is in each stage. What passes before the first event of a stage, which
// has done nothing of it yet, belongs to the stage before.
type stageClock struct {
	last  time.Time
	stage Stage
	spent Seconds
}

// event is shown every event of the run.
func (c *stageClock) event(e Event) {
	if e.Fraction == 0 && c.stage != "" {
		c.lap(c.stage)
	} else {
		c.lap(e.Stage)
	}
	c.stage = e.Stage
}

// lap counts the time since the last event for s.
func (c *stageClock) lap(s Stage) {
	now := time.Now()
	if c.spent == nil {
		c.spent = Seconds{}
	}
	if !c.last.IsZero() {
		c.spent[s] += now.Sub(c.last).Seconds()
	}
	c.last = now
}

// take ends stage s and returns the times since the last call.
func (c *stageClock) take(s Stage) Seconds {
	c.lap(s)
	t := c.spent
	c.spent, c.stage = nil, ""
	return t
}
