package adagp

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"

	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/calib"
	"github.com/adagp/adagp/prune/local"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor"
)

const (
	DefaultEpochs = 4    // published, where Options.Epochs is 0
	DefaultRidge  = 0.01 // ours; the published form has none
)

// Options are the settings of [Solve]. Their zero values are those of the published method, but for Solver and
// Pattern, which have none.
type Options struct {
	// Solver is the local solver of every pruning step. Statistics of its own (Needs.More) are summed over chunks of at most
	// 1024 tokens, which are no calibration windows, or over what operators make of these.
	Solver  local.Solver
	Pattern func(l *nn.Linear) sparsity.Pattern // zeros of each link, such as [Uniform]
	Frozen  func(l *nn.Linear) bool             // links that keep their weights; nil: none
	// Stats are sums over a link's inputs in the dense chain that are known: the Hessian XᵀX [in, in], and what else the
	// solver asks for. nil, or a nil result: they are summed here.
	Stats func(l *nn.Linear) *calib.Stats

	// Masks, if given, are fixed: only weights change, those of links without a mask do not, and Solver and Pattern
	// are not used. Without, the local solver chooses masks anew in every epoch.
	Masks map[*nn.Linear]*sparsity.Mask
	// Dense are the dense weights [out, in] of links whose present weights are pruned already.
	Dense map[*nn.Linear]*tensor.Tensor
	// Recompute lets every pass over the tokens start the auxiliary variables at what the present weights compute.
	// Nothing is stored for each token then, and weights are updated from the input to the output, each input of
	// links with a pass of its own. Without, variables persist: they go on from where the pass before left them, and
	// one pass an epoch serves all links.
	Recompute bool

	Epochs             int     // rounds; 0: DefaultEpochs. With 1 and free masks the local solver runs once on the dense chain
	Alpha, Beta, Gamma float64 // penalties of pre-activations, output, activations; 0: those of [Published]
	Relative           bool    // penalties are in units of the mean squares of the dense signals; not published
	Ridge              float64 // share of the mean diagonal added in refits; 0: none, Moore–Penrose inverses
	Newton             bool    // Gauss–Newton steps for variables without a closed form that one activation reads; not published
	Safeguard          bool    // shorten or drop gradient steps that raise the objective; not published
	OutputSteps        int     // refits of maps to the output: so many gradient steps, see [Published]; 0: regressions

	// Judge is told ‖y − chain(x)‖² / ‖y‖² after every epoch, with fixed masks that of the start too, as epoch 0. It
	// makes the weights of the best epoch the result: none where the start is the best. Not published.
	Judge func(epoch int, err float64)
	// Objective is called with the objective after every update and a tag "epoch:update", where the
	// update is "refit V" or "prune V" for the link into variable V, or the name of an auxiliary
	// variable. It makes Solve store all variables and finish the updates of the last epoch.
	Objective func(tag string, value float64)
	// Note is told the objective after every refit and every pruning of a link ("up_proj refit epoch 1"), when all
	// links are pruned ("objective epoch 1"), and when all auxiliary variables are updated ("signals epoch 1"). It
	// comes from the sums over tokens that refits are made of, at hardly any cost, and is as precise as these: to
	// some 1e-6 of what the penalised signals themselves sum up to.
	Note     func(step string, value float64)
	Progress func(fraction float64) // nil: nobody
	Log      *slog.Logger           // nil: silent
}

// Uniform is the same pattern for every link or map.
func Uniform(p sparsity.Pattern) func(*nn.Linear) sparsity.Pattern {
	return func(*nn.Linear) sparsity.Pattern { return p }
}

// fixed reports whether masks are given.
func (o *Options) fixed() bool { return o.Masks != nil }

