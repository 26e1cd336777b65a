package prune

import (
	"fmt"
	"math"
	"slices"

	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/prune/scratch"
	"github.com/adagp/adagp/tensor"
)

// Plan says what memory a run needs, in bytes, and how it keeps to a budget. It follows from shapes,
// settings and the lengths of the calibration windows alone, so equal commands have equal plans on any
// machine.
type Plan struct {
	Budget   int64       `json:"budget"`   // Options.Memory; 0: none
	Peak     int64       `json:"peak"`     // largest of the stages
	Smallest int64       `json:"smallest"` // budget with which the run would still be possible
	Windows  int         `json:"windows"`  // calibration windows per forward pass, at most
	SameBits bool        `json:"same_bits"`
	Scratch  ScratchPlan `json:"scratch"`
	// Finish tells what becomes of a method's last step on the whole model: "runs", "skipped" for lack
	// of memory, or "none".
	Finish string      `json:"finish"`
	Stages []StagePlan `json:"stages"`
}

// ScratchPlan says where the hidden states between decoder layers are.
type ScratchPlan struct {
	Where string `json:"where"` // "memory" or "file"
	DType string `json:"dtype"`
	Bytes int64  `json:"bytes"`
}

// StagePlan is the most memory that the process has in one stage.
type StagePlan struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
	Parts []Part `json:"parts"`

	dense bool // no weights of the layer are pruned yet
}

// Part is something that takes memory in a stage.
type Part struct {
	What  string `json:"what"`
	Bytes int64  `json:"bytes"`
}

// NewStage adds up the parts of a stage, without those of no size.
func NewStage(name string, parts ...Part) StagePlan { return StagePlan{Name: name}.With(parts...) }

// With is the stage with some parts more.
func (s StagePlan) With(parts ...Part) StagePlan {
	s.Parts = slices.Clone(s.Parts)
	for _, p := range parts {
		if p.Bytes > 0 {
			s.Parts = append(s.Parts, p)
			s.Bytes += p.Bytes
		}
	}
	return s
}

const (
	// processBytes is what the program takes before it holds a number: code, run time, tokenizer, stacks.
	processBytes = 48 << 20
	// unmanaged is the part of it that the run time's limit does not cover.
	unmanaged = 32 << 20
	// collectorShare is what the garbage collector needs beyond what is in use, as a share of it, to keep
	// up without taking most of the time.
	collectorShare = 0.1
	// idBytes is the size of a token id.
	idBytes = 8
	// overshoot is the part of the budget by which the run time may exceed its limit for a moment.
	overshoot = 20
)

// finishStage is the name of a method's last step in a plan.
const finishStage = "last step on the whole model"

// MemoryError says that a run does not fit its budget.
type MemoryError struct {
	Budget, Smallest int64
	Stage            string // the one that needs the most
	Kept             bool   // to go on with an interrupted run to the same bytes
}

// Error names the smallest budget that would do.
func (e *MemoryError) Error() string {
	s := fmt.Sprintf("a memory budget of %s is too small: %s needs %s", mebibytes(e.Budget), e.Stage, mebibytes(e.Smallest))
	if e.Kept {
		s += " to go on with the interrupted run to the same bytes"
		if e.Stage == finishStage {
			s += "; the last step can be left out"
		}
	}
	return s
}

// mebibytes rounds up.
func mebibytes(n int64) string { return fmt.Sprintf("%dMiB", (n+1<<20-1)>>20) }

// PlanRun returns the plan of a run. With a budget that is too small it returns a *MemoryError and the
// plan that needs the least.
func PlanRun(m *models.Model, windows [][]int, o Options) (*Plan, error) {
	r, err := newRun(m, windows, o, nil)
	if err != nil && (r == nil || r.plan == nil) {
		return nil, fmt.Errorf("prune: %w", err)
	}
	return r.plan, err
}

// candidate is one way for a run to go about its memory.
type candidate struct {
	file, finish bool // hidden states in a file; the method's last step
	windows      int  // in a forward pass, at most
}

