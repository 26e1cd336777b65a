package report

import (
	"strings"
	"testing"

	"github.com/adagp/adagp/internal/golden"
)

func TestLogCurve(t *testing.T) {
	line := func(name string, ys ...float64) LogSeries {
		s := LogSeries{Name: name}
		for i, y := range ys {
			s.Points = append(s.Points, LogPoint{X: 0.5 + 0.1*float64(i), Y: y, Low: 0.9 * y, High: 1.1 * y})
		}
		return s
	}
	for name, c := range map[string]LogCurve{
		"none":        {Title: "none"},
		"one point":   {Title: "one", Series: []LogSeries{line("a", 3)}},
		"base":        {Title: "<base>", Base: 20, BaseLabel: "dense", Series: []LogSeries{line("a & b", 25, 31, 300), line("c", 22, 23, 24)}},
		"many":        {Title: "many", Series: []LogSeries{line("a", 1), line("b", 1), line("c", 1), line("d", 1), line("e", 1), line("f", 1), line("g", 1)}},
		"far apart":   {Title: "far", Series: []LogSeries{line("a", 1e-3, 1e12)}},
		"not a value": {Title: "zero", Series: []LogSeries{line("a", 1, 5)}, Base: -1},
	} {
		t.Run(name, func(t *testing.T) { golden.Picture(t, []byte(c.SVG())) })
	}
	svg := string(LogCurve{Series: []LogSeries{line("a", 2, 4), {Name: "b", Points: []LogPoint{{0.5, 3, 3, 3}, {0.6, 3, 3, 3}}}}}.SVG())
	if n := strings.Count(svg, `class="band`); n != 1 {
		t.Errorf("%d bands, want one for the line whose points stand for several values", n)
	}
}

func TestLogTicks(t *testing.T) {
	for _, c := range [][2]float64{{19, 24}, {19.3, 570}, {3.6, 31397}, {1e-3, 1e12}, {1, 1.3}} {
		ticks := logTicks(c[0], c[1])
		if len(ticks) < 2 || len(ticks) > 16 {
			t.Errorf("from %v to %v: %d ticks %v, want a handful", c[0], c[1], len(ticks), ticks)
		}
		for i, v := range ticks {
			if v < c[0] || v > c[1] || i > 0 && v <= ticks[i-1] {
				t.Errorf("from %v to %v: ticks %v, want them within and rising", c[0], c[1], ticks)
			}
		}
	}
}
