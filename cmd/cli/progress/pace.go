package progress

import (
	"fmt"
	"time"

	"github.com/adagp/adagp/cmd/cli/format"
	"github.com/adagp/adagp/prune"
)

// pace measures how fast a pruning run goes: tokens per second in the stage at hand, and the time that
// is left if the rest goes like what this process has done so far.
type pace struct {
	start   time.Time
	at      float64 // share of the run when this process began to compute
	begun   bool
	stage   prune.Stage
	layer   int
	since   time.Time // begin of the stage
	tokens  float64   // per second in the stage; 0: not known
	left    time.Duration
	changed bool // another stage than at the last event
}

// see takes in an event.
func (p *pace) see(e prune.Event, now time.Time) {
	done := e.Overall()
	if !p.begun || e.Restored {
		p.begun, p.start, p.at = true, now, done
	}
	if p.changed = e.Stage != p.stage || e.Layer != p.layer; p.changed {
		p.stage, p.layer, p.since, p.tokens = e.Stage, e.Layer, now, 0
	}
	if spent := now.Sub(p.since).Seconds(); spent > 0 && e.Fraction > 0 {
		p.tokens = e.Fraction * float64(e.Tokens) / spent
	}
	p.left = 0
	if share := done - p.at; share > 0 && done < 1 {
		p.left = time.Duration(float64(now.Sub(p.start)) * (1 - done) / share)
	}
}

// Layers shows a pruning run: the bar moves within decoder layers; without bars each finished layer
// is one line.
func (t *Task) Layers(e prune.Event) {
	now := time.Now()
	t.pace.see(e, now)
	t.report(e, now)
	note := string(e.Stage)
	if t.pace.tokens > 0 && e.Stage != prune.StageSolve {
		note += fmt.Sprintf(", %s tokens/s", format.Count(int(t.pace.tokens)))
	}
	t.Share(e.Overall(), fmt.Sprintf("layer %d/%d (%s)", e.Position+1, e.Layers, note))
	if e.Stage != prune.StageDone {
		return
	}
	if e.Result == nil {
		t.d.Line("%s: layer %d (%d of %d) stays as it is", t.label, e.Layer, e.Position+1, e.Layers)
		return
	}
	if e.Restored {
		t.d.Line("%s: layer %d (%d of %d) was done before", t.label, e.Layer, e.Position+1, e.Layers)
		return
	}
	t.d.Line("%s: layer %d (%d of %d), error %s, %s%s", t.label, e.Layer, e.Position+1, e.Layers, format.Error(e.Result.Error), format.Seconds(e.Result.Seconds), t.pace.speed(e))
}

// eventInterval is how often a run reports in JSON within one stage.
const eventInterval = time.Second

// report writes an event as a line of JSON, if they are wanted: each change of stage, each finished
// layer, and now and then in between.
func (t *Task) report(e prune.Event, now time.Time) {
	log := t.d.events
	if log == nil || t.d.silent || !t.pace.changed && e.Stage != prune.StageDone && now.Sub(t.last) < eventInterval {
		return
	}
	t.last = now
	args := []any{"task", t.label, "stage", string(e.Stage), "layer", e.Layer, "position", e.Position, "layers", e.Layers,
		"fraction", e.Fraction, "overall", e.Overall(), "tokens_per_second", t.pace.tokens, "seconds_left", t.pace.left.Seconds()}
	if e.Restored {
		args = append(args, "restored", true)
	}
	if e.Stage == prune.StageDone && e.Result != nil {
		args = append(args, "error", e.Result.Error, "seconds", e.Result.Seconds)
	}
	log.Info("progress", args...)
}

// speed says how fast a layer went, and what is left of the run.
func (p *pace) speed(e prune.Event) string {
	s := ""
	if e.Result != nil && e.Result.Seconds > 0 && e.Tokens > 0 {
		s = fmt.Sprintf(", %s tokens/s", format.Count(int(float64(e.Tokens)/e.Result.Seconds)))
	}
	if p.left > time.Second {
		s += fmt.Sprintf(", %s left", format.Seconds(p.left.Seconds()))
	}
	return s
}
