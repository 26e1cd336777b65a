package adagp

import (
	"github.com/adagp/adagp/prune/scratch"
	"github.com/adagp/adagp/tensor"
)

// Inputs returns the streams that enter a network with nothing pruned in front of it: the same batches
// [rows, width], kept in memory, for the dense and the pruned network.
func Inputs(batches ...*tensor.Tensor) Streams {
	slots := scratch.List(batches...)
	return Streams{Dense: slots, Pruned: slots}
}