// candidates lists the ways, those that change the least first.
func (r *run) candidates(windows int) (list []candidate) {
	for _, finish := range []bool{true, false} {
		if finish && (r.finisher == nil || r.options.NoFinish) {
			continue
		}
		if !r.options.InFile {
			list = append(list, candidate{false, finish, windows})
		}
		for n := windows; n > 0; n /= 2 {
			list = append(list, candidate{true, finish, n})
		}
	}
	return list
}

// worst returns the name of the stage that needs the most.
func (p *Plan) worst() string {
	w := p.Stages[0]
	for _, s := range p.Stages {
		if s.Bytes > w.Bytes {
			w = s
		}
	}
	return w.Name
}

// choosePlan settles batches, scratch and finish: whatever a run without a budget would do if that
// fits; then hidden states in a file; then fewer windows in a pass; and in the end no finish. What
// changes the result comes last.
func (r *run) choosePlan(windows [][]int) error {
	o := r.options
	all, err := batch(r.model, windows, o.Batch)
	if err != nil {
		return err
	}
	most := 0
	for _, b := range all {
		most = max(most, len(b))
	}
	var smallest *Plan
	for _, c := range r.candidates(most) {
		batches := all
		if c.windows < most {
			if batches, err = batch(r.model, windows, c.windows); err != nil {
				return err
			}
		}
		p := r.planFor(batches, c.file, c.finish)
		p.Windows, p.SameBits = c.windows, c.windows == most && c.finish == (r.finisher != nil && !o.NoFinish) && !(c.file && o.scratchType() != tensor.F32)
		if !r.kept.agrees(batches, p, o.NoFinish) {
			continue
		}
		if smallest == nil || p.Peak < smallest.Peak {
			smallest = p
		}
		if o.Memory == 0 || p.Peak <= o.Memory {
			r.plan, r.batches = p, batches
			if !c.finish && (r.kept == nil || !r.kept.finish) { // otherwise recall drops it
				r.finisher = nil
			}
			break
		}
	}
	if smallest == nil { // nothing comes to the same: recall says what is different
		r.kept = nil
		return r.choosePlan(windows)
	}
	if r.plan == nil {
		r.plan = smallest
		smallest.Smallest = smallest.Peak
		return &MemoryError{Budget: o.Memory, Smallest: smallest.Peak, Stage: smallest.worst(), Kept: r.kept != nil}
	}
	if r.kept != nil {
		r.plan.Smallest = smallest.Peak
		return nil
	}
	for n := most; n > 0; n /= 2 { // the smallest of those that were not looked at
		batches, err := batch(r.model, windows, min(n, most))
		if err != nil {
			return err
		}
		if p := r.planFor(batches, true, false); p.Peak < smallest.Peak {
			smallest = p
		}
	}
	r.plan.Smallest = smallest.Peak
	return nil
}

// scratchType returns the type of hidden states in a file.
func (o *Options) scratchType() tensor.DType {
	if o.ScratchDType != nil {
		return *o.ScratchDType
	}
	return tensor.F32
}

// begin makes the scratch store of the plan. The function it returns closes it.
func (r *run) begin() (end func() error, err error) {
	if r.plan.Finish == "skipped" && r.options.Memory > 0 && !r.options.NoFinish {
		r.leftOut("the method's last step on the whole model does not fit the memory budget and is left out", "budget", mebibytes(r.options.Memory))
	}
	if r.wants.Finish != nil && r.options.Quantize != nil {
		r.leftOut("the method's last step would move rounded weights off their grids and is left out")
	}
	if r.wants.HeldOut && heldOut(len(r.windows)) == 0 {
		r.leftOut("too few calibration windows to hold some out: no tuning", "windows", len(r.windows), "wanted", heldOutShare)
	}
	if r.plan.Scratch.Where == "file" {
		if r.scratch, err = scratch.File(r.options.ScratchDir, r.options.scratchType()); err != nil {
			return nil, err
		}
	}
	return r.scratch.Close, nil
}

// RuntimeLimit is what a program that has the process to itself tells the Go run time to keep to
// ([debug.SetMemoryLimit]), so that the garbage of a run stays within the budget; 0 without one. [Run] leaves that
// to the program. Large matrices can take the run time over its limit for a moment, so where the plan leaves room it
// gets half of that.
func (p *Plan) RuntimeLimit() int64 {
	if p.Budget == 0 {
		return 0
	}
	return max(1<<20, min(p.Budget-p.Budget/overshoot-unmanaged, (p.Budget+p.Peak)/2))
}

