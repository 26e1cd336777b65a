package prune

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/quant"
	"github.com/adagp/adagp/prune/scratch"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
)

// Run prunes the model m on the calibration windows and hands every pruned tensor to out, decoder
// layer by decoder layer: at any time the weights of at most one layer are loaded. Each layer is
// calibrated on what the already pruned layers before it make of the windows, with weights rounded
// as they will be stored. The embedding and the layers before the first pruned one are only run,
// those behind the last one are not touched.
//
// Parameters that are loaded when Run is called are used, and pruned, in place; others are read
// from the checkpoint and dropped again. Those that models.Model.LoadStored has filled become float32 values
// when Run comes to their layer, and stay so. out may be nil, which makes sense for a loaded model.
//
// Errors name the tensor or layer they are about. A cancelled context ends the run soon with the
// context's error. Settings and input being equal, results are equal bit by bit, whatever the
// number of threads.
func Run(ctx context.Context, m *models.Model, windows [][]int, o Options, out Sink) (*Report, error) {
	start := time.Now()
	r, err := newRun(m, windows, o, out)
	if err == nil {
		r.clock.last = start
		if err = r.recall(ctx); err == nil {
			r.holdBack()
		}
	}
	var end func() error
	if err == nil {
		end, err = r.begin()
	}
	if err == nil {
		err = errors.Join(r.all(ctx), end())
	}
	if err != nil {
		return nil, fmt.Errorf("prune: %w", err)
	}
	r.report.describe(r.options, r.method, r.lastRecord)
	if d := r.plan.hiddenType(); d != tensor.F32.String() {
		r.report.Hyperparameters["hidden_states"] = d
	}
	if _, ok := r.out.(RawSink); ok && r.options.Quantize != nil {
		r.report.Grids = GridFile
	}
	r.report.Seconds = time.Since(start).Seconds()
	r.report.CheckpointSeconds = r.durable.Seconds()
	r.report.PeakRSSBytes = PeakRSS()
	return r.report, nil
}

// newRun checks the settings and prepares a run.
func newRun(m *models.Model, windows [][]int, o Options, out Sink) (*run, error) {
	if err := o.check(m); err != nil {
		return nil, err
	}
	method := o.Method
	wants := method.Wants(&o)
	allocation, err := o.allocation(wants)
	if err != nil {
		return nil, err
	}
	selected, err := o.selection(m)
	if err != nil {
		return nil, err
	}
	r := &run{model: m, windows: windows, selected: selected, options: &o, method: method, wants: wants, out: out, report: newReport(&o, windows), warned: map[string]bool{}, scratch: scratch.Memory(), onGrid: map[*nn.Linear]bool{}}
	for i, s := range selected {
		if len(s) > 0 {
			r.at.Layers = i + 1
		}
	}
	if o.Quantize == nil { // rounded weights that move leave their grids
		r.finisher = wants.Finish
	}
	r.report.Allocation = allocation
	if err := checkJournal(out); err != nil {
		return nil, err
	}
	r.kept = kept(out)
	if err := r.choosePlan(windows); err != nil {
		return r, err
	}
	for seen, i := 0, len(r.batches)-1; seen < heldOut(len(windows)); i-- {
		seen += len(r.batches[i])
		r.heldOutBatches++
	}
	if r.settings, err = r.listSettings(); err != nil {
		return nil, err
	}
	r.report.Settings = fingerprint(r.settings, nil)
	return r, nil
}

// all takes the model through the run, or through what an earlier process has left of it.
func (r *run) all(ctx context.Context) (err error) {
	selected := r.selected
	left := r.past.finish == nil && r.past.last+1 < r.at.Layers // something to prune
	if left {
		if err := r.prepare(ctx); err != nil {
			return err
		}
		if r.hidden, r.seqLens, err = r.embedded(ctx, r.batches, r.scratch); err != nil {
			return err
		}
		r.dense = r.hidden
		r.elsewhere(StagePrepare)
	} else if r.past.prepared != nil {
		if err := r.recallPrepared(selected); err != nil {
			return err
		}
	}
	for i := range r.at.Layers {
		rec := r.past.layers[i]
		switch {
		case rec != nil && r.past.finish == nil:
			err = r.replay(ctx, i, selected[i], rec, left)
			r.elsewhere(StageLoad)
		case rec != nil:
			r.lastRecord = rec
			err = r.recallGrids(rec)
		case left:
			err = r.layer(ctx, i, selected[i])
		}
		if err != nil {
			return err
		}
	}
	if r.past.finish != nil {
		return r.recallFinish(selected)
	}
	err = r.finish(ctx, selected, r.windows)
	r.elsewhere(StageFinish)
	return err
}

