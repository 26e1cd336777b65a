package decoder

import (
	"fmt"

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

// Units returns how many of them the layer has.
func (l *Layer) Units(u Unit) int {
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
	d, group := l.spec.HeadDim, l.spec.Heads/l.spec.KVHeads
	switch {
	case u == Channel:
		var cuts []Cut
		for _, lin := range l.mlp.in {
			cuts = append(cuts, rows(lin, i, i+1)...)
		}
		return append(cuts, Cut{l.mlp.out.Weight, 1, i, i + 1})
	case u == KeyHead:
		return append(l.heads(i*group*d, (i+1)*group*d), l.keys(i)...)
	case group == 1:
		return append(l.heads(i*d, (i+1)*d), l.keys(i)...)
	}
	return l.heads(i*d, (i+1)*d)
}

// heads returns the rows of queries and the columns of the output projection from lo to hi-1.
func (l *Layer) heads(lo, hi int) []Cut {
	return append(rows(l.attention.in[0], lo, hi), Cut{l.attention.out.Weight, 1, lo, hi})
}

// keys returns the rows of a head of keys and of its values.
func (l *Layer) keys(head int) []Cut {
	d := l.spec.HeadDim
	lo, hi := head*d, (head+1)*d
	if l.spec.Attention.Layout == Stacked {
		q, kv := l.spec.Heads*d, l.spec.KVHeads*d
		all := l.attention.in[0]
		return append(rows(all, q+lo, q+hi), rows(all, q+kv+lo, q+kv+hi)...)
	}
	return append(rows(l.attention.in[1], lo, hi), rows(l.attention.in[2], lo, hi)...)
}

// rows returns the rows lo to hi-1 of a linear map, with their biases.
func rows(lin *nn.Linear, lo, hi int) []Cut {
	cuts := []Cut{{lin.Weight, 0, lo, hi}}
	if lin.Bias != nil {
		cuts = append(cuts, Cut{lin.Bias, 0, lo, hi})
	}
	return cuts
}
