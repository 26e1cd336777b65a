package nn

// Walker is anything that can show its parameters: a layer, a model, a part of one. The order is
// fixed for a given walker, so it can number things.
type Walker interface {
	Walk(visit func(*Param))
}

// Params collects what a walk visits, each parameter once even when it is shared (a tied lm_head
// and embedding). It takes the method value, so parts of a model can be walked too:
// Params(layer.Walk).
func Params(walk func(visit func(*Param))) []*Param {
	var ps []*Param
	seen := map[*Param]bool{}
	walk(func(p *Param) {
		if p != nil && !seen[p] {
			seen[p] = true
			ps = append(ps, p)
		}
	})
	return ps
}

// walkAll visits parameters in order, leaving out the absent ones.
func walkAll(visit func(*Param), ps ...*Param) {
	for _, p := range ps {
		if p != nil {
			visit(p)
		}
	}
}

// Names lists the names of the walked parameters in order.
func Names(walk func(visit func(*Param))) []string {
	ps := Params(walk)
	names := make([]string, len(ps))
	for i, p := range ps {
		names[i] = p.Name
	}
	return names
}

// Count returns the number of elements of the walked parameters, shared ones counted once.
func Count(walk func(visit func(*Param))) int64 {
	var n int64
	for _, p := range Params(walk) {
		n += int64(p.Len())
	}
	return n
}

// ZeroGrad makes every walked parameter trainable and clears its gradient.
func ZeroGrad(walk func(visit func(*Param))) {
	for _, p := range Params(walk) {
		p.ZeroGrad()
	}
}
