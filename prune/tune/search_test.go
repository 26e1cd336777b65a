package tune

import (
	"math"
	"testing"
)

func TestVertex(t *testing.T) {
	for _, c := range []struct {
		name               string
		start, middle, end float64
		want               float64
	}{
		{"(t - 3/4)²", 9. / 16, 1. / 16, 1. / 16, 0.75},
		{"beyond the end", 25. / 16, 9. / 16, 1. / 16, 1.25},
		{"far beyond", 81, 72.25, 64, 1.5},
		{"up from the start", 1, 2, 4, 0.125},
		{"straight down", 3, 2, 1, 1.5},
		{"straight up", 1, 2, 3, 0.125},
		{"faster and faster down", 4, 3, 0, 1.5},
		{"slower and slower up", 1, 3, 4, 0.125},
		{"no end", 1, 0.9, math.Inf(1), 0.125},
		{"no number", 1, 0.9, math.NaN(), 0.125},
		{"no middle", 1, math.NaN(), 0.5, 1.5},
	} {
		if got := vertex(c.start, c.middle, c.end); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}
