package quant_test

import (
	"math"
	"testing"

	"github.com/adagp/adagp/prune/quant"
	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/linalg"
)

// TestCodesSurviveStorage: from weights as a checkpoint has them and the grids of pruning.json every code
// comes back, but for 8 bits in bfloat16, which has no more of them itself.
func TestCodesSurviveStorage(t *testing.T) {
	for _, d := range []tensor.DType{tensor.F32, tensor.F16, tensor.BF16} {
		for bits := quant.MinBits; bits <= quant.MaxBits; bits++ {
			w := linalg.New(40, 64)
			for k := range w.Data {
				w.Data[k] = math.Sin(float64(k*k)) * math.Exp2(float64(k/640)-3) // rows of several sizes
				if k/64%2 == 0 {
					w.Data[k] = math.Abs(w.Data[k]) // grids with 0 at one end
				}
			}
			q, grid := quant.Nearest(quant.Spec{Bits: bits}, w)
			values := q.Tensor()
			b := make([]byte, values.Len()*d.Size())
			if err := tensor.Encode(b, values.Data(), d); err != nil {
				t.Fatal(err)
			}
			if err := tensor.Decode(values.Data(), b, d); err != nil {
				t.Fatal(err)
			}
			wrong := 0
			for i := range q.Rows {
				for j, v := range q.Row(i) {
					if got, want := grid.Code(i, j, float64(values.At(i, j))), grid.Code(i, j, v); got != want {
						if wrong++; got < want-1 || got > want+1 {
							t.Fatalf("%v, %d bits: code %d comes back as %d", d, bits, want, got)
						}
					}
				}
			}
			if lossy := d == tensor.BF16 && bits == 8; wrong > 0 && !lossy {
				t.Errorf("%v, %d bits: %d codes of %d come back otherwise", d, bits, wrong, len(q.Data))
			}
		}
	}
}
