package adagp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune"
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

// GroupOptions are the settings of [SolveGroups].
type GroupOptions struct {
	Solver     local.Solver
	Pattern    func(l *nn.Linear) sparsity.Pattern // zeros of each map
	RowWeights func(l *nn.Linear) []float64        // importance of each output's error [out]; nil: all equal
	Frozen     func(l *nn.Linear) bool             // maps that keep their dense weights; nil: none
	Name       func(l *nn.Linear) string           // for messages; nil: the name of the weights
	Ridge      float64                             // share of the mean diagonal in least-squares targets; 0: DefaultTargetRidge
	HeldOut    int                                 // batches, the last ones, that judge and are not fitted to
	Scratch    *scratch.Store                      // for signals that save computing them anew; nil: memory

	// Set puts a solution in place; nil makes them what the map's Weight holds. stats are what
	// the solution was found with.
	Set func(l *nn.Linear, s *local.Solution, stats *calib.Stats) error
	// Note is told the relative squared errors ‖y − xŴᵀ‖² / ‖y‖² on held-out tokens with y the
	// group's target, after each step; nil: nobody.
	Note     func(step string, value float64)
	Progress func(fraction float64) // nil: nobody
	Log      *slog.Logger           // nil: silent
}

func (o *GroupOptions) defaults() error {
	if o.Solver == nil {
		return fmt.Errorf("no local solver")
	}
	if o.Pattern == nil {
		return fmt.Errorf("no pattern")
	}
	o.Ridge = cmp.Or(o.Ridge, DefaultTargetRidge)
	if !(o.Ridge > 0) || o.Ridge-o.Ridge != 0 {
		return fmt.Errorf("ridge %v: want a positive number", o.Ridge)
	}
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	if o.Scratch == nil {
		o.Scratch = scratch.Memory()
	}
	if o.Name == nil {
		o.Name = func(l *nn.Linear) string { return l.Weight.Name }
	}
	return nil
}

