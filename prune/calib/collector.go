package calib

import (
	"errors"
	"fmt"

	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

// Collector is an nn.Observer that sums the inputs of the linear layers it watches. Observers
// cannot return errors, so the first one is kept and ends the collecting; [Collector.Stats] and
// [Collector.Err] return it.
type Collector struct {
	// WindowLen is the number of tokens of each calibration window in the tensors that come next; 0
	// makes each tensor one window. It only matters to Needs.WindowMoments.
	WindowLen int

	needs  Needs
	groups map[*nn.Linear]*group // nil value: watched, not seen yet
	order  []*nn.Linear          // as given, so that messages do not depend on map order
	all    []*group
	err    error
}

// group is a set of layers that are always fed the same tensor, and their common sums.
type group struct {
	stats   *Stats
	members []*nn.Linear
	adds    int                 // tensors summed
	last    *tensor.Tensor      // the one summed last; held, so its address cannot be used again
	served  map[*nn.Linear]bool // members that have presented it
}

// NewCollector returns a collector of the given statistics for the given layers; others are ignored.
func NewCollector(needs Needs, layers ...*nn.Linear) *Collector {
	c := &Collector{needs: needs, groups: make(map[*nn.Linear]*group, len(layers)), order: layers}
	for _, l := range layers {
		c.groups[l] = nil
	}
	return c
}

// Observe implements nn.Observer.
func (c *Collector) Observe(l *nn.Linear, x, _ *tensor.Tensor) {
	g, watched := c.groups[l]
	if !watched || c.err != nil {
		return
	}
	switch {
	case g == nil:
		c.enter(l, x)
	case g.last == x && !g.served[l]:
		g.served[l] = true
	case len(g.served) < len(g.members):
		c.err = fmt.Errorf("layer %s: its input is no longer the one it shared with %s", l.Name(), g.other(l).Name())
	default:
		c.add(g, l, x)
	}
}

// enter places a layer that is seen for the first time: into the group that x has just founded, if
// there is one, else into a group of its own.
func (c *Collector) enter(l *nn.Linear, x *tensor.Tensor) {
	for _, g := range c.all {
		if g.last == x && g.adds == 1 {
			g.members = append(g.members, l)
			g.served[l] = true
			c.groups[l] = g
			return
		}
	}
	g := &group{stats: NewStats(x.Dim(-1), c.needs), members: []*nn.Linear{l}}
	c.groups[l] = g
	c.all = append(c.all, g)
	c.add(g, l, x)
}

func (c *Collector) add(g *group, l *nn.Linear, x *tensor.Tensor) {
	g.last, g.served = x, map[*nn.Linear]bool{l: true}
	g.adds++
	if err := g.stats.Add(Batch{X: x, WindowLen: c.WindowLen}); err != nil {
		c.err = fmt.Errorf("layer %s: %w", l.Name(), err)
	}
}

// other returns a member of g that is not l and has not presented the last tensor, or failing that
// any other member.
func (g *group) other(l *nn.Linear) *nn.Linear {
	found := l
	for _, m := range g.members {
		if m != l && (found == l || !g.served[m]) {
			found = m
		}
	}
	return found
}

// Err returns the first error met while observing.
func (c *Collector) Err() error { return c.err }

// Stats returns the sums of every watched layer, after the last Observe. Layers that share an input
// share one *Stats. It is an error if an activation was not finite (the message names the layer) or
// if a layer saw no input at all.
func (c *Collector) Stats() (map[*nn.Linear]*Stats, error) {
	if c.err != nil {
		return nil, c.err
	}
	out := make(map[*nn.Linear]*Stats, len(c.order))
	var missing []error
	for _, l := range c.order {
		g := c.groups[l]
		if g == nil {
			missing = append(missing, fmt.Errorf("layer %s: no calibration activation reached it", l.Name()))
			continue
		}
		out[l] = g.stats
	}
	return out, errors.Join(missing...)
}