// elsewhere ends a stage outside of a layer that is pruned.
func (r *run) elsewhere(s Stage) {
	for stage, seconds := range r.clock.take(s) {
		r.report.Stages[stage] += seconds
	}
}

// run is the state of one call of Run.
type run struct {
	model    *models.Model
	windows  [][]int
	batches  [][][]int // of windows
	selected [][]*nn.Linear
	settings []Setting
	source   map[string]string // SHA-256 of the tensors of the model, by name; nil for a run that writes nothing
	options  *Options
	method   Method
	wants    Wants
	out      Sink
	report   *Report
	warned   map[string]bool
	at       Event        // where the run stands
	kept     *keptChoices // of an interrupted run that this one continues
	clock    stageClock

	scratch *scratch.Store
	hidden  []*scratch.Slot // outputs of the pruned prefix, one per batch
	dense   []*scratch.Slot // outputs of the original prefix; the same slots until something is pruned
	seqLens []int

	heldOutBatches int
	patterns       map[*nn.Linear]sparsity.Pattern // of the matrices whose pattern is not that of the options
	rowWeights     map[*nn.Linear][]float64        // nil without a Fisher pass

	originals map[*nn.Param]*tensor.Tensor // values that were loaded before the run, for the finish

	before, after float64 // shares of the time that comes before and after the layers, for progress

	plan     *Plan
	finisher func(context.Context, *Final) error // Wants.Finish; nil: none, or left out
	held     map[*nn.Linear]*tensor.Tensor       // pruned weights that wait for it; nil without one
	onGrid   map[*nn.Linear]bool                 // matrices whose weights were rounded to grids
	masks    map[*nn.Linear]*sparsity.Mask       // their masks; nil without one

	durable    time.Duration // spent on making things durable
	keeper     Keeper        // out, if it survives the process
	past       past          // what earlier processes have done
	lastRecord *layerRecord  // of a replayed layer: what the method said of itself; nil: ask the method
}

// pattern returns the zeros that lin is to get.
func (r *run) pattern(lin *nn.Linear) sparsity.Pattern {
	if p, ok := r.patterns[lin]; ok {
		return p
	}
	return r.options.Pattern
}

// remember keeps a mask for the finish.
func (r *run) remember(lin *nn.Linear, m *sparsity.Mask) {
	if r.masks != nil {
		r.masks[lin] = m
	}
}

// layer takes decoder layer i through the run: load, prune, write, propagate, release.
func (r *run) layer(ctx context.Context, i int, selected []*nn.Linear) error {
	start := time.Now()
	module := r.model.Layers()[i]
	r.at = Event{Layer: i, Position: i, Layers: r.at.Layers}
	r.event(Event{Stage: StageLoad})
	release, err := r.load(module.Walk)
	if err != nil {
		return err
	}
	defer release()

	var sums map[int][]*scratch.Slot
	if r.wants.DenseSums && len(selected) > 0 {
		sums = map[int][]*scratch.Slot{}
	}
	var experts *expertCounter
	if len(selected) > 0 {
		experts = newExpertCounter(module)
	}
	denseOut, err := r.denseStates(ctx, module, sums, experts.observer())
	if err != nil {
		return err
	}
	starved, end := r.showExperts(experts)
	defer end()
	if len(selected) == 0 {
		return r.pass(ctx, module, denseOut)
	}
	l := &Layer{
		Index: i, Module: module, Hidden: r.hidden, Dense: r.dense, DenseOut: denseOut, DenseSums: sums, SeqLens: r.seqLens, Seed: r.options.Seed, Log: r.options.Log,
		selected: selected, run: r, starved: starved,
		original: map[*nn.Linear]*tensor.Tensor{}, results: map[*nn.Linear]*TensorReport{}, grids: map[*nn.Linear]*quant.Grid{}, unscored: map[*nn.Linear]bool{},
	}
	r.warn(l)
	if err := r.method.PruneLayer(ctx, l); err != nil {
		return err
	}
	for _, slots := range sums {
		scratch.FreeAll(slots)
	}
	l.DenseSums = nil
	if err := l.quantize(ctx); err != nil {
		return err
	}
	r.clock.lap(StageSolve)
	return r.endLayer(ctx, l, start)
}

