package calib

import (
	"fmt"

	"github.com/adagp/adagp/tensor/linalg"
)

// Gram is the sum H = XᵀX over tokens [in, in], unscaled, which solvers call the Hessian.
type Gram struct{ H *linalg.Matrix }

// NewGram returns the sum over no tokens.
func NewGram(inputs int) *Gram { return &Gram{linalg.New(inputs, inputs)} }

// Add implements [Sum]. Products are taken in float32 over at most 256 tokens and accumulated in float64.
func (g *Gram) Add(b Batch) error {
	linalg.AddGram(g.H, b.X)
	for j := range g.H.Rows {
		if v := g.H.At(j, j); v-v != 0 {
			return fmt.Errorf("activations of input %d overflow: their sum of squares is %v", j, v)
		}
	}
	return nil
}

// Merge implements [Sum].
func (g *Gram) Merge(o Sum) error {
	if p, ok := o.(*Gram); ok && addAll(g.H.Data, p.H.Data) {
		return nil
	}
	return mergeError(g, o)
}

// Bytes implements [Sum].
func (g *Gram) Bytes() int64 { return 8 * int64(len(g.H.Data)) }

// MarshalBinary implements [Sum].
func (g *Gram) MarshalBinary() ([]byte, error) {
	return encodeFloats("gram", []int{g.H.Rows}, g.H.Data), nil
}

// UnmarshalBinary implements [Sum].
func (g *Gram) UnmarshalBinary(b []byte) error {
	ns, ls, err := decodeFloats(b, "gram", 1, 1)
	if err != nil {
		return err
	}
	n := ns[0]
	if n > 1<<24 || n*n != len(ls[0]) {
		return fmt.Errorf("encoded Gram matrix of %d inputs has %d elements", n, len(ls[0]))
	}
	g.H = linalg.FromSlice(ls[0], n, n)
	return nil
}
