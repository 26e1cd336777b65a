package adagp

import (
	"fmt"
	"slices"

	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/scratch"
	"github.com/adagp/adagp/tensor"
)

// Streams are the calibration batches [sequences · SeqLens[b], width] that enter a network given as
// groups: those of the dense network, and those of the network whose earlier parts are pruned. The
// two are the same where nothing was pruned before.
type Streams struct {
	Dense, Pruned []*scratch.Slot
	DenseOut      []*scratch.Slot // the dense network's outputs, if known; saves computing sums anew
	// DenseSums are the sums behind groups with a residual target in the dense network, by index of the group,
	// where they are known; saves going through it.
	DenseSums map[int][]*scratch.Slot
	SeqLens   []int // nil: every row is a sequence
}

// Inputs returns the streams that enter a network with nothing pruned in front of it: the same batches
// [rows, width], kept in memory, for the dense and the pruned network.
func Inputs(batches ...*tensor.Tensor) Streams {
	slots := scratch.List(batches...)
	return Streams{Dense: slots, Pruned: slots}
}

// check reports the first thing about the streams that does not fit together, or the groups that they go through.
func (in *Streams) check(list []nn.Group, heldOut int) error {
	for g, sums := range in.DenseSums {
		if len(sums) != len(in.Pruned) || g < 0 || g >= len(list) || list[g].Target != nn.Residual {
			return fmt.Errorf("%d dense sums behind group %d: want one for each of %d batches, of groups with a residual target", len(sums), g, len(in.Pruned))
		}
	}
	if n := len(in.Pruned); n == 0 || len(in.Dense) != n || len(in.SeqLens) != n || in.DenseOut != nil && len(in.DenseOut) != n || heldOut < 0 || heldOut >= n {
		return fmt.Errorf("%d batches of the pruned stream, %d of the dense one and %d outputs, %d held out: want equal numbers, some not held out",
			n, len(in.Dense), len(in.DenseOut), heldOut)
	}
	for b, x := range in.Pruned {
		if dense := in.Dense[b].Shape(); !slices.Equal(x.Shape(), dense) {
			return fmt.Errorf("batch %d has the shape %v in the pruned stream and %v in the dense one, want the same", b, x.Shape(), dense)
		}
		if rows, n := x.Dim(0), in.SeqLens[b]; n < 1 || rows%n != 0 {
			return fmt.Errorf("batch %d of %d rows: sequences of %d rows, want a length that divides them", b, rows, n)
		}
	}
	return nil
}

// takeDense makes parameters hold float32 values, and reports those that are not loaded.
func takeDense(walk func(visit func(*nn.Param))) error {
	for _, p := range nn.Params(walk) {
		if !p.Loaded() {
			return fmt.Errorf("parameter %s is not loaded", p.Name)
		}
		p.Dense()
	}
	return nil
}
