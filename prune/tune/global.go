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
// is in nats per position.
//
// Besides both models, memory holds the gradients of the tuned matrices, the activations of one batch,
// the logits of one window, and seven numbers for each weight that survives: its value at the start, how
// far it has moved, its gradient, Adam's two moments, and two copies of what it is now. The teacher's last
// hidden states, unless given, are kept where they take no more than a quarter of a gibibyte.
//
// It ends early as [Block] does.
func Global(ctx context.Context, student, teacher *models.Model, masks map[*nn.Linear]*sparsity.Mask, windows [][]int, o Options) (Result, error) {
	d, err := newGlobal(student, teacher, masks, windows, o)
	if err != nil {
		return Result{}, err
	}
	defer d.weights.only(student.Walk)()
	defer all(nil).only(teacher.Walk)()
	return d.run(ctx)
}

func newGlobal(student, teacher *models.Model, masks map[*nn.Linear]*sparsity.Mask, windows [][]int, o Options) (*descent, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	g := &global{student: student, teacher: teacher, windows: windows, tape: autograd.NewTape().Recycle(),
		layer: autograd.NewTape().Recycle(), head: autograd.NewTape().Recycle()}
	if err := g.check(); err != nil {
		return nil, err
	}
	var linears []*nn.Linear
	for _, l := range student.Layers() {
		linears = append(linears, l.Linears()...)
	}
	weights, err := collect(linears, masks)
	if err != nil {
		return nil, err
	}
	g.descent = &descent{name: "model", weights: weights, loss: g.loss, options: o.withDefaults()}
	tokens := 0
	for _, w := range windows {
		g.descent.tokens = append(g.descent.tokens, len(w))
		tokens += len(w)
	}
	if o.Wanted != nil {
		if len(o.Wanted) != len(windows) {
			return nil, fmt.Errorf("tuning: %d windows of the teacher's states, want %d", len(o.Wanted), len(windows))
		}
		for i, w := range windows {
			tensor.CheckShape("tune.Global, wanted", o.Wanted[i], len(w), teacher.Config().HiddenSize)
		}
		g.wanted = o.Wanted
	} else if tokens <= wantedBytes/4/teacher.Config().HiddenSize {
		g.wanted = make([]*tensor.Tensor, len(windows))
	}
	return g.descent, nil
}

// global is a pruned model and the dense one that it learns from.
type global struct {
	student, teacher *models.Model
	windows          [][]int
	descent          *descent
	tape             *autograd.Tape   // of all decoder layers
	layer            *autograd.Tape   // of one decoder layer in inference
	head             *autograd.Tape   // of the heads, one window at a time
	wanted           []*tensor.Tensor // what the teacher's head is applied to, by window; nil: not computed yet, or not kept
}

// WantedBytes bounds what [Global] keeps of the teacher's last hidden states. Where they need more, they are
// computed again whenever they are asked for.
const WantedBytes = prune.MaxDenseOut

var wantedBytes = WantedBytes // tests change it

// wantedOf returns what the teacher's head is applied to for some windows of equal length.
func (g *global) wantedOf(group []int) *tensor.Tensor {
	if g.wanted != nil && !slices.ContainsFunc(group, func(w int) bool { return g.wanted[w] == nil }) {
		n, width := len(g.windows[group[0]]), g.teacher.Config().HiddenSize
		all := tensor.New(len(group)*n, width)
		for i, w := range group {
			all.Rows(i*n, (i+1)*n).CopyFrom(g.wanted[w])
		}
		return all
	}
	ids := g.ids(group)
	all := g.infer(g.teacher, ids)
	if g.wanted != nil {
		for i, w := range group {
			n := len(g.windows[w])
			g.wanted[w] = all.Rows(i*n, (i+1)*n).Clone()
		}
	}
	return all
}

// ids returns the tokens of some windows.
func (g *global) ids(group []int) (ids [][]int) {
	for _, w := range group {
		ids = append(ids, g.windows[w])
	}
	return ids
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
	for i, w := range g.windows {
		for _, c := range []models.Config{s, t} {
			if err := models.CheckIDs(c, [][]int{w}); err != nil {
				return fmt.Errorf("tuning: calibration window %d: %w", i, err)
			}
		}
	}
	for _, m := range []*models.Model{g.student, g.teacher} {
		for _, p := range nn.Params(m.Walk) {
			if !p.Loaded() {
				return fmt.Errorf("tuning: parameter %s is not loaded", p.Name)
			}
		}
	}
	return nil
}

func (g *global) loss(windows []int, gradient bool) (float64, error) {
	groups, tokens := g.descent.byLength(windows)
	sum := 0.0
	for _, group := range groups {
		ids, want := g.ids(group), g.wantedOf(group)
		if !gradient {
			part, _ := g.divergence(want, g.infer(g.student, ids), len(ids[0]), tokens, false)
			sum += part
			continue
		}
		c := &nn.Context{Tape: g.tape}
		h := g.student.Embed(c, ids)
		for _, l := range g.student.Layers() {
			h = l.Forward(c, h)
		}
		part, dh := g.divergence(want, h.Value, len(ids[0]), tokens, true)
		sum += part
		g.tape.BackwardFrom(h, dh)
		g.tape.Reset()
	}
	return sum, nil
}

// infer returns what a model's head is applied to.
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
// states in front of their heads [windows · length, hidden], and if asked to the gradient of that sum
// divided by tokens with respect to the student's. The heads work on one window at a time: their
// logits are wider than anything else in a model.
func (g *global) divergence(teacher, student *tensor.Tensor, length, tokens int, gradient bool) (sum float64, dh *tensor.Tensor) {
	c := &nn.Context{SeqLen: length}
	if gradient {
		c.Tape, dh = g.head, tensor.New(student.Shape()...)
	}
	weight := tensor.FromSlice([]float32{float32(float64(length) / float64(tokens))}, 1)
	for lo := 0; lo < student.Dim(0); lo += length {
		want := g.teacher.Head(&nn.Context{SeqLen: length}, g.head.Const(teacher.Rows(lo, lo+length)))
		h := g.head.Const(student.Rows(lo, lo+length))
		if gradient {
			h = g.head.Param(h.Value, dh.Rows(lo, lo+length))
		}
		kl := autograd.KLDiv(want.Value, g.student.Head(c, h))
		sum += float64(kl.Value.Data()[0]) * float64(length)
		if gradient {
			g.head.BackwardFrom(kl, weight)
		}
		g.head.Reset()
	}
	return sum, dh
}
