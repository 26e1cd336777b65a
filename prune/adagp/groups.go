package adagp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/calib"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/refit"
	"github.com/adagp/adagp/prune/scratch"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/prune/wanda"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/linalg"
)

// DefaultTargetRidge is λ of the least-squares targets.
const DefaultTargetRidge = 0.01

// Streams are the calibration batches [sequences · SeqLens[b], width] that enter a network given as
// groups: those of the dense network, and those of the network whose earlier parts are pruned. The
// two are the same where nothing was pruned before.
type Streams struct {
	Dense, Pruned []*scratch.Slot
	DenseOut      []*scratch.Slot // the dense network's outputs, if known; saves computing sums anew
	// DenseSums are the sums behind groups with a residual target in the dense network, by index of the group,
	// where they are known; saves going through it.
	DenseSums map[int][]*scratch.Slot
	SeqLens   []int // nil: every row is a sequence
}

// GroupOptions are the settings of [SolveGroups].
type GroupOptions struct {
	Solver     local.Solver
	Pattern    func(l *nn.Linear) sparsity.Pattern // zeros of each map
	RowWeights func(l *nn.Linear) []float64        // importance of each output's error; nil: all equal
	Frozen     func(l *nn.Linear) bool             // maps that keep their dense weights; nil: none
	Name       func(l *nn.Linear) string           // for messages; nil: the name of the weights
	Ridge      float64                             // share of the mean diagonal in least-squares targets; 0: DefaultTargetRidge
	HeldOut    int                                 // batches, the last ones, that judge and are not fitted to
	Scratch    *scratch.Store                      // for signals that save computing them anew; nil: memory

	// Set puts a solution in place; nil makes them what the map's Weight holds. stats are what
	// the solution was found with.
	Set func(l *nn.Linear, s *local.Solution, stats *calib.Stats) error
	// Note is told the relative squared errors ‖y − xŴᵀ‖² / ‖y‖² on held-out tokens with y the
	// group's target, after each step.
	Note     func(step string, value float64)
	Progress func(fraction float64)
	Log      *slog.Logger
}

