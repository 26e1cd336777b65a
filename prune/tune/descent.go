package tune

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/adagp/adagp/nn/optim"
)

// descent is the part that tuning a block and tuning a model have in common.
type descent struct {
	name    string // of what is tuned, for messages
	weights all
	tokens  []int // of each window
	// loss returns the sum over the tokens of some windows of their losses, and if asked to adds to
	// the gradients those of the loss's mean over these tokens.
	loss    func(windows []int, gradient bool) (float64, error)
	options Options
	done    float64 // work, in passes over a window: a training step counts as three, forward and twice that back
	total   float64
}

// run tunes the weights.
func (d *descent) run(ctx context.Context) (Result, error) {
	o, n := d.options, len(d.tokens)
	held := o.heldOut(n)
	switch {
	case len(d.weights) == 0:
		o.Log.Info("nothing to tune", "part", d.name)
		return Result{}, ctx.Err()
	case held == 0:
		o.Log.Warn("too few calibration windows to tune", "part", d.name, "windows", n, "wanted", minWindows)
		return Result{}, ctx.Err()
	}
	windows := make([]int, n)
	for i := range windows {
		windows[i] = i
	}
	train, judges := windows[:n-held], windows[n-held:]
	d.total = float64((1+lineSearch)*held + 3*o.Epochs*len(train))
	o.Progress(0)

	r, err := d.epochs(ctx, train, judges)
	if err != nil {
		d.weights.settle(0)
		return Result{}, err
	}
	d.weights.settle(r.Step)
	o.Log.Debug("tuned", "part", d.name, "before", r.Before, "after", r.After, "step", r.Step)
	o.Progress(1)
	return r, nil
}

// epochs goes through the windows and returns how far to go in the direction found.
func (d *descent) epochs(ctx context.Context, train, judges []int) (r Result, err error) {
	o := d.options
	if r.Before, err = d.evaluate(ctx, judges); err != nil {
		return r, err
	}
	r.After = r.Before
	if !finite(r.Before) {
		d.diverged("cause", fmt.Sprintf("the loss is %v at the start", r.Before))
		return r, nil
	}
	steps := o.Epochs * ((len(train)-1)/o.BatchWindows + 1)
	opt := optim.New(d.weights.params(), optim.Adam(o.LR, beta1, beta2, epsilon), optim.Options{Schedule: optim.Cosine(o.LR, steps)})
	rng := rand.New(rand.NewPCG(o.Seed, 0x74756e65))
	for range o.Epochs {
		rng.Shuffle(len(train), func(i, j int) { train[i], train[j] = train[j], train[i] })
		for batch := range slices.Chunk(train, o.BatchWindows) {
			if err := ctx.Err(); err != nil {
				return r, err
			}
			diverged, err := d.step(opt, batch)
			if err != nil {
				return r, err
			}
			if diverged != nil {
				d.diverged("cause", diverged.Error())
				return r, nil
			}
		}
	}
	return r, d.search(ctx, judges, &r)
}

// lineSearch is how many points of the way search looks at.
const lineSearch = 3

// search looks along the straight line from the start (t = 0) to the weights that the epochs led to (t = 1)
// for the point with the lowest loss on the judges: at the end, in the middle, and where the parabola
// through the three losses known then is lowest.
func (d *descent) search(ctx context.Context, judges []int, r *Result) error {
	var losses [lineSearch]float64
	t := 1.0
	for i := range losses {
		d.weights.moveTo(t)
		loss, err := d.evaluate(ctx, judges)
		if err != nil {
			return err
		}
		losses[i] = loss
		if loss < r.After {
			r.After, r.Step = loss, t
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

// step takes one step of the optimiser. It tells of a loss or a gradient that is not finite in diverged.
func (d *descent) step(opt *optim.Optimizer, windows []int) (diverged, err error) {
	loss, err := d.loss(windows, true)
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
		loss, err := d.loss(batch, false)
		if err != nil {
			return 0, err
		}
		sum += loss
		for _, w := range batch {
			tokens += d.tokens[w]
		}
		d.advance(len(batch))
	}
	return sum / float64(tokens), nil
}

func (d *descent) advance(passes int) {
	d.done += float64(passes)
	d.options.Progress(min(d.done/d.total, 1))
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// byLength divides some windows into groups of equal length, which one pass can take together: each in
// the order given, shorter windows first. It also returns their tokens.
func (d *descent) byLength(windows []int) (groups [][]int, tokens int) {
	sorted := slices.Clone(windows)
	slices.SortStableFunc(sorted, func(a, b int) int { return d.tokens[a] - d.tokens[b] })
	for lo, hi := 0, 0; lo < len(sorted); lo = hi {
		for hi = lo; hi < len(sorted) && d.tokens[sorted[hi]] == d.tokens[sorted[lo]]; hi++ {
			tokens += d.tokens[sorted[hi]]
		}
		groups = append(groups, sorted[lo:hi])
	}
	return groups, tokens
}
