package prune

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/linalg"
)

// Final is the model when all layers are pruned and none is written, for [Wants].Finish.
type Final struct {
	Model   *models.Model                 // all of it loaded, pruned weights as they would be written
	Windows [][]int                       // calibration windows; the last HeldOut of them are better kept out of tuning
	HeldOut int                           // as Layer.HeldOut
	Masks   map[*nn.Linear]*sparsity.Mask // of every pruned matrix, true = kept
	Seed    uint64
	Log     *slog.Logger // never nil
	// DenseOut is what comes out of the dense model's last decoder layer, window by window [length, hidden], or
	// nil where it is not at hand: layers behind the last pruned one, an earlier process that did it all, a
	// scratch file that rounds, more than MaxDenseOut bytes.
	DenseOut []*tensor.Tensor

	run *run
}

// MaxDenseOut bounds Final.DenseOut, in bytes.
const MaxDenseOut = 256 << 20

// OpenDense opens a second copy of the model, all of it loaded, with the original weights. Close it
// after use.
func (f *Final) OpenDense() (*models.Model, error) {
	m, err := models.OpenFS(f.Model.FS, f.Model.Path)
	if err != nil {
		return nil, err
	}
	if in := f.Model.Reader; in != nil {
		m.Reader.Watch(in.Sums())
	}
	originals := f.run.originals
	for i, p := range nn.Params(f.Model.Walk) {
		if v := originals[p]; v != nil {
			nn.Params(m.Walk)[i].Set(v)
		}
	}
	if err := m.LoadAll(); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return m, nil
}

// Set puts new weights w [out, in] in place of lin's, rounded to the type they will be written in.
// What the mask prunes stays zero, whatever w holds there; w is not kept. It fails for a matrix that
// was not pruned and for weights that are not finite.
func (f *Final) Set(lin *nn.Linear, w *tensor.Tensor) error {
	mask := f.Masks[lin]
	name := f.Model.TensorName(lin.Weight)
	if mask == nil {
		return fmt.Errorf("tensor %s was not pruned in this run", name)
	}
	if w.Rank() != 2 || w.Dim(0) != mask.Rows || w.Dim(1) != mask.Cols {
		return fmt.Errorf("tensor %s: new weights of shape %v, want [%d %d]", name, w.Shape(), mask.Rows, mask.Cols)
	}
	rounded, err := f.run.rounded(name, lin, &local.Solution{W: linalg.FromTensor(w), Mask: mask})
	if err != nil {
		return err
	}
	lin.Weight.Set(rounded)
	return nil
}

// Note appends the value of an objective after the named step to the report.
func (f *Final) Note(step string, value float64) {
	f.run.report.Finish = append(f.run.report.Finish, Note{step, Number(value)})
}

// Progress reports how far the finish is, as a share from 0 to 1.
func (f *Final) Progress(fraction float64) {
	f.run.event(Event{Stage: StageFinish, Fraction: fraction})
}

// holdBack prepares for a last step: pruned weights wait for it.
func (r *run) holdBack() {
	if r.finisher == nil {
		return
	}
	r.after = finishShare
	r.originals = map[*nn.Param]*tensor.Tensor{}
	for _, p := range nn.Params(r.model.Walk) {
		if p.Value() != nil {
			r.originals[p] = p.Value()
		}
	}
	r.held, r.masks = map[*nn.Linear]*tensor.Tensor{}, map[*nn.Linear]*sparsity.Mask{}
}

// finish runs the method's last stage, if it has one, on the whole model and writes what comes of it.
func (r *run) finish(ctx context.Context, selected [][]*nn.Linear, windows [][]int) error {
	if r.finisher == nil {
		return nil
	}
	denseOut, err := r.denseOut()
	if err != nil {
		return err
	}
	r.advance(nil, nil)
	for lin, w := range r.held {
		if !lin.Weight.Loaded() {
			lin.Weight.Set(w)
			defer func() { lin.Weight.Set(nil) }()
		}
	}
	r.event(Event{Stage: StageFinish})
	release, err := r.load(r.model.Walk)
	if err != nil {
		return err
	}
	defer release()
	f := &Final{Model: r.model, Windows: windows, HeldOut: heldOut(len(windows)), Masks: r.masks, Seed: r.options.Seed, Log: r.options.Log, DenseOut: denseOut, run: r}
	if err := r.finisher(ctx, f); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := r.recount(selected); err != nil {
		return err
	}
	for _, linears := range selected {
		if err := r.put(linears, func(lin *nn.Linear) *tensor.Tensor { return lin.Weight.Value() }); err != nil {
			return err
		}
	}
	if err := r.keepFinish(selected); err != nil {
		return err
	}
	r.event(Event{Stage: StageFinish, Fraction: 1})
	return nil
}

// denseOut returns Final.DenseOut.
func (r *run) denseOut() (windows []*tensor.Tensor, err error) {
	tokens := 0
	for _, s := range r.dense {
		tokens += s.Dim(0)
	}
	all := r.at.Layers == len(r.model.Layers()) && tokens > 0
	if !all || r.plan.Scratch.DType != tensor.F32.String() || 4*tokens*r.model.Config().HiddenSize > MaxDenseOut {
		return nil, nil
	}
	for b, s := range r.dense {
		h, err := s.Load()
		if err != nil {
			return nil, err
		}
		for lo := 0; lo < h.Dim(0); lo += r.seqLens[b] {
			windows = append(windows, h.Rows(lo, lo+r.seqLens[b]))
		}
	}
	return windows, nil
}

// recount checks the weights that the finish left behind and enters their zeros into the report.
func (r *run) recount(selected [][]*nn.Linear) error {
	layers := r.report.Layers
	r.report.Layers, r.report.Totals = layers[:0:0], Totals{}
	for _, l := range layers {
		for i, lin := range selected[l.Index] {
			t, w := &l.Tensors[i], lin.Weight.Value()
			if err := nonFinite(t.Name, w, "after the finish"); err != nil {
				return err
			}
			zeros, err := countZeros(t.Name, r.pattern(lin), w)
			if err != nil {
				return err
			}
			t.Zeros, t.Sparsity = zeros, relative(float64(zeros), float64(w.Len()))
		}
		r.report.add(l)
	}
	return nil
}
