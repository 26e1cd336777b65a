package nn_test

import (
	"testing"

	"github.com/adagp/adagp/nn"
)

func TestALiBi(t *testing.T) {
	a := &nn.ALiBi{Slopes: []float32{0.5, 0.1}}
	for _, n := range []int{3, 200, 300} {
		table := a.Table(n)
		if table.Dim(0) != 2 || table.Dim(1) < n {
			t.Fatalf("%d keys: table of shape %v", n, table.Shape())
		}
		if got := table.At(0, n-1); got != float32(n-1)/2 {
			t.Errorf("bias %d of slope ½: got %v", n-1, got)
		}
	}
	// 0.1 is 0.10009765625 in bfloat16, 5 times that lies between 0.5 and 0.50390625, nearer to the first.
	r := &nn.ALiBi{Slopes: []float32{0.1}, Rounded: true, Scale: 2}
	for j, want := range map[int]float32{0: 0, 1: 0.2001953125, 5: 1, 257: 2 * 25.625} {
		if got := r.Table(300).At(0, j); got != want {
			t.Errorf("rounded bias %d: got %v, want %v", j, got, want)
		}
	}
}