// planFor counts what a run with the given choices needs.
func (r *run) planFor(batches [][][]int, file, finish bool) *Plan {
	c := r.count(batches)
	p := &Plan{Budget: r.options.Memory, Finish: "none", Scratch: ScratchPlan{Where: "memory", DType: tensor.F32.String()}}
	if file {
		p.Scratch.Where, p.Scratch.DType = "file", r.options.scratchType().String()
	}
	streams := c.streams(r.method)
	stream := c.tokens * int64(c.hidden) * 4
	p.Scratch.Bytes = max(streams, c.networks+2) * stream
	if file {
		p.Scratch.Bytes = p.Scratch.Bytes / 4 * int64(r.options.scratchType().Size())
	}
	held := finish && r.finisher != nil
	var waiting int64
	if held {
		p.Finish, waiting = "runs", (c.prunable-c.layerPrunable)*4+c.prunable/8 // those of the layer at work count by themselves
	} else if r.wants.Finish != nil && r.options.Quantize == nil {
		p.Finish = "skipped"
	}
	// Stages differ in how many streams of hidden states there are.
	stage := func(name string, copies int64, parts ...Part) {
		all := []Part{{"the process", processBytes}, {"weights loaded before the run", c.loaded}, {"token ids of texts", r.textBytes() + r.options.Held}}
		if !file {
			all = append(all, Part{"hidden states", stream * copies})
		}
		s := NewStage(name, append(all, parts...)...)
		s.Bytes += int64(collectorShare * float64(s.Bytes-processBytes))
		p.Stages = append(p.Stages, s)
		p.Peak = max(p.Peak, s.Bytes)
	}
	stage("embedding", 1, Part{"table", 4 * c.embed}, Part{"hidden states of a batch", c.batch * int64(c.hidden) * 4})
	prepares := r.preparePlan(c)
	for _, s := range r.gradientStages(c, prepares) {
		stage(s.Name, 0, s.Parts...)
	}
	for _, s := range prepares.Stages {
		stage(s.Name, 0, s.Parts...)
	}
	late := Part{"pruned weights and masks that wait for the last step", waiting}
	weights := Part{"weights of a layer, before and after", 4 * (c.layer + c.layerPrunable)}
	activations := c.activations()
	stage("a layer's forward pass", c.networks+2, late, weights, activations)
	if !r.scoresByHessian() {
		stage("measuring the errors of a layer", c.networks+1, late, weights, activations, Part{"a difference and its outputs", 4 * (c.widest + c.batch*c.outputs)})
	}
	for _, s := range append(r.layerStages(c), r.roundingStages(c)...) {
		loaded := weights
		if s.dense {
			loaded.Bytes = 4 * c.layer
		}
		stage(s.Name, streams, append([]Part{late, loaded}, s.Parts...)...)
	}
	if held {
		if r.wants.FinishMemory != nil {
			stage(finishStage, 0, append(r.wants.FinishMemory(c.shape(r)), Part{"masks", c.prunable / 8})...)
		}
	}
	return p
}

// textBytes is what the ids of the calibration windows take.
func (r *run) textBytes() (n int64) {
	for _, ids := range r.windows {
		n += idBytes * int64(len(ids))
	}
	return n
}

// scoresByHessian reports whether the errors of matrices follow from what the method has observed, see
// [Layer.measure].
func (r *run) scoresByHessian() bool {
	return r.wants.Statistics.Hessian
}

// finite budgets only; used by Options.check.
func (o *Options) checkMemory() error {
	if o.Memory < 0 || o.Memory > math.MaxInt64/4 {
		return fmt.Errorf("memory budget of %d bytes: want a positive number, or 0 for none", o.Memory)
	}
	if d := o.ScratchDType; d != nil && *d != tensor.F32 && *d != tensor.BF16 {
		return fmt.Errorf("scratch of %v: want F32 or BF16", *d)
	}
	return nil
}
