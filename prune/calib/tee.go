package calib

import (
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

// Tee returns an observer that passes everything on to each of the given ones in turn; nil entries
// are left out.
func Tee(observers ...nn.Observer) nn.Observer {
	var t tee
	for _, o := range observers {
		if o != nil {
			t = append(t, o)
		}
	}
	return t
}

type tee []nn.Observer

func (t tee) Observe(l *nn.Linear, x, y *tensor.Tensor) {
	for _, o := range t {
		o.Observe(l, x, y)
	}
}
