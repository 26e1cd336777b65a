package app

import (
	"fmt"
	"time"

	"github.com/adagp/adagp/cmd/cli/format"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/tensor"
)

// clock measures wall time.
type clock struct{ start time.Time }

func newClock() clock            { return clock{time.Now()} }
func (c clock) seconds() float64 { return time.Since(c.start).Seconds() }

// progressSteps is the length of the bar of a pruning run, whose steps are shares of the work.
const progressSteps = 1000

// layers shows a pruning run: the bar moves within decoder layers; without bars each finished layer
// is one line.
func (t *task) layers(e prune.Event) {
	now := time.Now()
	t.pace.see(e, now)
	t.report(e, now)
	note := string(e.Stage)
	if t.pace.tokens > 0 && e.Stage != prune.StageSolve {
		note += fmt.Sprintf(", %s tokens/s", format.Count(int(t.pace.tokens)))
	}
	t.set(int(e.Overall()*progressSteps), fmt.Sprintf("layer %d/%d (%s)", e.Position+1, e.Layers, note))
	if e.Stage != prune.StageDone {
		return
	}
	if e.Result == nil {
		t.p.line("%s: layer %d (%d of %d) stays as it is", t.label, e.Layer, e.Position+1, e.Layers)
		return
	}
	if e.Restored {
		t.p.line("%s: layer %d (%d of %d) was done before", t.label, e.Layer, e.Position+1, e.Layers)
		return
	}
	t.p.line("%s: layer %d (%d of %d), error %s, %s%s", t.label, e.Layer, e.Position+1, e.Layers, format.Error(e.Result.Error), format.Seconds(e.Result.Seconds), t.pace.speed(e))
}

// roundWeights rounds every loaded weight to the type that it will be written in; nil keeps them.
func roundWeights(m models.CausalLM, d *tensor.DType) error {
	if d == nil || *d == tensor.F32 {
		return nil
	}
	for _, p := range nn.Params(m.Walk) {
		values := p.Value.Data()
		b := make([]byte, len(values)*d.Size())
		if err := tensor.Encode(b, values, *d); err != nil {
			return fmt.Errorf("round %s to %v: %w", p.Name, *d, err)
		}
		if err := tensor.Decode(values, b, *d); err != nil {
			return fmt.Errorf("round %s to %v: %w", p.Name, *d, err)
		}
	}
	return nil
}