func (o *GroupOptions) defaults() error {
	if o.Solver == nil {
		return fmt.Errorf("no local solver")
	}
	if o.Pattern == nil {
		return fmt.Errorf("no pattern")
	}
	if o.Ridge == 0 {
		o.Ridge = DefaultTargetRidge
	}
	if !(o.Ridge > 0) || o.Ridge-o.Ridge != 0 {
		return fmt.Errorf("ridge %v: want a positive number", o.Ridge)
	}
	if o.RowWeights == nil {
		o.RowWeights = func(*nn.Linear) []float64 { return nil }
	}
	if o.Frozen == nil {
		o.Frozen = func(*nn.Linear) bool { return false }
	}
	if o.Name == nil {
		o.Name = func(l *nn.Linear) string { return l.Weight.Name }
	}
	if o.Set == nil {
		o.Set = func(l *nn.Linear, s *local.Solution, _ *calib.Stats) error {
			l.Weight.Set(s.W.Tensor())
			return nil
		}
	}
	if o.Note == nil {
		o.Note = func(string, float64) {}
	}
	if o.Progress == nil {
		o.Progress = func(float64) {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Scratch == nil {
		o.Scratch = scratch.Memory()
	}
	return nil
}

// SolveGroups prunes a network given as groups of linear maps, one group after the other, each on the
// activations that the already pruned ones before it really make. Groups with a target other than
// nn.OwnOutputs are first given the weights that best restore the dense network's signals from those
// activations, by least squares; what the local solver prunes then makes up for earlier damage.
//
// The weights must be loaded; they are replaced through Set. Memory beside the streams, whatever the
// number of tokens: one more copy of each stream's input, the activations of one batch, and the
// sums of one group.
func SolveGroups(ctx context.Context, list []nn.Group, in Streams, o GroupOptions) error {
	e, err := newGroups(list, in, o)
	if err != nil {
		return fmt.Errorf("adagp: %w", err)
	}
	defer e.release()
	return e.run(ctx)
}

// groups is the state of SolveGroups.
type groups struct {
	list          []nn.Group
	in            Streams
	o             GroupOptions
	original      map[*nn.Linear]*tensor.Tensor // dense weights
	masks         map[*nn.Linear]*sparsity.Mask // of what was pruned
	dense, pruned *stream
	lastDense     int  // the last group for which the dense stream has to run
	changed       bool // weights differ from the dense ones
}

func newGroups(list []nn.Group, in Streams, o GroupOptions) (*groups, error) {
	if err := nn.CheckGroups(list); err != nil {
		return nil, err
	}
	if err := o.defaults(); err != nil {
		return nil, err
	}
	if in.SeqLens == nil {
		in.SeqLens = make([]int, len(in.Pruned))
		for b := range in.SeqLens {
			in.SeqLens[b] = 1
		}
	}
	if err := in.check(list, o.HeldOut); err != nil {
		return nil, err
	}
	if err := takeDense(func(visit func(*nn.Param)) {
		for _, g := range list {
			for _, l := range g.Linears {
				l.Walk(visit)
			}
		}
	}); err != nil {
		return nil, err
	}
	e := &groups{list: list, in: in, o: o, original: map[*nn.Linear]*tensor.Tensor{}, masks: map[*nn.Linear]*sparsity.Mask{}}
	for g := range list {
		for _, l := range list[g].Linears {
			e.original[l] = l.Weight.Value()
		}
		if t := list[g].Target; t == nn.DenseOutputs || t == nn.Residual && e.sums(g) == nil {
			e.lastDense = g
		}
	}
	e.dense = newStream(list, in.Dense, in.SeqLens, e.original, e.lastDense, o.Scratch)
	e.pruned = newStream(list, in.Pruned, in.SeqLens, nil, len(list)-1, o.Scratch)
	return e, nil
}

// run prunes group after group.
func (e *groups) run(ctx context.Context) error {
	for g := range e.list {
		if err := e.solveGroup(ctx, g); err != nil {
			return err
		}
		e.progress(float64(g + 1))
	}
	return nil
}

// release drops the signals that were kept.
func (e *groups) release() {
	e.dense.release()
	e.pruned.release()
}

func (e *groups) progress(done float64) { e.o.Progress(min(1, done/float64(len(e.list)))) }

// weights returns the dense weights of a group's maps.
func (e *groups) weights(g *nn.Group) []*linalg.Matrix {
	ws := make([]*linalg.Matrix, len(g.Linears))
	for i, l := range g.Linears {
		ws[i] = linalg.FromTensor(e.original[l])
	}
	return ws
}

// solveGroup prunes the maps of one group.
func (e *groups) solveGroup(ctx context.Context, g int) error {
	group := &e.list[g]
	var free []int
	for i, l := range group.Linears {
		if !e.o.Frozen(l) {
			free = append(free, i)
		}
	}
	if len(free) == 0 {
		return nil
	}
	target := group.Target
	if !e.changed && e.in.Dense[0] == e.in.Pruned[0] {
		target = nn.OwnOutputs // the streams are still the same
	}
	obs, err := e.observe(ctx, g, target, e.o.Solver.Needs().WindowMoments)
	if err != nil {
		return err
	}
	targets, err := e.targets(ctx, obs, group, free)
	if err != nil {
		return err
	}
	stats := &calib.Stats{Inputs: obs.fit.gram.Rows, Tokens: obs.tokens, Hessian: obs.fit.gram, SquaredNorms: obs.fit.gram.Diag(), Moments: obs.moments}
	for k, i := range free {
		l := group.Linears[i]
		dense := linalg.FromTensor(e.original[l])
		s, err := e.solve(ctx, l, obs, i, targets[k], dense, stats)
		if err != nil {
			return err
		}
		if err := e.o.Set(l, s, stats); err != nil {
			return err
		}
		e.masks[l] = s.Mask
		e.changed = true
		e.progress(float64(g) + 0.5 + 0.5*float64(k+1)/float64(len(free)))
	}
	return nil
}

// targets returns the least-squares target of each of the given maps: fitted to the tokens that are not held out, to
// see whether it does better on those than the dense weights, and if so fitted once more to all tokens. nil: the
// dense weights are the target. It leaves the sums of all tokens in obs.fit.
func (e *groups) targets(ctx context.Context, obs *observed, group *nn.Group, free []int) ([]*linalg.Matrix, error) {
	targets := make([]*linalg.Matrix, len(free))
	for k, i := range free {
		if obs.fit.cross[i] == nil {
			continue
		}
		l := group.Linears[i]
		dense := linalg.FromTensor(e.original[l])
		before := obs.held.loss(i, dense, dense)
		e.note(l, "dense", before)
		w, err := e.leastSquares(ctx, l, obs.fit, i, dense)
		if err != nil {
			return nil, err
		}
		if w == nil {
			continue
		}
		after := obs.held.loss(i, w, dense)
		e.note(l, "target", after)
		if !(after < before) {
			// Common with few windows, and nothing is lost: the objectives that were noted tell it as well.
			e.o.Log.Debug("the least-squares target does worse than the dense weights on held-out tokens and is not used",
				"tensor", e.o.Name(l), "dense", before, "target", after)
			continue
		}
		targets[k] = w
	}
	if obs.held == obs.fit {
		return targets, nil
	}
	obs.fit.add(obs.held)
	for k, i := range free {
		if targets[k] == nil {
			continue
		}
		l := group.Linears[i]
		w, err := e.leastSquares(ctx, l, obs.fit, i, linalg.FromTensor(e.original[l]))
		if err != nil {
			return nil, err
		}
		targets[k] = cmp.Or(w, targets[k])
	}
	return targets, nil
}

// leastSquares is W* = (C + μW)(H + μI)⁻¹ of map i, or nil, with a warning, when no ridge makes the
// equations soluble.
func (e *groups) leastSquares(ctx context.Context, l *nn.Linear, s *sides, i int, dense *linalg.Matrix) (*linalg.Matrix, error) {
	p := &local.Problem{Name: e.o.Name(l), W: dense, H: s.gram, Pattern: sparsity.Unstructured(0), Log: e.o.Log}
	w, _, err := refit.LeastSquares(ctx, p, s.cross[i], e.o.Ridge)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		e.o.Log.Warn("no least-squares target, keeping the dense weights", "tensor", e.o.Name(l), "cause", err)
		return nil, nil
	}
	return w, nil
}

// fallback prunes what the local solver cannot factor.
var fallback = wanda.Solver{}

// solve prunes map i towards its target, or the dense weights if that is nil. Where the result would be worse than
// no output at all, the dense weights are pruned as well and the better result is taken.
func (e *groups) solve(ctx context.Context, l *nn.Linear, obs *observed, i int, target, dense *linalg.Matrix, stats *calib.Stats) (*local.Solution, error) {
	s, err := e.solveLocal(ctx, l, cmp.Or(target, dense), stats)
	if err != nil {
		return nil, err
	}
	loss := obs.held.loss(i, s.W, dense)
	if !(loss < 1) && target != nil {
		t, err := e.solveLocal(ctx, l, dense, stats)
		if err != nil {
			return nil, err
		}
		if other := obs.held.loss(i, t.W, dense); other < loss || loss-loss != 0 {
			e.o.Log.Warn("pruning the least-squares target went wrong, pruning the dense weights instead",
				"tensor", e.o.Name(l), "target", loss, "dense", other)
			s, loss = t, other
		}
	}
	e.note(l, "pruned", loss)
	return s, nil
}

func (e *groups) solveLocal(ctx context.Context, l *nn.Linear, w *linalg.Matrix, stats *calib.Stats) (*local.Solution, error) {
	p := &local.Problem{
		Name: e.o.Name(l), W: w, H: stats.Hessian, SquaredNorms: stats.SquaredNorms, Moments: stats.Moments,
		RowWeights: e.o.RowWeights(l), Pattern: e.o.Pattern(l), Log: e.o.Log,
	}
	s, err := local.Solve(ctx, e.o.Solver, p)
	if err == nil || ctx.Err() != nil || !numerical(err) {
		return s, err
	}
	e.o.Log.Warn("the local solver failed, pruning by "+fallback.Describe().Name+" instead", "tensor", p.Name, "cause", err)
	return local.Solve(ctx, fallback, p)
}

// numerical reports whether an error is about a matrix that cannot be factored, eigenvalues that do not
// settle, or values that overflow.
func numerical(err error) bool {
	var notPositive *linalg.NotPositiveDefiniteError
	var notFinite *linalg.NonFiniteError
	return errors.As(err, &notPositive) || errors.As(err, &notFinite) || errors.Is(err, linalg.ErrNoConvergence)
}

// note reports an objective under the last part of the map's name.
func (e *groups) note(l *nn.Linear, step string, value float64) {
	e.o.Note(l.Name()[strings.LastIndexByte(l.Name(), '.')+1:]+" "+step, value)
}
