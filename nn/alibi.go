package nn

import (
	"math"
	"sync"

	"github.com/adagp/adagp/tensor"
)

// ALiBi are biases of attention that grow linearly with the position of the key, for each head by a slope of its
// own, so that near keys count more than far ones (Press, Smith and Lewis 2022). Added to all scores of a query, a
// constant changes nothing: it is the distance that counts.
type ALiBi struct {
	Slopes []float32 // one for each head
	// Rounded slopes, positions and products are those of bfloat16, whatever the weights are (Falcon).
	Rounded bool
	// Scale multiplies the biases; 0 means 1.
	Scale float32

	mu    sync.Mutex
	table *tensor.Tensor // [heads, positions], grown on demand
}

// Table returns the bias of each key, [heads, keys or more]. Callers must not change it. Safe for concurrent use.
func (a *ALiBi) Table(keys int) *tensor.Tensor {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.table == nil || a.table.Dim(1) < keys {
		n := max(keys, 128)
		if a.table != nil {
			n = max(n, 2*a.table.Dim(1)) // decoding asks for one more position at a time
		}
		a.table = tensor.New(len(a.Slopes), n)
		for h, slope := range a.Slopes {
			row := a.table.Row(h)
			for j := range row {
				row[j] = a.bias(slope, j)
			}
		}
	}
	return a.table
}

func (a *ALiBi) bias(slope float32, j int) float32 {
	b := slope * float32(j)
	if a.Rounded {
		b = bfloat16(bfloat16(slope) * bfloat16(float32(j)))
	}
	if a.Scale != 0 {
		b *= a.Scale
	}
	return b
}

// bfloat16 rounds a finite number to the nearest one of bfloat16, ties to even.
func bfloat16(v float32) float32 {
	b := math.Float32bits(v)
	b += 0x7fff + b>>16&1
	return math.Float32frombits(b &^ 0xffff)
}
