package packed_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/adagp/adagp/tensor"
	"github.com/adagp/adagp/tensor/packed"
)

// TestChoose: dense below the break-even, the smallest layout above it, and the same weights in all.
func TestChoose(t *testing.T) {
	r := newRand(5)
	const out, in = 40, 256
	for _, d := range dtypes {
		for _, c := range []struct {
			zeros float64
			semi  bool
			want  string
		}{
			{0, false, "*packed.Plain"}, {packed.BreakEven(d) - 0.05, false, "*packed.Plain"},
			{packed.BreakEven(d) + 0.05, false, "*packed.Bitmask"}, {0.9, false, "*packed.Bitmask"},
			{0, true, "*packed.Semi"}, {0.8, true, "*packed.Bitmask"}, {1, false, "*packed.Bitmask"},
		} {
			dense := randomWeights(r, d, out, in, c.zeros, c.semi)
			m := packed.Choose(d, out, in, dense)
			if got := fmt.Sprintf("%T", m); got != c.want {
				t.Errorf("%v, %v zeros, 2:4 %v: %s, want %s", d, c.zeros, c.semi, got, c.want)
			}
			if !bytes.Equal(m.Unpack(), dense) {
				t.Errorf("%v, %v zeros, 2:4 %v: other weights", d, c.zeros, c.semi)
			}
		}
	}
	if m := packed.Choose(tensor.F32, 0, 8, nil); m.Bytes() != 0 {
		t.Errorf("nothing takes %d bytes", m.Bytes())
	}
}
