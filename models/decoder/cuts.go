package decoder

import (
	"fmt"
	"slices"

	"github.com/adagp/adagp/nn"
)

// Unit is a part of a layer that can be removed as a whole, so that the layer becomes smaller.
type Unit int

const (
	// QueryHead is one head of queries with the columns of the output projection that read it. Where each
	// head has keys and values of its own they go with it.
	QueryHead Unit = iota
	// KeyHead is a head of keys and values with all the query heads that share it.
	KeyHead
	// Channel is a hidden channel of the feed-forward block.
	Channel
)

// Cut is a range of rows (Axis 0) or columns (Axis 1) of a parameter, From to To-1.
type Cut struct {
	Param          *nn.Param
	Axis, From, To int
}

// Units returns how many of them the layer has. Heads cannot be removed one by one where one norm goes over all of
// them, or where each has a norm with a number in its name, and channels where there are experts.
func (l *Layer) Units(u Unit) int {
	switch qk := l.spec.Attention.QKNorm; {
	case u == Channel && l.experts != nil:
		return 0
	case u != Channel && (qk == QKNormFullWidth || qk == QKNormHeadList):
		return 0
	}
	switch u {
	case QueryHead:
		return l.spec.Heads
	case KeyHead:
		return l.spec.KVHeads
	case Channel:
		return l.spec.IntermediateSize
	}
	panic(fmt.Sprintf("decoder: unknown unit %d", u))
}

// Cuts returns what has to be removed together with unit number i: what is left computes what the layer
// computes when the columns among the cuts are zero. Numbers outside [0, Units(u)) panic.
func (l *Layer) Cuts(u Unit, i int) []Cut {
	if n := l.Units(u); i < 0 || i >= n {
		panic(fmt.Sprintf("decoder: unit %d of %d", i, n))
	}
	group := l.spec.Heads / l.spec.KVHeads
	switch {
	case u == Channel:
		var cuts []Cut
		for _, lin := range l.mlp.in {
			for at := i; at < lin.Out(); at += l.spec.IntermediateSize { // gate and up may be one matrix
				cuts = append(cuts, rows(lin, at, at+1)...)
			}
		}
		return append(cuts, Cut{l.mlp.out.Weight, 1, i, i + 1})
	case u == KeyHead:
		return append(l.queries(i*group, (i+1)*group), l.keys(i)...)
	case group == 1:
		return append(l.queries(i, i+1), l.keys(i)...)
	}
	return l.queries(i, i+1)
}

// queries returns the rows of the query heads lo to hi-1 of one group, and the columns of the output projection
// that read them.
func (l *Layer) queries(lo, hi int) []Cut {
	d := l.spec.HeadDim
	at := lo * d
	if groups := l.spec.qkvGroups(); groups > 1 { // behind the keys and values of the groups in front
		at += lo / (l.spec.Heads / groups) * 2 * l.spec.KVHeads / groups * d
	}
	cuts := append(rows(l.attention.in[0], at, at+(hi-lo)*d), Cut{l.attention.out.Weight, 1, lo * d, hi * d})
	return append(cuts, l.qkNorm(0, lo, hi)...)
}

// keys returns the rows of a head of keys and of its values.
func (l *Layer) keys(head int) []Cut {
	d, groups := l.spec.HeadDim, l.spec.qkvGroups()
	if l.spec.Attention.Layout == Separate {
		return slices.Concat(rows(l.attention.in[1], head*d, (head+1)*d), rows(l.attention.in[2], head*d, (head+1)*d), l.qkNorm(1, head, head+1))
	}
	q, kv := l.spec.Heads/groups*d, l.spec.KVHeads/groups*d
	begin := head / (l.spec.KVHeads / groups) * (q + 2*kv) // of the group
	lo := begin + q + head%(l.spec.KVHeads/groups)*d
	all := l.attention.in[0]
	return slices.Concat(rows(all, lo, lo+d), rows(all, lo+kv, lo+kv+d), l.qkNorm(1, head, head+1))
}

// qkNorm returns the weights that heads lo to hi-1 of queries (which 0) or keys (1) have of their own.
func (l *Layer) qkNorm(which, lo, hi int) []Cut {
	if l.spec.Attention.QKNorm != QKNormEachHead {
		return nil
	}
	return []Cut{{l.attention.inner[which].(headNorm).weights[0], 0, lo, hi}}
}

// rows returns the rows lo to hi-1 of a linear map, with their biases.
func rows(lin *nn.Linear, lo, hi int) []Cut {
	cuts := []Cut{{lin.Weight, 0, lo, hi}}
	if lin.Bias != nil {
		cuts = append(cuts, Cut{lin.Bias, 0, lo, hi})
	}
	return cuts
}
