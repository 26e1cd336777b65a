package prune

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/calib"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/quant"
	"github.com/adagp/adagp/prune/scratch"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/linalg"
)

// Layer is one decoder layer on its way through a [Method]: its weights are loaded, and the hidden
// states that enter it are at hand in two versions. Hidden comes from the prefix that is pruned
// already, Dense from the original model; DenseOut is the original layer applied to Dense. Each is
// a list of batches [sequences · SeqLens[b], hidden], which may be in a file: a method that loads one
// at a time takes the memory of one. Methods must not write to them.
//
// Hidden and Dense are the same slots for the first pruned layer.
type Layer struct {
	Index    int
	Module   models.DecoderLayer
	Hidden   []*scratch.Slot
	Dense    []*scratch.Slot
	DenseOut []*scratch.Slot
	// DenseSums are, by index of the module's groups, the sums behind those with a residual target in the same
	// pass of the original layer, nn.Group's y_0; nil unless Wants.DenseSums asked for it. They are gone when
	// PruneLayer returns.
	DenseSums map[int][]*scratch.Slot
	SeqLens   []int
	Seed      uint64       // of any random choice
	Log       *slog.Logger // never nil

	selected []*nn.Linear
	run      *run
	original map[*nn.Linear]*tensor.Tensor // weights as loaded, of the matrices that Set replaced
	stats    map[*nn.Linear]*calib.Stats   // of the last Capture
	results  map[*nn.Linear]*TensorReport
	grids    map[*nn.Linear]*quant.Grid // of the results that are on grids
	unscored map[*nn.Linear]bool        // results whose error is still to be measured, by statistics or by a pass
	notes    []Note
	starved  []StarvedExpert
}

// Selected returns the linear layers to prune, in pruning order.
func (l *Layer) Selected() []*nn.Linear { return l.selected }

// Pattern returns the zeros that lin is to get: those of the options, or what the allocation gave
// this matrix.
func (l *Layer) Pattern(lin *nn.Linear) sparsity.Pattern { return l.run.pattern(lin) }

// RowWeights returns the Fisher weights of lin's outputs [out], the mean over the calibration tokens
// of the squared gradient of the summed next-token loss with respect to each, and nil when the run
// made no Fisher pass; see [Wants]. It must not be written to.
func (l *Layer) RowWeights(lin *nn.Linear) []float64 { return l.run.rowWeights[lin] }

// HeldOut returns how many calibration windows, counted from the last, are better kept out of tuning,
// so that they can tell whether it helped: an eighth of them, and 0 when there are fewer than eight.
// They fill batches of their own, see HeldOutBatches.
func (l *Layer) HeldOut() int { return heldOut(l.run.report.Calibration.Samples) }

// HeldOutBatches returns how many of the last batches of Hidden, Dense and DenseOut the held-out
// windows make up.
func (l *Layer) HeldOutBatches() int { return l.run.heldOutBatches }

// Note appends the value of an objective after the named step to the layer's entry in the report, in
// the order of the calls.
func (l *Layer) Note(step string, value float64) {
	l.notes = append(l.notes, Note{step, Number(value)})
}

// TensorName returns the name of lin's weights in the checkpoint.
func (l *Layer) TensorName(lin *nn.Linear) string { return l.run.model.TensorName(lin.Weight) }

// Weights returns a float64 copy of the original weights of lin [out, in], whether it has been pruned
// already or not.
func (l *Layer) Weights(lin *nn.Linear) *linalg.Matrix { return linalg.FromTensor(l.originalOf(lin)) }

func (l *Layer) originalOf(lin *nn.Linear) *tensor.Tensor {
	if w := l.original[lin]; w != nil {
		return w
	}
	return lin.Weight.Value()
}

// Tokens returns the number of calibration tokens.
func (l *Layer) Tokens() int {
	n := 0
	for _, h := range l.Hidden {
		n += h.Dim(0)
	}
	return n
}

// Scratch returns the place for what a method keeps of every token while it works on the layer. Its slots
// have to be freed.
func (l *Layer) Scratch() *scratch.Store { return l.run.scratch }

// Progress reports how far the method is within a stage, as a share from 0 to 1.
func (l *Layer) Progress(s Stage, fraction float64) { l.run.event(Event{Stage: s, Fraction: fraction}) }

// Capture sends Hidden through the layer with its present weights and returns the statistics of the
// selected matrices' inputs; the observers in extra, nil ones aside, see the pass as well, tensors that are
// theirs until Observe returns. Without needs and without observers there is nothing to run and the result
// is empty. Activations that are not finite are an error naming the linear layer.
func (l *Layer) Capture(ctx context.Context, needs local.Needs, extra ...nn.Observer) (map[*nn.Linear]*calib.Stats, error) {
	for _, lin := range l.selected {
		l.score(lin)
	}
	l.stats = nil
	extra = slices.DeleteFunc(slices.Clone(extra), func(o nn.Observer) bool { return o == nil })
	if needs.None() && len(extra) == 0 {
		return nil, nil
	}
	c := calib.NewCollector(needs, l.selected...)
	p := observed(l.Module, c)
	if len(extra) > 0 {
		p = applied(l.Module, calib.Tee(append([]nn.Observer{c}, extra...)...))
	}
	c.WindowLen = l.SeqLens[0]
	err := l.run.forward(ctx, l.Hidden, p, StageCalibrate, func(b int, _ *tensor.Tensor) error {
		if b+1 < len(l.SeqLens) {
			c.WindowLen = l.SeqLens[b+1]
		}
		return c.Err()
	})
	if c.Err() != nil {
		return nil, c.Err() // it says more than the output does
	}
	if err != nil {
		return nil, err
	}
	stats, err := c.Stats()
	if err != nil {
		return nil, err
	}
	if needs.Hessian {
		l.stats = stats
	}
	return stats, nil
}

