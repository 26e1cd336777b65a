package adagp

import (
	"fmt"
	"os"
	"strings"

	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune"
)

// tuningNeeds is the memory in bytes that tuning the whole model takes beside the model: the dense
// copy, and for every weight that survives its value at the start, how far it has moved, a gradient and two moments.
func tuningNeeds(f *prune.Final) int64 {
	const float, perSurvivor = 4, 5
	var n int64
	for _, p := range nn.Params(f.Model.Walk) {
		size := int64(1)
		for _, d := range p.Shape {
			size *= int64(d)
		}
		n += float * size
	}
	for _, m := range f.Masks {
		size := int64(m.Rows) * int64(m.Cols)
		n += float*size + perSurvivor*float*(size-int64(m.Zeros())) // gradients come as whole matrices
	}
	return n
}

// availableMemory is what Linux says could be had without swapping, in bytes; false elsewhere.
func availableMemory() (int64, bool) {
	b, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, false
	}
	_, rest, found := strings.Cut(string(b), "MemAvailable:")
	var kib int64
	if _, err := fmt.Sscan(rest, &kib); !found || err != nil {
		return 0, false
	}
	return kib << 10, true
}
