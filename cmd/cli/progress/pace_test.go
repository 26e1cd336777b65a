package progress

import (
	"math"
	"testing"
	"time"

	"github.com/adagp/adagp/prune"
)

// TestPace: speeds follow the clock, and layers that an earlier process has done do not count as fast.
func TestPace(t *testing.T) {
	var p pace
	at := time.Unix(1000, 0)
	see := func(seconds float64, e prune.Event) {
		at = at.Add(time.Duration(seconds * float64(time.Second)))
		e.Layers, e.Tokens = 4, 1000
		p.see(e, at)
	}
	see(0, prune.Event{Stage: prune.StageDone, Fraction: 1, Restored: true})
	see(0.1, prune.Event{Layer: 1, Position: 1, Stage: prune.StageDone, Fraction: 1, Restored: true})
	see(5, prune.Event{Layer: 2, Position: 2, Stage: prune.StageLoad})
	see(2, prune.Event{Layer: 2, Position: 2, Stage: prune.StageLoad, Fraction: 0.5})
	if math.Abs(p.tokens-250) > 1e-6 {
		t.Errorf("%v tokens per second, want 250", p.tokens)
	}
	see(13, prune.Event{Layer: 2, Position: 2, Stage: prune.StageDone, Fraction: 1})
	if math.Abs(p.left.Seconds()-20) > 1e-6 { // one of the two layers took 5+2+13 seconds
		t.Errorf("%v left, want 20 s", p.left)
	}
	if got := p.speed(prune.Event{Tokens: 1000, Result: &prune.LayerReport{Seconds: 20}}); got != ", 50 tokens/s, 20.0 s left" {
		t.Errorf("speed %q", got)
	}
}
