package tune

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/adagp/adagp/nn/optim"
)

const (
	// Adam's settings other than the rate.
	beta1, beta2 = 0.9, 0.95
	epsilon      = 1e-10
	// One window in heldOutShare is held out. With fewer windows there is no tuning: what one says about the rest
	// is too little.
	heldOutShare = 8
	// divergence is how many times the loss at the start is worth a warning.
	divergence = 10
	// lineSearch is how many points of the way search looks at.
	lineSearch = 3
)

// descent is what tuning a decoder layer and tuning a model have in common.
type descent struct {
	name    string // of what is tuned, for messages
	weights survivorSet
	tokens  []int // of each window
	// loss returns the sum of the losses of all tokens of some windows of equal length. If asked to, it adds to the
	// gradients those of this sum divided by tokens.
	loss    func(windows []int, tokens int, gradient bool) (float64, error)
	options Options
	done    float64 // work, in passes over a window: a training step counts as three, forward and twice that back
	total   float64
}

// run tunes the weights.
func (d *descent) run(ctx context.Context) (r Result, err error) {
	o, n := d.options, len(d.tokens)
	held := n / heldOutShare
	switch {
	case len(d.weights) == 0:
		o.Log.Info("nothing to tune", "part", d.name)
		return r, ctx.Err()
	case held == 0:
		o.Log.Warn("too few calibration windows to tune", "part", d.name, "windows", n, "wanted", heldOutShare)
		return r, ctx.Err()
	}
	windows := make([]int, n)
	for i := range windows {
		windows[i] = i
	}
	train, judges := windows[:n-held], windows[n-held:]
	d.total = float64((1+lineSearch)*held + 3*o.Epochs*len(train))
	o.Progress(0)
	if r.Before, err = d.evaluate(ctx, judges); err == nil {
		r.After = r.Before
		var cause error
		if cause, err = d.epochs(ctx, train, r.Before); cause != nil {
			d.diverged("cause", cause.Error())
		} else if err == nil {
			err = d.search(ctx, judges, &r)
		}
	}
	if err != nil {
		d.weights.settle(0)
		return Result{}, err
	}
	d.weights.settle(r.Step)
	o.Log.Debug("tuned", "part", d.name, "before", r.Before, "after", r.After, "step", r.Step)
	o.Progress(1)
	return r, nil
}

// epochs moves the weights by Adam, batch after batch. A loss or a gradient that is not finite ends them, as the
// first result.
func (d *descent) epochs(ctx context.Context, train []int, before float64) (diverged, err error) {
	if !finite(before) {
		return fmt.Errorf("the loss is %v at the start", before), nil
	}
	o := d.options
	steps := o.Epochs * ((len(train)-1)/o.BatchWindows + 1)
	opt := optim.New(d.weights.params(), optim.Adam(o.LR, beta1, beta2, epsilon), optim.Options{Schedule: optim.Cosine(o.LR, steps)})
	rng := rand.New(rand.NewPCG(o.Seed, 0x74756e65))
	for range o.Epochs {
		rng.Shuffle(len(train), func(i, j int) { train[i], train[j] = train[j], train[i] })
		for batch := range slices.Chunk(train, o.BatchWindows) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if diverged, err := d.step(opt, batch); diverged != nil || err != nil {
				return diverged, err
			}
		}
	}
	return nil, nil
}

// search looks along the straight line from the start (t = 0) to the weights that the epochs led to (t = 1)
// for the point with the lowest loss on the judges: at the end, in the middle, and where the parabola
// through the three losses known then is lowest.
func (d *descent) search(ctx context.Context, judges []int, r *Result) (err error) {
	var losses [lineSearch]float64
	t := 1.0
	for i := range losses {
		d.weights.moveTo(t)
		if losses[i], err = d.evaluate(ctx, judges); err != nil {
			return err
		}
		if losses[i] < r.After {
			r.After, r.Step = losses[i], t
		}
		if t = 0.5; i == 1 {
			t = vertex(r.Before, losses[1], losses[0])
		}
	}
	if !(losses[0] <= divergence*r.Before) {
		d.diverged("before", r.Before, "now", losses[0], "step", r.Step)
	}
	return nil
}

// vertex returns where the parabola through (0, start), (1/2, middle) and (1, end) is lowest, within
// [1/8, 3/2], the lower bound also where it has no such point or losses are not finite.
func vertex(start, middle, end float64) float64 {
	const lowest, highest = 1. / 8, 3. / 2
	curvature := 2 * (start - 2*middle + end)
	t := (start + curvature - end) / (2 * curvature)
	switch {
	case curvature > 0 && finite(t):
		return min(max(t, lowest), highest)
	case end < start:
		return highest
	}
	return lowest
}

// diverged warns that the rate was too high.
func (d *descent) diverged(why ...any) {
	d.options.Log.Warn("tuning diverged", append([]any{"part", d.name, "rate", d.options.LR}, why...)...)
}

// step takes one step of the optimiser. A loss or a gradient that is not finite is the first result.
func (d *descent) step(opt *optim.Optimizer, windows []int) (diverged, err error) {
	loss, _, err := d.sum(windows, true)
	if err != nil {
		return nil, err
	}
	if !finite(loss) {
		return fmt.Errorf("loss of a batch is %v", loss), nil
	}
	d.weights.packGrad()
	if err := opt.Step(); err != nil {
		return err, nil
	}
	d.weights.moveTo(1)
	d.advance(3 * len(windows))
	return nil, nil
}

// evaluate returns the mean loss over the tokens of some windows.
func (d *descent) evaluate(ctx context.Context, windows []int) (float64, error) {
	sum, tokens := 0.0, 0
	for batch := range slices.Chunk(windows, d.options.BatchWindows) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		part, n, err := d.sum(batch, false)
		if err != nil {
			return 0, err
		}
		sum, tokens = sum+part, tokens+n
		d.advance(len(batch))
	}
	return sum / float64(tokens), nil
}

func (d *descent) advance(passes int) {
	d.done += float64(passes)
	d.options.Progress(min(d.done/d.total, 1))
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// sum returns the sum of the losses of all tokens of some windows, and their number. Windows of equal length go
// through in one pass, in the order given, shorter ones first.
func (d *descent) sum(windows []int, gradient bool) (sum float64, tokens int, err error) {
	sorted := slices.Clone(windows)
	slices.SortStableFunc(sorted, func(a, b int) int { return d.tokens[a] - d.tokens[b] })
	for _, w := range sorted {
		tokens += d.tokens[w]
	}
	for len(sorted) > 0 {
		n := 1
		for n < len(sorted) && d.tokens[sorted[n]] == d.tokens[sorted[0]] {
			n++
		}
		part, err := d.loss(sorted[:n], tokens, gradient)
		if err != nil {
			return 0, 0, err
		}
		sum, sorted = sum+part, sorted[n:]
	}
	return sum, tokens, nil
}