// defaults fills in zeros and checks the rest.
func (o *Options) defaults(c *nn.Chain) error {
	if !o.fixed() && o.Solver == nil {
		return fmt.Errorf("no local solver")
	}
	if !o.fixed() && o.Pattern == nil {
		return fmt.Errorf("no pattern")
	}
	if o.Recompute && (o.Note != nil || o.Objective != nil) {
		return fmt.Errorf("variables that are recomputed have no objective from one pass to the next: want Judge instead of Note or Objective")
	}
	o.Epochs = cmp.Or(o.Epochs, DefaultEpochs)
	penalty, _ := Published(c)
	o.Alpha, o.Beta, o.Gamma = cmp.Or(o.Alpha, penalty), cmp.Or(o.Beta, penalty), cmp.Or(o.Gamma, penalty)
	for _, v := range []struct {
		name  string
		value float64
	}{{"alpha", o.Alpha}, {"beta", o.Beta}, {"gamma", o.Gamma}, {"epochs", float64(o.Epochs)}} {
		if !(v.value > 0) || v.value-v.value != 0 {
			return fmt.Errorf("%s %v: want a positive number", v.name, v.value)
		}
	}
	if !(o.Ridge >= 0) || o.Ridge-o.Ridge != 0 {
		return fmt.Errorf("ridge %v: want 0 or a positive number", o.Ridge)
	}
	if o.OutputSteps < 0 {
		return fmt.Errorf("output steps %d: want 0 or a positive number", o.OutputSteps)
	}
	for l, m := range o.Masks {
		if m != nil && (m.Rows != l.Out() || m.Cols != l.In()) {
			return fmt.Errorf("mask of %d × %d for the weights of %s: want %d × %d", m.Rows, m.Cols, l.Name(), l.Out(), l.In())
		}
	}
	for l, w := range o.Dense {
		if !slices.Equal(w.Shape(), []int{l.Out(), l.In()}) {
			return fmt.Errorf("dense weights of shape %v for %s: want %d × %d", w.Shape(), l.Name(), l.Out(), l.In())
		}
	}
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	return nil
}

// Solve prunes the linear maps of a chain together, so that from inputs x [tokens, in] the pruned
// chain computes about y [tokens, out]. With y nil that is what the chain computes with its present,
// dense weights. The weights must be loaded and are not changed; the result has a solution for every
// link that is not frozen, or of the best epoch, see Options.Judge. With a single epoch, free masks, Stats of all links
// and y nil, nothing is computed for any token, and x may be nil as well. "SparseLLM" (arXiv 2402.17946), section 3;
// docs/maths/adagp.md.
//
// Memory beside x and y: the pre-activations of all tokens, two Gram matrices' worth of sums per
// variable and link, and a chunk of every variable. Inputs and outputs of other shapes panic with a *tensor.ShapeError.
func Solve(ctx context.Context, c *nn.Chain, x, y *tensor.Tensor, o Options) (map[*nn.Linear]*local.Solution, error) {
	return alternate(ctx, c, o, func(g *graph) tokens {
		if x == nil {
			return tokens{ownOutput: true}
		}
		n := x.Dim(0)
		tensor.CheckShape("adagp.Solve input", x, n, g.x.width)
		data := tokens{rows: []int{n}, ownOutput: y == nil}
		if data.ownOutput {
			y = tensor.New(n, g.y.width)
		}
		tensor.CheckShape("adagp.Solve output", y, n, g.y.width)
		data.at = func(int) (*tensor.Tensor, *tensor.Tensor, error) { return x, y, nil }
		return data
	})
}

// alternate checks a chain and its options and alternates over it. data gives the tokens of the resolved chain.
func alternate(ctx context.Context, c *nn.Chain, o Options, data func(*graph) tokens) (solutions map[*nn.Linear]*local.Solution, err error) {
	if err := c.Check(); err != nil {
		return nil, fmt.Errorf("adagp: %w", err)
	}
	if err = o.defaults(c); err == nil {
		err = takeDense(c.Walk)
	}
	if err == nil {
		e := newEngine(c, &o)
		e.tokens = data(e.graph)
		solutions, err = e.run(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("adagp: chain %s: %w", c.Name, err)
	}
	return solutions, nil
}