// SolveGroups prunes a network given as groups of linear maps, one group after the other, each on the
// activations that the already pruned ones before it really make. Groups with a target other than
// nn.OwnOutputs are first given the weights that best restore the dense network's signals from those
// activations, by least squares; what the local solver prunes then makes up for earlier damage.
// docs/maths/adagp-plus.md, equations (1) to (3).
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
		in.SeqLens = slices.Repeat([]int{1}, len(in.Pruned))
	}
	if err := in.check(list, o.HeldOut); err != nil {
		return nil, err
	}
	e := &groups{list: list, in: in, o: o, original: map[*nn.Linear]*tensor.Tensor{}}
	for g := range list {
		for _, l := range list[g].Linears {
			if err := takeDense(l.Walk); err != nil {
				return nil, err
			}
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

func (e *groups) progress(done float64) {
	if e.o.Progress != nil {
		e.o.Progress(min(1, done/float64(len(e.list))))
	}
}

// note reports an objective under the last part of the map's name.
func (e *groups) note(l *nn.Linear, step string, value float64) {
	if e.o.Note != nil {
		e.o.Note(lastName(l)+" "+step, value)
	}
}

// lastName is the last part of a map's name.
func lastName(l *nn.Linear) string { return l.Name()[strings.LastIndexByte(l.Name(), '.')+1:] }

// weights returns the dense weights of a map.
func (e *groups) weights(l *nn.Linear) *linalg.Matrix { return linalg.FromTensor(e.original[l]) }

// solveGroup prunes the maps of one group.
func (e *groups) solveGroup(ctx context.Context, g int) error {
	group := &e.list[g]
	var free []int
	for i, l := range group.Linears {
		if e.o.Frozen == nil || !e.o.Frozen(l) {
			free = append(free, i)
		}
	}
	if len(free) == 0 {
		return nil
	}
	obs, err := e.observe(ctx, g)
	if err != nil {
		return err
	}
	targets, err := e.targets(ctx, obs, free)
	if err != nil {
		return err
	}
	obs.stats.Hessian, obs.stats.SquaredNorms = obs.fit.gram, obs.fit.gram.Diag()
	for k, i := range free {
		l := group.Linears[i]
		s, err := e.solve(ctx, obs, i, targets[k])
		if err != nil {
			return err
		}
		if e.o.Set == nil {
			l.Weight.Set(s.W.Tensor())
		} else if err := e.o.Set(l, s, obs.stats); err != nil {
			return err
		}
		e.changed = true
		e.progress(float64(g) + 0.5 + 0.5*float64(k+1)/float64(len(free)))
	}
	return nil
}

// targets returns the least-squares target of each of the given maps: fitted to the tokens that are not held out, to
// see whether it does better on those than the dense weights, and if so fitted once more to all tokens. nil: the
// dense weights are the target. It leaves the sums of all tokens in obs.fit.
func (e *groups) targets(ctx context.Context, obs *observed, free []int) ([]*linalg.Matrix, error) {
	targets := make([]*linalg.Matrix, len(free))
	for k, i := range free {
		if obs.fit.cross[i] == nil {
			continue
		}
		l := obs.group.Linears[i]
		dense := e.weights(l)
		before := obs.held.loss(i, dense, dense)
		e.note(l, "dense", before)
		w, err := e.leastSquares(ctx, obs, i, dense)
		if err != nil {
			return nil, err
		}
		if w == nil {
			continue
		}
		after := obs.held.loss(i, w, dense)
		e.note(l, "target", after)
		if after < before {
			targets[k] = w
			continue
		}
		// Common with few windows, and nothing is lost: the objectives that were noted tell it as well.
		e.o.Log.Debug("the least-squares target does worse than the dense weights on held-out tokens and is not used",
			"tensor", e.o.Name(l), "dense", before, "target", after)
	}
	if obs.held == obs.fit {
		return targets, nil
	}
	obs.fit.add(obs.held)
	for k, i := range free {
		if targets[k] == nil {
			continue
		}
		w, err := e.leastSquares(ctx, obs, i, e.weights(obs.group.Linears[i]))
		if err != nil {
			return nil, err
		}
		targets[k] = cmp.Or(w, targets[k])
	}
	return targets, nil
}

// leastSquares is W* = (C + μW)(H + μI)⁻¹ of map i, or nil, with a warning, when no ridge makes the
// equations soluble.
func (e *groups) leastSquares(ctx context.Context, obs *observed, i int, dense *linalg.Matrix) (*linalg.Matrix, error) {
	p := &local.Problem{Name: e.o.Name(obs.group.Linears[i]), W: dense, H: obs.fit.gram, Log: e.o.Log}
	w, _, err := refit.LeastSquares(ctx, p, obs.fit.cross[i], e.o.Ridge)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		e.o.Log.Warn("no least-squares target, keeping the dense weights", "tensor", p.Name, "cause", err)
		return nil, nil
	}
	return w, nil
}

// solve prunes map i towards its target, or the dense weights if that is nil. Where the result would be worse than
// no output at all, the dense weights are pruned as well and the better result is taken.
func (e *groups) solve(ctx context.Context, obs *observed, i int, target *linalg.Matrix) (*local.Solution, error) {
	l := obs.group.Linears[i]
	dense := e.weights(l)
	s, err := e.solveLocal(ctx, l, cmp.Or(target, dense), obs.stats)
	if err != nil {
		return nil, err
	}
	loss := obs.held.loss(i, s.W, dense)
	if !(loss < 1) && target != nil {
		t, err := e.solveLocal(ctx, l, dense, obs.stats)
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

// fallback prunes what the local solver cannot factor.
var fallback = wanda.Solver{}

func (e *groups) solveLocal(ctx context.Context, l *nn.Linear, w *linalg.Matrix, stats *calib.Stats) (*local.Solution, error) {
	p := &local.Problem{
		Name: e.o.Name(l), W: w, H: stats.Hessian, SquaredNorms: stats.SquaredNorms, Moments: stats.Moments, More: stats.More,
		Pattern: e.o.Pattern(l), Log: e.o.Log,
	}
	if e.o.RowWeights != nil {
		p.RowWeights = e.o.RowWeights(l)
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

// groupMemory is what pruning a group takes, in bytes: while its inputs are observed, while targets are found, and while
// its largest matrix is pruned.
func groupMemory(g *nn.Group, solver local.Solver, s prune.LayerShape) []prune.StagePlan {
	in, outputs, most := g.Linears[0].In(), 0, 0
	for _, l := range g.Linears {
		if s.Prunes(l) {
			outputs, most = outputs+l.Out(), max(most, l.Out())
		}
	}
	if outputs == 0 {
		return nil
	}
	summing, finishing, finished := observedBytes(g, outputs, solver.Needs(), s.HeldOut)
	matrix, name := prune.Float64s(most, in), g.Linears[0].Name()
	stages := []prune.StagePlan{prune.NewStage("observing "+name, prune.Part{What: "sums over tokens", Bytes: summing}, s.Activations)}
	sums := prune.Part{What: "sums over tokens", Bytes: finished}
	weights := prune.Part{What: "targets and dense weights", Bytes: prune.Float64s(outputs, in) + matrix}
	if g.Target != nn.OwnOutputs {
		stages = append(stages,
			prune.NewStage("cross moments of "+name, prune.Part{What: "sums over tokens", Bytes: finishing}, prune.Part{What: "dense weights", Bytes: matrix}),
			prune.NewStage("target of "+name, sums, weights, prune.Part{What: "normal equations", Bytes: refit.LeastSquaresBytes(most, in)}))
	}
	// Behind the solver the loss has a difference and its products, and Set the rounded weights.
	work := max(prune.WorkspaceOf(solver, most, in, s.Kept)+matrix+local.RowWeightsBytes(most, in), 5*matrix)
	return append(stages, prune.NewStage("pruning "+name, sums, weights, prune.Part{What: "the solver's matrices", Bytes: work}))
}
