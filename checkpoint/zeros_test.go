package checkpoint

import (
	"math"
	"testing"

	"github.com/adagp/adagp/tensor"
)

func TestCountZeros(t *testing.T) {
	const x = 1 // any weight
	for _, c := range []struct {
		name  string
		shape []int
		v     []float32
		zeros int
		nm    string
	}{
		{"none", []int{1, 4}, []float32{x, x, x, x}, 0, "none"},
		{"1:4", []int{2, 4}, []float32{0, x, x, x, 0, 0, x, x}, 3, "1:4"},
		{"2:4", []int{2, 4}, []float32{0, x, 0, x, 0, 0, 0, x}, 5, "2:4"},
		{"3:4", []int{1, 8}, []float32{0, x, 0, 0, 0, 0, 0, x}, 6, "3:4"},
		{"all zero", []int{1, 4}, []float32{0, 0, 0, 0}, 4, "3:4"},
		{"4:8 only", []int{1, 8}, []float32{0, 0, 0, 0, x, x, x, x}, 4, "4:8"},
		{"4:8 and 1:4", []int{1, 8}, []float32{0, 0, 0, x, 0, x, x, x}, 4, "4:8"},
		{"tail of 2 needs 1 for 2:4", []int{1, 6}, []float32{0, 0, x, x, 0, x}, 3, "2:4"},
		{"tail of 2 without", []int{1, 6}, []float32{0, 0, x, x, x, x}, 2, "1:4"},
		{"tail of 1 needs none", []int{1, 5}, []float32{0, 0, x, x, x}, 2, "2:4"},
		{"too narrow for a group", []int{2, 3}, []float32{0, 0, 0, 0, 0, 0}, 6, "none"},
		{"narrower than 8", []int{1, 6}, []float32{0, x, x, x, x, x}, 1, "1:4"},
		{"vector", []int{4}, []float32{0, 0, 0, 0}, 4, "none"},
		{"negative zero", []int{1, 4}, []float32{float32(math.Copysign(0, -1)), x, x, x}, 1, "1:4"},
		{"empty", []int{0, 4}, nil, 0, "none"},
	} {
		for _, d := range []tensor.DType{tensor.F32, tensor.F16, tensor.BF16} {
			raw := make([]byte, len(c.v)*d.Size())
			if err := tensor.Encode(raw, c.v, d); err != nil {
				t.Fatal(err)
			}
			got, err := countZeros(raw, d, c.shape)
			if err != nil || got.Zeros != c.zeros || got.NM != c.nm {
				t.Errorf("%s as %v: %d zeros, %s (%v); want %d, %s", c.name, d, got.Zeros, got.NM, err, c.zeros, c.nm)
			}
		}
	}
	if _, err := countZeros(make([]byte, 7), tensor.F32, []int{2}); err == nil {
		t.Error("7 bytes for two float32: want an error")
	}
}
