package prune

import (
	"strings"

	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

// Experts says by which calibration tokens the experts of a mixture are pruned: their inputs and outputs there are what
// statistics and targets are of. Whatever is chosen, the router and what comes out of a layer stay the same.
type Experts struct {
	// AllTokens shows each expert all tokens; else it sees those that the router gives it in the dense network.
	AllTokens bool
	// MinTokens is how many tokens of its own an expert needs; one with fewer is starved, and is shown all tokens: sums
	// over so few say less of it than those over all do. 0 is DefaultExpertTokens.
	MinTokens int
}

// DefaultExpertTokens is Experts.MinTokens unless something else is asked for.
const DefaultExpertTokens = 32

// expertCounter counts the tokens of the experts of a layer in a pass.
type expertCounter struct {
	layer  models.Mixture
	counts []int
	first  map[*nn.Linear]int // the expert whose first map it is
}

// newExpertCounter returns nil for a layer without experts.
func newExpertCounter(module models.DecoderLayer) *expertCounter {
	m, ok := module.(models.Mixture)
	if !ok || len(m.Experts()) == 0 {
		return nil
	}
	c := &expertCounter{layer: m, counts: make([]int, len(m.Experts())), first: map[*nn.Linear]int{}}
	for e, linears := range m.Experts() {
		c.first[linears[0]] = e
	}
	return c
}

// observer returns the counter as an observer, nil for a nil counter.
func (c *expertCounter) observer() nn.Observer {
	if c == nil {
		return nil
	}
	return nn.ObserverFunc(func(l *nn.Linear, x, _ *tensor.Tensor) {
		if e, ok := c.first[l]; ok {
			c.counts[e] += x.Dim(0)
		}
	})
}

// showExperts makes the passes of a layer that is to be pruned show its experts the tokens that they are pruned by, and
// returns those that are starved. end makes the layer as it was.
func (r *run) showExperts(c *expertCounter) (starved []StarvedExpert, end func()) {
	if c == nil {
		return nil, func() {}
	}
	o := r.options.Experts
	least := o.MinTokens
	if least == 0 {
		least = DefaultExpertTokens
	}
	for e, linears := range c.layer.Experts() {
		few := c.counts[e] < least
		c.layer.ShowAll(e, few || o.AllTokens)
		if few && !o.AllTokens {
			name := linears[0].Name()
			name = name[:strings.LastIndexByte(name, '.')]
			starved = append(starved, StarvedExpert{name, c.counts[e]})
			r.options.Log.Warn("an expert has few calibration tokens: it is pruned by all of them", "expert", name, "tokens", c.counts[e], "wanted", least)
		}
	}
	return starved, func() {
		for e := range c.counts {
			c.layer.ShowAll(e, false)
		}
	}
}