// endLayer takes a pruned layer out of the method's hands: its errors are measured, its matrices written, the
// hidden states go through it.
func (r *run) endLayer(ctx context.Context, l *Layer, start time.Time) error {
	if err := l.measure(ctx); err != nil {
		return err
	}
	rep, err := l.report()
	if err != nil {
		return err
	}
	out, err := r.states(ctx, l.Module, r.hidden, nil, StagePropagate)
	if err != nil {
		return err
	}
	r.advance(out, l.DenseOut)
	if rep.Error, err = distance(r.hidden, r.dense); err != nil {
		return err
	}
	if err := r.write(l); err != nil {
		return err
	}
	rep.Seconds, rep.Stages = time.Since(start).Seconds(), r.clock.take(StagePropagate)
	r.report.add(rep)
	r.lastRecord = nil
	if err := r.keepLayer(l, rep); err != nil {
		return err
	}
	r.event(Event{Stage: StageDone, Fraction: 1, Result: &rep})
	r.elsewhere(StageDone)
	return nil
}

// pass takes the hidden states through a layer of which nothing is pruned.
func (r *run) pass(ctx context.Context, module models.DecoderLayer, denseOut []*scratch.Slot) (err error) {
	out := denseOut
	if !same(r.hidden, r.dense) {
		if out, err = r.states(ctx, module, r.hidden, nil, StagePropagate); err != nil {
			return err
		}
	}
	r.advance(out, denseOut)
	r.elsewhere(StagePropagate)
	r.event(Event{Stage: StageDone, Fraction: 1})
	return nil
}

// load makes all parameters of walk hold float32 values and returns a function that empties those that were
// empty.
func (r *run) load(walk func(func(*nn.Param))) (release func(), err error) {
	var empty []*nn.Param
	for _, p := range nn.Params(walk) {
		if !p.Loaded() {
			empty = append(empty, p) // checked as it is read
		} else if v := p.Value(); v != nil {
			if i, ok := v.Finite(); !ok {
				return nil, fmt.Errorf("tensor %s holds %v at element %d", r.model.TensorName(p), v.Data()[i], i)
			}
		}
	}
	if err := r.model.Load(walk); err != nil {
		return nil, err
	}
	return func() {
		for _, p := range empty {
			p.Set(nil)
		}
	}, nil
}

// write hands the layer's pruned tensors to the sink, or holds them back for the finish.
func (r *run) write(l *Layer) error {
	defer r.timed()()
	for _, lin := range l.selected {
		if err := r.putGrid(lin, l.grids[lin]); err != nil {
			return err
		}
		if r.held != nil {
			r.held[lin] = lin.Weight.Value()
		}
	}
	if r.held != nil {
		return nil
	}
	return r.put(l.selected, func(lin *nn.Linear) *tensor.Tensor { return lin.Weight.Value() })
}

// event completes e with the position of the run and passes it on.
func (r *run) event(e Event) {
	r.clock.event(e)
	if r.options.Progress == nil {
		return
	}
	e.before, e.after = r.before, r.after
	e.Tokens = r.report.Calibration.Tokens
	e.Layer, e.Position, e.Layers, e.Restored = r.at.Layer, r.at.Position, r.at.Layers, r.at.Restored
	r.options.Progress(e)
}

// warn logs what the user should know about the layer's shapes, once per width.
func (r *run) warn(l *Layer) {
	for _, lin := range l.selected {
		name, in := l.TensorName(lin), lin.In()
		if tail := l.Pattern(lin).Tail(in); tail > 0 && r.first("tail", in) {
			p := l.Pattern(lin)
			l.Log.Warn("the pattern does not divide the width: the last columns get a smaller share of zeros",
				"tensor", name, "columns", in, "pattern", p.String(), "tail", tail, "zeros in the tail", p.GroupZeros(tail))
		}
		if n := l.Tokens(); n < in && r.first("tokens", in) {
			l.Log.Warn("fewer calibration tokens than inputs: statistics have no full rank", "tensor", name, "tokens", n, "inputs", in)
		}
	}
}

// first reports whether this is the first warning of its kind for a width.
func (r *run) first(kind string, width int) bool {
	key := fmt.Sprint(kind, width)
	seen := r.warned[key]
	r.warned[key] = true
	return !seen
}
