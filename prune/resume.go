package prune

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
)

// timed adds the time until the function it returns is called to what checkpoints cost.
func (r *run) timed() func() {
	start := time.Now()
	return func() { r.durable += time.Since(start) }
}

// keepPrepared makes allocation and Fisher weights durable.
func (r *run) keepPrepared(selected [][]*nn.Linear) error {
	defer r.timed()()
	if r.keeper == nil || len(r.patterns) == 0 && len(r.rowWeights) == 0 {
		return nil
	}
	var b []byte
	for _, linears := range selected {
		for _, lin := range linears {
			p, has := r.patterns[lin]
			w := r.rowWeights[lin]
			b = append(b, flag(has), flag(w != nil))
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(p.Sparsity))
			for _, v := range w {
				b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
			}
		}
	}
	s, err := r.putState(preparedState, b)
	if err != nil {
		return err
	}
	return r.append(entry{Prepared: &preparedRecord{Allocation: r.report.Allocation, Sum: s}})
}

func flag(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// recallPrepared is the way back.
func (r *run) recallPrepared(selected [][]*nn.Linear) error {
	b, err := r.state(preparedState, r.past.prepared.Sum)
	if err != nil {
		return err
	}
	short := fmt.Errorf("resume: what the interrupted run kept as %s does not fit the model", preparedState)
	float := func() float64 {
		v := math.Float64frombits(binary.LittleEndian.Uint64(b))
		b = b[8:]
		return v
	}
	r.report.Allocation = r.past.prepared.Allocation
	r.patterns, r.rowWeights = map[*nn.Linear]sparsity.Pattern{}, map[*nn.Linear][]float64{}
	for _, linears := range selected {
		for _, lin := range linears {
			if len(b) < 10 {
				return short
			}
			hasPattern, hasWeights := b[0] != 0, b[1] != 0
			b = b[2:]
			if share := float(); hasPattern {
				r.patterns[lin] = sparsity.Unstructured(share)
			}
			if !hasWeights {
				continue
			}
			if len(b) < 8*lin.Out() {
				return short
			}
			w := make([]float64, lin.Out())
			for i := range w {
				w[i] = float()
			}
			r.rowWeights[lin] = w
		}
	}
	if len(b) > 0 {
		return short
	}
	return nil
}

// keepLayer makes a finished layer durable.
func (r *run) keepLayer(l *Layer, rep LayerReport) (err error) {
	defer r.timed()()
	if r.keeper == nil {
		return nil
	}
	rec := &layerRecord{Report: rep}
	rec.setMethod(r.method.Describe())
	if r.held != nil {
		b, err := r.encodeHeld(l.selected)
		if err != nil {
			return err
		}
		rec.Held, err = r.putState(heldState(l.Index), b)
		if err != nil {
			return err
		}
	} else if rec.Sums, err = r.sums(l.selected); err != nil {
		return err
	}
	if rec.Grids, err = r.gridSums(l.selected); err != nil {
		return err
	}
	return r.append(entry{Layer: rec})
}

// encodeHeld returns the weights of matrices that wait for the finish, as they would be stored, and
// their masks.
func (r *run) encodeHeld(linears []*nn.Linear) (b []byte, err error) {
	for _, lin := range linears {
		d := r.storedType(r.model.TensorName(lin.Weight))
		w := r.held[lin]
		part := make([]byte, w.Len()*d.Size())
		if err := tensor.Encode(part, w.Data(), d); err != nil {
			return nil, err
		}
		b = append(b, part...)
		if b, err = r.masks[lin].AppendBinary(b); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// decodeHeld is the way back. Where the last step was dropped meanwhile, nothing waits any more: the
// weights go where they would have gone at once.
func (r *run) decodeHeld(layer int, want string, linears []*nn.Linear, pruned map[*nn.Linear]*tensor.Tensor) error {
	b, err := r.state(heldState(layer), want)
	if err != nil {
		return err
	}
	take := func(n int) []byte {
		if n > len(b) {
			return nil
		}
		part := b[:n]
		b = b[n:]
		return part
	}
	for _, lin := range linears {
		d := r.storedType(r.model.TensorName(lin.Weight))
		w, mask := tensor.New(lin.Out(), lin.In()), new(sparsity.Mask)
		values := take(w.Len() * d.Size())
		bits := take(sparsity.EncodedMask(lin.Out(), lin.In()))
		if values == nil || bits == nil {
			return fmt.Errorf("resume: what the interrupted run kept of layer %d does not fit the model", layer)
		}
		if err := tensor.Decode(w.Data(), values, d); err != nil {
			return err
		}
		if err := mask.UnmarshalBinary(bits); err != nil || mask.Rows != lin.Out() || mask.Cols != lin.In() {
			return fmt.Errorf("resume: what the interrupted run kept of layer %d does not fit the model (%v)", layer, err)
		}
		pruned[lin] = w
		if r.held != nil {
			r.held[lin], r.masks[lin] = w, mask
		}
	}
	if len(b) > 0 {
		return fmt.Errorf("resume: what the interrupted run kept of layer %d does not fit the model", layer)
	}
	if r.held != nil {
		return nil
	}
	return r.put(linears, func(lin *nn.Linear) *tensor.Tensor { return pruned[lin] })
}

// replay takes decoder layer i, which an earlier process has pruned, through the run: its weights are
// those stored, and if later layers remain to be pruned the hidden states go through it as they did
// then. Nothing of it is computed in another way, so the bits are the same.
func (r *run) replay(ctx context.Context, i int, selected []*nn.Linear, rec *layerRecord, states bool) error {
	r.at = Event{Layer: i, Position: i, Layers: r.at.Layers, Restored: true}
	r.event(Event{Stage: StageLoad})
	pruned := map[*nn.Linear]*tensor.Tensor{}
	if rec.Held != "" {
		if err := r.decodeHeld(i, rec.Held, selected, pruned); err != nil {
			return err
		}
	} else {
		for _, lin := range selected {
			w, err := r.putBefore(lin.Weight, rec.Sums)
			if err != nil {
				return err
			}
			pruned[lin] = w
		}
	}
	if err := r.recallGrids(rec); err != nil {
		return err
	}
	for _, t := range rec.Report.Tensors {
		for _, lin := range selected {
			if t.Quantization != nil && t.Name == r.model.TensorName(lin.Weight) {
				r.onGrid[lin] = true
			}
		}
	}
	if err := r.rerun(ctx, i, pruned, states); err != nil {
		return err
	}
	r.lastRecord = rec
	r.report.add(rec.Report)
	r.event(Event{Stage: StageDone, Fraction: 1, Result: &rec.Report})
	return nil
}

// rerun puts pruned weights into decoder layer i, if its weights were loaded before the run, and if
// asked to takes both streams of hidden states through it.
func (r *run) rerun(ctx context.Context, i int, pruned map[*nn.Linear]*tensor.Tensor, states bool) error {
	module := r.model.Layers()[i]
	put := func() {
		for lin, w := range pruned {
			if lin.Weight.Loaded() {
				lin.Weight.Set(w)
			}
		}
	}
	if !states {
		put()
		return nil
	}
	release, err := r.load(module.Walk)
	if err != nil {
		return err
	}
	defer release()
	dense, err := r.states(ctx, module, r.dense, nil, StageLoad)
	if err != nil {
		return err
	}
	put()
	if len(pruned) == 0 {
		return r.pass(ctx, module, dense)
	}
	out, err := r.states(ctx, module, r.hidden, nil, StagePropagate)
	if err != nil {
		return err
	}
	r.advance(out, dense)
	return nil
}

// keepFinish tells that all is done and written.
func (r *run) keepFinish(selected [][]*nn.Linear) error {
	defer r.timed()()
	if r.keeper == nil {
		return nil
	}
	rec := &finishRecord{Layers: r.report.Layers, Notes: r.report.Finish, Sums: map[string]string{}}
	for _, linears := range selected {
		sums, err := r.sums(linears)
		if err != nil {
			return err
		}
		for name, s := range sums {
			rec.Sums[name] = s
		}
	}
	return r.append(entry{Finish: rec})
}

// recallFinish is the way back.
func (r *run) recallFinish(selected [][]*nn.Linear) error {
	rec := r.past.finish
	for _, linears := range selected {
		for _, lin := range linears {
			w, err := r.putBefore(lin.Weight, rec.Sums)
			if err != nil {
				return err
			}
			if lin.Weight.Loaded() {
				lin.Weight.Set(w)
			}
		}
	}
	r.report.Finish, r.report.Layers, r.report.Totals = rec.Notes, []LayerReport{}, Totals{}
	for _, l := range rec.Layers {
		r.report.add(l)
	}
	return nil
}
