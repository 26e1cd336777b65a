package tune

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
)

// Global tunes the weights of all decoder layers of student together, so that its distribution of the
// next token comes near that of teacher, the dense model. Both must be loaded; teacher is only run.
// windows are token windows, which may differ in length. masks names the linear layers whose weights
// may move; what a mask prunes must be zero. Weights change in place and are not rounded. The result
// is in nats per position. It ends early as [Block] does.
func Global(ctx context.Context, student, teacher *models.Model, masks map[*nn.Linear]*sparsity.Mask, windows [][]int, o Options) (Result, error) {
	d, err := newGlobal(student, teacher, masks, windows, o)
	if err != nil {
		return Result{}, err
	}
	defer d.weights.only(student.Walk)()
	defer survivorSet(nil).only(teacher.Walk)()
	return d.run(ctx)
}

// GlobalMemory is what [Global] takes with steps of one window, in bytes, both models among it.
func GlobalMemory(s prune.LayerShape) prune.StagePlan {
	layers, hidden := int64(s.Layers), 4*int64(s.Hidden)
	return prune.NewStage("tuning of the model", weightsMemory(s, s.Layers, 1)...).With(
		prune.Part{What: "the model and its dense copy", Bytes: 2 * 4 * s.Model},
		prune.Part{What: "activations of a window in all layers", Bytes: 2 * s.Window * (s.PerToken + hidden) * layers},
		prune.Part{What: "last hidden states of the dense model", Bytes: min(s.Tokens*hidden, prune.MaxDenseOut)},
		prune.Part{What: "logits", Bytes: 4 * 4 * s.Window * int64(s.Vocab)})
}

// wantedBytes bounds what is kept of the teacher's last hidden states. Where all of them need more, they are computed
// again whenever they are asked for. Tests change it.
var wantedBytes = prune.MaxDenseOut

// global is a pruned model and the dense one that it learns from.
type global struct {
	student, teacher *models.Model
	windows          [][]int
	tape             *autograd.Tape   // of all decoder layers
	layer            *autograd.Tape   // of one decoder layer in inference
	head             *autograd.Tape   // of the heads, one window at a time
	wanted           []*tensor.Tensor // what the teacher's head is applied to, by window; nil: not computed yet, or not kept
}

func newGlobal(student, teacher *models.Model, masks map[*nn.Linear]*sparsity.Mask, windows [][]int, o Options) (*descent, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	g := &global{student: student, teacher: teacher, windows: windows, wanted: o.Wanted, tape: autograd.NewTape().Recycle(),
		layer: autograd.NewTape().Recycle(), head: autograd.NewTape().Recycle()}
	if err := g.check(); err != nil {
		return nil, err
	}
	d := &descent{name: "model", loss: g.loss, options: o}
	tokens, width := 0, teacher.Config().HiddenSize
	for i, w := range windows {
		if o.Wanted != nil {
			tensor.CheckShape("tune.Global, wanted", o.Wanted[i], len(w), width)
		}
		d.tokens = append(d.tokens, len(w))
		tokens += len(w)
	}
	if g.wanted == nil && 4*tokens*width <= wantedBytes {
		g.wanted = make([]*tensor.Tensor, len(windows))
	}
	var linears []*nn.Linear
	for _, l := range student.Layers() {
		linears = append(linears, l.Linears()...)
	}
	d.weights, err = collect(linears, masks)
	return d, err
}

// check reports what does not fit together.
func (g *global) check() error {
	if g.student.CausalLM == g.teacher.CausalLM {
		return errors.New("tuning: the model is its own teacher")
	}
	s, t := g.student.Config(), g.teacher.Config()
	if s.VocabSize != t.VocabSize {
		return fmt.Errorf("tuning: vocabularies of %d and, of the teacher, %d", s.VocabSize, t.VocabSize)
	}
	if n := len(g.wanted); g.wanted != nil && n != len(g.windows) {
		return fmt.Errorf("tuning: %d windows of the teacher's states, want %d", n, len(g.windows))
	}
	for _, m := range []*models.Model{g.student, g.teacher} {
		for i, w := range g.windows {
			if err := models.CheckIDs(m.Config(), [][]int{w}); err != nil {
				return fmt.Errorf("tuning: calibration window %d: %w", i, err)
			}
		}
		for _, p := range nn.Params(m.Walk) {
			if !p.Loaded() {
				return fmt.Errorf("tuning: parameter %s is not loaded", p.Name)
			}
		}
	}
	return nil
}

// loss implements descent.loss: KL(dense ‖ pruned) of each token.
func (g *global) loss(windows []int, tokens int, gradient bool) (float64, error) {
	var ids [][]int
	for _, w := range windows {
		ids = append(ids, g.windows[w])
	}
	want := g.wantedOf(windows, ids)
	if !gradient {
		sum, _ := g.divergence(want, g.infer(g.student, ids), tokens, false)
		return sum, nil
	}
	c := &nn.Context{Tape: g.tape}
	h := g.student.Embed(c, ids)
	for _, l := range g.student.Layers() {
		h = l.Forward(c, h)
	}
	sum, dh := g.divergence(want, h.Value, tokens, true)
	g.tape.BackwardFrom(h, dh)
	g.tape.Reset()
	return sum, nil
}

// wantedOf returns what the teacher's head is applied to [length, hidden] for each of some windows of equal length.
func (g *global) wantedOf(windows []int, ids [][]int) []*tensor.Tensor {
	want := make([]*tensor.Tensor, len(windows))
	if g.wanted != nil {
		for i, w := range windows {
			want[i] = g.wanted[w]
		}
	}
	if !slices.Contains(want, nil) {
		return want
	}
	n, all := len(ids[0]), g.infer(g.teacher, ids)
	for i, w := range windows {
		want[i] = all.Rows(i*n, (i+1)*n)
		if g.wanted != nil {
			g.wanted[w] = want[i].Clone()
		}
	}
	return want
}

// infer returns what a model's head is applied to [windows · length, hidden].
func (g *global) infer(m models.CausalLM, ids [][]int) *tensor.Tensor {
	c := &nn.Context{}
	h := m.Embed(c, ids).Value
	for _, l := range m.Layers() {
		h.CopyFrom(l.Forward(c, g.layer.Const(h)).Value)
		g.layer.Reset()
	}
	return h
}

// divergence returns the sum over positions of the divergence of the two models, given the hidden
// states in front of their heads, the teacher's window by window and the student's [windows · length, hidden];
// and if asked to the gradient of that sum divided by tokens with respect to the student's. The heads work on one
// window at a time: their logits are wider than anything else in a model.
func (g *global) divergence(teacher []*tensor.Tensor, student *tensor.Tensor, tokens int, gradient bool) (sum float64, dh *tensor.Tensor) {
	n := teacher[0].Dim(0)
	c := &nn.Context{SeqLen: n}
	if gradient {
		c.Tape, dh = g.head, tensor.New(student.Shape()...)
	}
	weight := tensor.FromSlice([]float32{float32(float64(n) / float64(tokens))}, 1)
	for i, t := range teacher {
		want := g.teacher.Head(&nn.Context{SeqLen: n}, g.head.Const(t))
		h := g.head.Const(student.Rows(i*n, (i+1)*n))
		if gradient {
			h = g.head.Param(h.Value, dh.Rows(i*n, (i+1)*n))
		}
		kl := autograd.KLDiv(want.Value, g.student.Head(c, h))
		sum += float64(kl.Value.Data()[0]) * float64(n)
		if gradient {
			g.head.BackwardFrom(kl, weight)
		}
		g.head.Reset()
	}
	return sum, dh
}
