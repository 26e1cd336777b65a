package adagp

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/linalg"
)

// Published settings, used where [Options] leaves a zero.
const (
	DefaultEpochs        = 4
	DefaultRidge         = 0.01 // ours; the published form has none
	defaultGradientSteps = 2
	defaultGradientRate  = 0.01
)

// Options are the settings of [Solve].
type Options struct {
	Solver    local.Solver                        // local solver of every pruning step
	Pattern   sparsity.Pattern                    // zeros that every link is to get
	PatternOf func(l *nn.Linear) sparsity.Pattern // zeros of each link, instead of Pattern
	Frozen    func(l *nn.Linear) bool             // links that keep their dense weights; nil: none
	Hessian   func(l *nn.Linear) *linalg.Matrix   // XᵀX of a link's dense inputs when it is known; nil results are summed here

	Epochs             int     // rounds; 0: DefaultEpochs. With 1 the local solver runs once on the dense chain
	Alpha, Beta, Gamma float64 // penalties of pre-activations, output, activations; 0: [PublishedPenalty]
	Ridge              float64 // share of the mean diagonal added in refits; 0: none, Moore–Penrose inverses
	GradientSteps      int     // for variables without a closed form; 0: 2
	GradientRate       float64 // length of such a step; 0: 0.01
	Safeguard          bool    // shorten or drop gradient steps that raise the objective; not published
	OutputSteps        int     // refits of maps to the output: so many gradient steps, see [PublishedOutputSteps]; 0: regressions

	// Objective is called with the objective after every update and a tag "epoch:update", where the
	// update is "refit V" or "prune V" for the link into variable V, or the name of an auxiliary
	// variable. It makes Solve store all variables and finish the updates of the last epoch.
	Objective func(tag string, value float64)
	// Note is told the objective after every refit and every pruning of a link ("up_proj refit epoch 1"), when all
	// links are pruned ("objective epoch 1"), and when all auxiliary variables are updated ("signals epoch 1"). It
	// comes from the sums over tokens that refits are made of, at hardly any cost, and is as precise as these: to
	// some 1e-6 of what the penalised signals themselves sum up to.
	Note     func(step string, value float64)
	Progress func(fraction float64)
	Log      *slog.Logger

	ownOutput bool // the output is the dense chain's
}

func (o *Options) pattern(l *nn.Linear) sparsity.Pattern {
	if o.PatternOf != nil {
		return o.PatternOf(l)
	}
	return o.Pattern
}

// defaults fills in zeros and checks the rest.
func (o *Options) defaults(c *nn.Chain) error {
	if o.Solver == nil {
		return fmt.Errorf("no local solver")
	}
	if o.Epochs == 0 {
		o.Epochs = DefaultEpochs
	}
	if o.GradientSteps == 0 {
		o.GradientSteps = defaultGradientSteps
	}
	if o.GradientRate == 0 {
		o.GradientRate = defaultGradientRate
	}
	for _, p := range []*float64{&o.Alpha, &o.Beta, &o.Gamma} {
		if *p == 0 {
			*p = PublishedPenalty(c)
		}
	}
	for _, v := range []struct {
		name  string
		value float64
	}{{"alpha", o.Alpha}, {"beta", o.Beta}, {"gamma", o.Gamma}, {"gradient rate", o.GradientRate},
		{"epochs", float64(o.Epochs)}, {"gradient steps", float64(o.GradientSteps)}} {
		if !(v.value > 0) || v.value-v.value != 0 {
			return fmt.Errorf("%s %v: want a positive number", v.name, v.value)
		}
	}
	if o.OutputSteps < 0 {
		return fmt.Errorf("output steps %d: want 0 or a positive number", o.OutputSteps)
	}
	if !(o.Ridge >= 0) || o.Ridge-o.Ridge != 0 {
		return fmt.Errorf("ridge %v: want 0 or a positive number", o.Ridge)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Frozen == nil {
		o.Frozen = func(*nn.Linear) bool { return false }
	}
	return nil
}

// Solve prunes the linear maps of a chain together, so that from inputs x [tokens, in] the pruned
// chain computes about y [tokens, out]. With y nil that is what the chain computes with its present,
// dense weights. The weights must be loaded and are not changed; the result has a solution for every
// link that is not frozen. With a single epoch, all Hessians and y nil, nothing is computed for any token, and
// x may be nil as well.
//
// Memory beside x and y: the pre-activations of all tokens, two Gram matrices' worth of sums per
// variable and link, and a chunk of every variable.
func Solve(ctx context.Context, c *nn.Chain, x, y *tensor.Tensor, o Options) (map[*nn.Linear]*local.Solution, error) {
	if err := c.Check(); err != nil {
		return nil, fmt.Errorf("adagp: %w", err)
	}
	if err := o.defaults(c); err != nil {
		return nil, fmt.Errorf("adagp: chain %s: %w", c.Name, err)
	}
	if err := checkWeights(c.Walk); err != nil {
		return nil, fmt.Errorf("adagp: chain %s: %w", c.Name, err)
	}
	e := &engine{graph: newGraph(c, o.Alpha, o.Beta, o.Gamma), o: &o, exact: o.Ridge == 0 && o.Epochs > 1, losses: map[term]float64{}}
	for _, l := range e.links {
		l.frozen = o.Frozen(l.Linear)
		if l.outs[0] == e.y {
			l.steps = o.OutputSteps
		}
	}
	o.ownOutput = y == nil
	e.clearSums(true, false)
	var err error
	if len(e.summed) > 0 || !o.ownOutput || o.Epochs > 1 || o.Objective != nil {
		err = e.start(ctx, x, y)
	}
	if err == nil {
		err = e.run(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("adagp: chain %s: %w", c.Name, err)
	}
	return e.solutions(), nil
}

// start gives all variables their first values: x, y unless that is nil, and what the dense network makes of
// them.
func (e *engine) start(ctx context.Context, x, y *tensor.Tensor) error {
	e.tokens = x.Dim(0)
	for _, l := range e.x.links {
		tensor.CheckShape("adagp.Solve input", x, e.tokens, l.Linear.In())
	}
	e.x.values = x
	if y == nil {
		y = tensor.New(e.tokens, e.width(e.y))
	}
	tensor.CheckShape("adagp.Solve output", y, e.tokens, e.width(e.y))
	e.y.values = y
	e.schedule()
	if err := e.initialise(ctx); err != nil {
		return err
	}
	for _, l := range e.links {
		if l.cross != nil { // the output is not what its dense weights make
			e.losses[l] = e.linkLoss(l)
		}
	}
	return nil
}

func (e *engine) solutions() map[*nn.Linear]*local.Solution {
	solutions := map[*nn.Linear]*local.Solution{}
	for _, l := range e.links {
		if l.solution != nil {
			solutions[l.Linear] = l.solution
		}
	}
	return solutions
}
