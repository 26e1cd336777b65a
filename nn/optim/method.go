package optim

import (
	spago "github.com/nlpodyssey/spago/nn"
	"github.com/nlpodyssey/spago/optimizers"
	"github.com/nlpodyssey/spago/optimizers/adam"
	"github.com/nlpodyssey/spago/optimizers/lamb"
	"github.com/nlpodyssey/spago/optimizers/radam"
	"github.com/nlpodyssey/spago/optimizers/sgd"
)

// Method is one of spago's update rules with its settings. It counts steps, so
// that each Optimizer needs its own.
type Method struct {
	strategy optimizers.OptimizationStrategy
	rate     float64
	setRate  func(rate float64) // for the step at hand
	advance  func()             // to the next step
	whole    bool               // elements of a parameter depend on each other
	adam     bool               // the state is spago's adam.State
	step     func(*spago.Param) // what the strategy does, faster; nil: nothing does
}

// Adam is the rule of Kingma and Ba 2015, algorithm 1, in the form at the end
// of their section 2: epsilon is added to √v before the correction of its bias.
func Adam(rate, beta1, beta2, epsilon float64) *Method {
	return adamMethod(adam.NewConfig(rate, beta1, beta2, epsilon))
}

// AdamW is Adam with decoupled weight decay (Loshchilov and Hutter 2019,
// algorithm 2): a step also subtracts decay·w. As spago has it, the decay is
// multiplied by the bias-corrected rate rate·√(1-β₂ᵗ)/(1-β₁ᵗ), which tends to
// rate.
func AdamW(rate, beta1, beta2, epsilon, decay float64) *Method {
	return adamMethod(adam.NewAdamWConfig(rate, beta1, beta2, epsilon, decay))
}

func adamMethod(c adam.Config) *Method {
	o := adam.New(c)
	m := &Method{
		strategy: o,
		rate:     c.StepSize,
		setRate: func(rate float64) {
			o.StepSize = rate
			o.TimeStep--
			o.IncExample() // works out the corrected rate of the same step again
		},
		advance: o.IncExample,
		adam:    true,
	}
	if c.Lambda == 0 {
		m.step = func(p *spago.Param) { adamStep(o, p) }
	}
	return m
}

// RAdam is rectified Adam (Liu et al. 2020, algorithm 2), as spago has it.
func RAdam(rate, beta1, beta2, epsilon float64) *Method {
	o := radam.New[float32](radam.NewConfig(rate, beta1, beta2, epsilon))
	return &Method{
		strategy: o,
		rate:     rate,
		setRate:  func(rate float64) { o.StepSize = rate },
		advance:  o.IncBatch,
	}
}

// LAMB is layer-wise adaptive Adam (You et al. 2020, algorithm 2): the step of
// every parameter is scaled to the norm of its values. decay is the weight
// decay, 0 for none.
func LAMB(rate, beta1, beta2, epsilon, decay float64) *Method {
	o := lamb.New[float32](lamb.NewConfig(rate, beta1, beta2, epsilon, decay))
	return &Method{
		strategy: o,
		rate:     rate,
		setRate: func(rate float64) {
			o.StepSize = rate
			o.TimeStep--
			o.IncExample()
		},
		advance: o.IncExample,
		whole:   true,
	}
}

// SGD is stochastic gradient descent, with momentum unless that is 0, in
// Nesterov's form if asked for.
func SGD(rate, momentum float64, nesterov bool) *Method {
	o := sgd.New[float32](sgd.NewConfig(rate, momentum, nesterov))
	return &Method{
		strategy: o,
		rate:     rate,
		setRate:  func(rate float64) { o.Alpha = rate },
		advance:  func() {},
	}
}