// Set puts a solution in place of the weights of lin, rounded to the type they will be written in,
// so that everything that follows sees what will be stored. It fails when a weight is not finite or
// the zeros are fewer than the pattern wants. A later Set of the same matrix replaces the earlier.
func (l *Layer) Set(lin *nn.Linear, s *local.Solution) error {
	name, pattern := l.TensorName(lin), l.Pattern(lin)
	w, err := l.run.rounded(name, lin, s)
	if err != nil {
		return err
	}
	zeros, err := countZeros(name, pattern, w)
	if err != nil {
		return err
	}
	size := w.Len()
	if want := pattern.Zeros(w.Dim(0), w.Dim(1)); s.Grid == nil && float64(zeros-want) > max(1, zeroTolerance*float64(size)) {
		l.Log.Warn("more zeros than asked for", "tensor", name, "zeros", zeros, "wanted", want)
	}
	if l.original[lin] == nil {
		l.original[lin] = lin.Weight.Value()
	}
	lin.Weight.Set(w)
	r := &TensorReport{Name: name, Shape: w.Shape(), Zeros: zeros, Sparsity: relative(float64(zeros), float64(size))}
	delete(l.grids, lin)
	if s.Grid != nil {
		if q := l.run.options.Quantize; q == nil || *q != s.Grid.Spec {
			return fmt.Errorf("tensor %s: the weights are on grids %+v, which the options do not ask for", name, s.Grid.Spec)
		}
		r.Quantization = s.Grid.Spec.Record()
		l.run.onGrid[lin], l.grids[lin] = true, s.Grid
	}
	l.results[lin] = r
	l.run.remember(lin, s.Mask)
	l.unscored[lin] = true
	return nil
}

// score fills in the error of lin's result, if it has one and there are statistics to tell it. It waits until these
// go: a matrix may be set more than once before.
func (l *Layer) score(lin *nn.Linear) {
	st := l.stats[lin]
	if st == nil || !l.unscored[lin] {
		return
	}
	dense := l.Weights(lin)
	diff := linalg.Sub(dense, linalg.FromTensor(lin.Weight.Value()))
	l.results[lin].Error = Number(relative(linalg.QuadForm(diff, st.Hessian), linalg.QuadForm(dense, st.Hessian)))
	delete(l.unscored, lin)
}

// measure fills in the errors that are missing: of matrices that were solved without a Hessian it sends Hidden
// through the original layer once more and compares outputs.
func (l *Layer) measure(ctx context.Context) error {
	for _, lin := range l.selected {
		l.score(lin)
	}
	l.stats = nil // the passes that follow are better off with their memory
	if len(l.unscored) == 0 {
		return nil
	}
	o := &errorObserver{pruned: map[*nn.Linear]*tensor.Tensor{}, wanted: l.unscored, num: map[*nn.Linear]float64{}, den: map[*nn.Linear]float64{}}
	for lin, w := range l.original {
		o.pruned[lin] = lin.Weight.Value()
		lin.Weight.Set(w)
	}
	defer func() {
		for lin, w := range o.pruned {
			lin.Weight.Set(w)
		}
	}()
	if err := l.run.forward(ctx, l.Hidden, applied(l.Module, o), "", nil); err != nil {
		return err
	}
	for lin := range l.unscored {
		l.results[lin].Error = Number(relative(o.num[lin], o.den[lin]))
	}
	clear(l.unscored)
	return nil
}

// errorObserver sums ‖XWᵀ − XŴᵀ‖² and ‖XWᵀ‖² of linear layers that still have their original weights.
type errorObserver struct {
	pruned   map[*nn.Linear]*tensor.Tensor // Ŵ
	wanted   map[*nn.Linear]bool
	num, den map[*nn.Linear]float64
}

// Observe takes the difference of the weights anew for each batch: those of all matrices would be a third copy of
// the layer.
func (o *errorObserver) Observe(l *nn.Linear, x, y *tensor.Tensor) {
	if !o.wanted[l] {
		return
	}
	o.num[l] += tensor.SumSquares(tensor.MatMulNT(x, tensor.Sub(l.Weight.Value(), o.pruned[l])))
	if l.Bias != nil {
		y = tensor.AddBias(y, tensor.Scale(l.Bias.Value(), -1))
	}
	o.den[l] += tensor.SumSquares(y)
}

// report returns the layer's entry for the report, or an error if a matrix was left unpruned.
func (l *Layer) report() (LayerReport, error) {
	r := LayerReport{Index: l.Index, Tensors: []TensorReport{}, Objective: l.notes, Starved: l.starved}
	for _, lin := range l.selected {
		t := l.results[lin]
		if t == nil {
			return r, fmt.Errorf("the method left tensor %s unpruned", l.TensorName(lin))
		}
		r.Tensors = append(r.Tensors, *t)
	}
	return r, nil
}
