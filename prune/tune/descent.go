package tune

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/adagp/adagp/nn/optim"
	"github.com/adagp/adagp/tensor"
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
	train, judges := count(0, n-held), count(n-held, n)
	d.total = float64((o.Epochs+1)*held + 3*o.Epochs*len(train))
	o.Progress(0)

	start := d.weights.snapshot(nil)
	r, best, err := d.epochs(ctx, train, judges, start)
	if err != nil {
		d.weights.restore(start)
		return Result{}, err
	}
	d.weights.restore(best)
	o.Log.Debug("tuned", "part", d.name, "before", r.Before, "after", r.After, "kept", r.Kept)
	o.Progress(1)
	return r, nil
}

// epochs goes through the windows and returns the best weights by the loss on the judges.
func (d *descent) epochs(ctx context.Context, train, judges []int, start []*tensor.Tensor) (r Result, best []*tensor.Tensor, err error) {
	o := d.options
	if r.Before, err = d.evaluate(ctx, judges); err != nil {
		return r, nil, err
	}
	if !finite(r.Before) {
		return d.diverged(r, start, "cause", fmt.Sprintf("the loss is %v at the start", r.Before))
	}
	r.After, best = r.Before, start
	steps := o.Epochs * ((len(train)-1)/o.BatchWindows + 1)
	opt := optim.New(d.weights.params(), optim.Adam(o.LR, beta1, beta2, epsilon), optim.Options{Schedule: optim.Cosine(o.LR, steps)})
	rng := rand.New(rand.NewPCG(o.Seed, 0x74756e65))
	var saved []*tensor.Tensor // memory of the best weights other than the start
	for range o.Epochs {
		rng.Shuffle(len(train), func(i, j int) { train[i], train[j] = train[j], train[i] })
		for batch := range slices.Chunk(train, o.BatchWindows) {
			if err := ctx.Err(); err != nil {
				return r, nil, err
			}
			diverged, err := d.step(opt, batch)
			if err != nil {
				return r, nil, err
			}
			if diverged != nil {
				return d.diverged(r, start, "cause", diverged.Error())
			}
		}
		loss, err := d.evaluate(ctx, judges)
		if err != nil {
			return r, nil, err
		}
		r.Epochs = append(r.Epochs, loss)
		if !(loss <= divergence*r.Before) {
			return d.diverged(r, start, "before", r.Before, "now", loss)
		}
		if loss < r.After {
			saved = d.weights.snapshot(saved)
			r.After, r.Kept, best = loss, true, saved
		}
	}
	return r, best, nil
}

// diverged gives up: the result is the start.
func (d *descent) diverged(r Result, start []*tensor.Tensor, why ...any) (Result, []*tensor.Tensor, error) {
	d.options.Log.Warn("tuning diverged, the weights stay as they were",
		append([]any{"part", d.name, "rate", d.options.LR}, why...)...)
	r.After, r.Kept = r.Before, false
	return r, start, nil
}

// step takes one step of the optimiser. It tells of a loss or a gradient that is not finite in diverged.
func (d *descent) step(opt *optim.Optimizer, windows []int) (diverged, err error) {
	d.weights.zeroGrad()
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
	d.weights.unpack()
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

// count returns the numbers from lo to hi-1.
func count(lo, hi int) []int {
	ns := make([]int, 0, hi-lo)
	for i := lo; i < hi; i++ {
		ns = append(ns, i)
	}
	return ns
}

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
