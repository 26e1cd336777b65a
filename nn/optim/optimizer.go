package optim

import (
	"fmt"

	spago "github.com/nlpodyssey/spago/nn"
	"github.com/nlpodyssey/spago/optimizers/decay"
	"github.com/nlpodyssey/spago/optimizers/gradclipper"

	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/nn"
)

// Options are what a step does besides the update rule. The zero value does
// nothing.
type Options struct {
	// ClipNorm scales the gradients of all parameters together so that their
	// Euclidean norm is at most this; 0 for no limit.
	ClipNorm float64
	// ClipValue limits every element of the gradients to ±ClipValue, before
	// ClipNorm; 0 for no limit.
	ClipValue float64
	// Schedule gives the learning rate of step t = 1, 2, … from that of the step
	// before (the method's own at first). nil keeps it. Package decay of spago
	// has several, Cosine is another.
	Schedule decay.Function
}

// Optimizer steps parameters.
type Optimizer struct {
	method  *Method
	options Options
	entries []*entry
	steps   int
}

// New returns an optimiser of the given parameters, each counted once however
// often it is listed. The method must not be shared with another optimiser.
// Parameters without Grad are frozen: they are passed over for as long as they
// have none.
func New(params []*nn.Param, m *Method, o Options) *Optimizer {
	opt := &Optimizer{method: m, options: o}
	seen := map[*nn.Param]bool{}
	for _, p := range params {
		if !seen[p] {
			seen[p] = true
			opt.entries = append(opt.entries, &entry{ours: p})
		}
	}
	return opt
}

// Rate returns the learning rate of the last step, before the first one that
// of the method.
func (o *Optimizer) Rate() float64 { return o.method.rate }

// Steps returns how many steps were taken.
func (o *Optimizer) Steps() int { return o.steps }

// ZeroGrad clears the gradients. Step does it too, so that this is needed only
// when gradients were computed and are not to be used.
func (o *Optimizer) ZeroGrad() {
	for _, e := range o.entries {
		if e.ours.Grad != nil {
			e.ours.Grad.Zero()
		}
	}
}

// Step changes every parameter by its gradient and clears the gradient. An
// error names a parameter whose gradient is not finite or does not fit its
// value, or that was not loaded; no parameter has been changed then. Weights that are held in a form become values.
//
// Results do not depend on the number of threads, which share out parameters and
// pieces of large ones. spago's own optimizers.Optimizer is not used for that: in v1.1.0
// its Optimize returns without waiting for the goroutines it started.
func (o *Optimizer) Step() error {
	active, err := o.attach()
	if err != nil {
		return err
	}
	if o.options.Schedule != nil {
		o.method.rate = o.options.Schedule.Decay(o.method.rate, o.steps+1)
		o.method.setRate(o.method.rate)
	}
	o.clip(active)
	errs := make([]error, len(active))
	parallel.For(len(active), 1, func(lo, hi int) {
		var scratch *adamScratch
		if o.method.adam {
			scratch = newAdamScratch()
		}
		for i := lo; i < hi; i++ {
			if scratch != nil {
				scratch.lend(active[i])
			}
			if o.method.step != nil {
				o.method.step(active[i])
			} else {
				errs[i] = o.method.strategy.OptimizeParams(active[i])
			}
		}
	})
	for _, err := range errs {
		if err != nil {
			return fmt.Errorf("optimiser step %d: %w", o.steps+1, err)
		}
	}
	o.method.advance()
	o.steps++
	return nil
}

// attach returns the parameters that have a gradient, in pieces where the rule
// allows it, ready for spago.
func (o *Optimizer) attach() ([]*spago.Param, error) {
	length := pieceLen
	if o.method.whole {
		length = 0
	}
	var active []*spago.Param
	for _, e := range o.entries {
		g := e.ours.Grad
		if g == nil {
			continue
		}
		if !e.ours.Loaded() {
			return nil, fmt.Errorf("optimiser step %d: parameter %s has a gradient and no value", o.steps+1, e.ours.Name)
		}
		v := e.ours.Dense()
		if v.Len() != g.Len() {
			return nil, fmt.Errorf("optimiser step %d: parameter %s: gradient has shape %v, value %v", o.steps+1, e.ours.Name, g.Shape(), v.Shape())
		}
		if i, ok := g.Finite(); !ok {
			return nil, fmt.Errorf("optimiser step %d: gradient of %s is %g at element %d", o.steps+1, e.ours.Name, g.Data()[i], i)
		}
		active = append(active, e.attach(length)...)
	}
	return active, nil
}

// clip limits the gradients of all active parameters.
func (o *Optimizer) clip(active []*spago.Param) {
	if v := o.options.ClipValue; v > 0 {
		c := gradclipper.ValueClipper{Value: v}
		c.ClipGrads(spago.StreamParams(active))
	}
	if n := o.options.ClipNorm; n > 0 && len(active) > 0 {
		c := gradclipper.NormClipper{MaxNorm: n, NormType: 2}
		c.ClipGradients(spago.StreamParams(active))
	}
}
