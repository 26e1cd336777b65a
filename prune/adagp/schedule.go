package adagp

import (
	"slices"

	"github.com/adagp/adagp/tensor"
)

// schedule fixes the order of the auxiliary updates, and which variables have to be stored for all
// tokens: those that some update reads before they are written in the same pass.
func (e *engine) schedule() {
	var pre []update
	for _, l := range e.links {
		for _, v := range slices.Backward(l.outs) { // what a gate in front of it gates first, as published
			if !v.given && len(v.joins) > 0 {
				pre = append(pre, chooseUpdate(v, e.o))
			}
		}
	}
	for _, v := range slices.Backward(e.vars) {
		if v.given || slices.ContainsFunc(pre, func(u update) bool { return u.variable() == v }) {
			continue
		}
		e.updates = append(e.updates, chooseUpdate(v, e.o))
	}
	e.updates = append(e.updates, pre...)

	written := map[*variable]bool{}
	for _, u := range e.updates {
		for _, v := range u.reads() {
			if !v.given && !written[v] {
				e.store(v)
			}
		}
		written[u.variable()] = true
	}
	if e.o.Objective != nil {
		for _, v := range e.vars {
			e.store(v)
		}
	}
}

// store gives v memory for all tokens.
func (e *engine) store(v *variable) {
	if v.values == nil {
		v.values = tensor.New(e.tokens, e.width(v))
	}
}

// width returns the number of features of v.
func (e *engine) width(v *variable) int {
	switch {
	case v.values != nil:
		return v.values.Dim(1)
	case len(v.links) > 0:
		return v.links[0].w.Cols
	default:
		switch t := v.source.(type) {
		case *link:
			return t.w.Rows
		case *part:
			return t.width()
		}
		return e.width(v.source.inputs()[0])
	}
}
