package report

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"
)

// LogCurve plots values above zero on a logarithmic axis, one line per series with a band where a point
// stands for several values, over a dashed line that all are compared with.
type LogCurve struct {
	Title     string
	XLabel    string
	YLabel    string // with the unit
	Series    []LogSeries
	Base      float64 // value of the dashed line; 0: none
	BaseLabel string
}

// LogSeries is one line of a LogCurve, X rising.
type LogSeries struct {
	Name   string
	Points []LogPoint
}

// LogPoint is a value with the least and the largest of those that it stands for. Infinity stands at the upper edge.
type LogPoint struct{ X, Y, Low, High float64 }

// SVG draws the curve, with a legend.
func (p LogCurve) SVG() template.HTML {
	const (
		height      = 190
		left, right = 44, 8
	)
	c := canvas{label: p.Title}
	c.text(0, 13, "title", p.Title)
	names := make([]Series, len(p.Series))
	for i, s := range p.Series {
		names[i].Name = s.Name
	}
	top := c.yLabel(p.YLabel, Curve{Series: names}.legend(&c, 34))
	c.height = top + height + 36

	xs, low, high := p.extent()
	logLow, logHigh := math.Log(low)-0.05, math.Log(high)+0.05
	yOf := func(v float64) float64 { return top + height*(logHigh-min(math.Log(v), logHigh))/(logHigh-logLow) }
	for _, v := range logTicks(math.Exp(logLow), math.Exp(logHigh)) {
		c.line(left, yOf(v), chartWidth-right, yOf(v))
		c.text(left-6, yOf(v)+4, "end muted small", short(v))
	}
	xOf := func(x float64) float64 {
		if len(xs) < 2 {
			return left + (chartWidth-left-right)/2
		}
		return left + 12 + (chartWidth-left-right-24)*(x-xs[0])/(xs[len(xs)-1]-xs[0])
	}
	if p.Base > 0 && !math.IsInf(p.Base, 0) {
		y := yOf(p.Base)
		fmt.Fprintf(&c.b, `<line class="dashed" x1="%d" y1="%s" x2="%d" y2="%s"/>`, left, num(y), chartWidth-right, num(y))
		c.text(chartWidth-right, y-5, "end muted small", p.BaseLabel+" "+short(p.Base))
	}
	for k, s := range p.Series {
		s.draw(&c, k, p.XLabel, xOf, yOf)
	}
	last := math.Inf(-1)
	for _, x := range xs {
		if at := xOf(x); at-last > 26 { // room for a label
			c.text(at, top+height+16, "mid muted small", short(x))
			last = at
		}
	}
	c.text(left+(chartWidth-left-right)/2, top+height+32, "mid muted small", p.XLabel)
	return c.svg()
}

// extent returns the x of all points, rising, and the bounds of all values.
func (p LogCurve) extent() (xs []float64, low, high float64) {
	low, high = math.Inf(1), 0
	see := func(v float64) {
		if v > 0 && !math.IsInf(v, 0) {
			low, high = min(low, v), max(high, v)
		}
	}
	see(p.Base)
	for _, s := range p.Series {
		for _, q := range s.Points {
			xs = append(xs, q.X)
			see(q.Low)
			see(q.Y)
			see(q.High)
		}
	}
	slices.Sort(xs)
	if high == 0 {
		low, high = 1, 10
	}
	return slices.Compact(xs), low, high
}

// draw adds one line, its band, and a dot at every value.
func (s LogSeries) draw(c *canvas, k int, xLabel string, xOf, yOf func(float64) float64) {
	var line, upper, lower strings.Builder
	spread := false
	for i, q := range s.Points {
		fmt.Fprintf(&line, "%c%s %s", "ML"[min(i, 1)], num(xOf(q.X)), num(yOf(q.Y)))
		fmt.Fprintf(&upper, "%c%s %s", "ML"[min(i, 1)], num(xOf(q.X)), num(yOf(q.High)))
		back := s.Points[len(s.Points)-1-i]
		fmt.Fprintf(&lower, "L%s %s", num(xOf(back.X)), num(yOf(back.Low)))
		spread = spread || q.High > q.Low
	}
	k %= lineColours
	if spread {
		fmt.Fprintf(&c.b, `<path class="band s%d" d="%s%sZ"/>`, k, upper.String(), lower.String())
	}
	fmt.Fprintf(&c.b, `<path class="line s%d" d="%s"/>`, k, line.String())
	for _, q := range s.Points {
		tip := fmt.Sprintf("%s, %s %s: %s", s.Name, xLabel, short(q.X), short(q.Y))
		if q.High > q.Low {
			tip += fmt.Sprintf(" (%s to %s)", short(q.Low), short(q.High))
		}
		fmt.Fprintf(&c.b, `<circle class="dot s%d" cx="%s" cy="%s" r="4"><title>%s</title></circle>`, k,
			num(xOf(q.X)), num(yOf(q.Y)), template.HTMLEscapeString(tip))
	}
}

// logTicks returns a handful of round values from low to high: the coarsest set with at least four, or
// equal steps where the axis spans less than a third of a decade.
func logTicks(low, high float64) (ticks []float64) {
	if high < 3*low {
		step := niceTicks(high - low)[1]
		for v := step * math.Ceil(low/step); v <= high; v += step {
			ticks = append(ticks, v)
		}
		return ticks
	}
	for _, steps := range [][]float64{{1}, {1, 3}, {1, 2, 5}, {1, 1.5, 2, 3, 5, 7}} {
		ticks = ticks[:0]
		for e := math.Floor(math.Log10(low)); e <= math.Log10(high); e++ {
			for _, f := range steps {
				if v := f * math.Pow(10, e); v >= low && v <= high {
					ticks = append(ticks, v)
				}
			}
		}
		if len(ticks) >= 4 {
			break
		}
	}
	return ticks
}
