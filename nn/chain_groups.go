package nn

import (
	"slices"

	"github.com/adagp/adagp/autograd"
)

// Groups returns the chain as groups: links that read the same variable together, unless they have operators in
// front, in the order of execution. Maps to the output are asked for the dense network's, the ones before for their own. Signals
// are the variables that are still needed; of joins that need no link, such as one from the output of
// the last map to Output, the result comes with the last group. It panics
// as [Chain.Forward] does.
func (c *Chain) Groups() []Group {
	steps, err := c.order()
	if err != nil {
		panic(c.fault(err))
	}
	b := chainGroups{live: []string{Input}}
	for len(steps) > 0 {
		steps = b.next(steps)
	}
	return b.groups
}

// chainGroups builds the groups of a chain, front to back.
type chainGroups struct {
	groups []Group
	live   []string // names of the signals behind the last group
}

// next forms a group of the first link and the others that read the same variable, followed by all
// joins that can be computed then. Joins in front of it, which read the chain's input, are part of its
// Enter. It returns the steps that are left.
func (b *chainGroups) next(steps []step) []step {
	before, rest := takeJoins(steps, b.live)
	known := append(append([]string{}, b.live...), outNames(before)...)
	var g Group
	var in string
	var links []*Link
	var outs []string
	var left []step
	for _, s := range rest {
		switch {
		case s.link != nil && (in == "" && slices.Contains(known, s.link.In) || in == s.link.In && links[0].Enter == nil && s.link.Enter == nil):
			in = s.link.In
			g.Linears = append(g.Linears, s.link.Linear)
			links, outs = append(links, s.link), append(outs, s.outs()...)
		default:
			left = append(left, s)
		}
	}
	known = append(known, outs...)
	after, left := takeJoins(left, known)
	if len(left) == 0 {
		g.Target = DenseOutputs
	}
	known = append(known, outNames(after)...)
	live := needed(left, known)
	names := b.live
	g.Enter = func(c *Context, s Signals) *autograd.Var {
		return links[0].Enters(evaluate(named(names, s), before)[in])
	}
	g.Leave = func(c *Context, s Signals, y []*autograd.Var) Signals {
		vars := evaluate(named(names, s), before)
		for i, l := range links {
			for k, v := range l.split(l.Leaves(y[i])) {
				vars[l.Names()[k]] = v
			}
		}
		vars = evaluate(vars, after)
		out := make(Signals, len(live))
		for i, n := range live {
			out[i] = vars[n]
		}
		return out
	}
	b.groups, b.live = append(b.groups, g), live
	return left
}

// takeJoins returns the joins that can be computed from the known variables, and all other steps.
func takeJoins(steps []step, known []string) (joins, rest []step) {
	known = append([]string{}, known...)
	for _, s := range steps {
		ready := s.join != nil
		for _, v := range s.in() {
			ready = ready && slices.Contains(known, v)
		}
		if ready {
			joins, known = append(joins, s), append(known, s.outs()...)
		} else {
			rest = append(rest, s)
		}
	}
	return joins, rest
}

// needed returns the known variables that the steps read, or Output when there are no steps left.
func needed(steps []step, known []string) (live []string) {
	if len(steps) == 0 {
		return []string{Output}
	}
	for _, v := range known {
		for _, s := range steps {
			if slices.Contains(s.in(), v) {
				live = append(live, v)
				break
			}
		}
	}
	return live
}

func outNames(steps []step) (names []string) {
	for _, s := range steps {
		names = append(names, s.outs()...)
	}
	return names
}

func named(names []string, s Signals) map[string]*autograd.Var {
	vars := make(map[string]*autograd.Var, len(names))
	for i, n := range names {
		vars[n] = s[i]
	}
	return vars
}

// evaluate adds the values of joins to vars.
func evaluate(vars map[string]*autograd.Var, joins []step) map[string]*autograd.Var {
	for _, s := range joins {
		in := make([]*autograd.Var, len(s.join.In))
		for i, v := range s.join.In {
			in[i] = vars[v]
		}
		vars[s.join.Out] = s.join.Activation.Apply(in...)
	}
	return vars
}
