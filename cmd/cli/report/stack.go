package report

import (
	"fmt"
	"html/template"
	"math"
)

// Stack compares sums that start at zero, one horizontal bar each, cut into their parts.
type Stack struct {
	Title  string
	XLabel string // with the unit
	Parts  []string
	Rows   []StackRow
}

// StackRow is one bar: a value for each part, and the sum as it is printed beside it.
type StackRow struct {
	Label  string
	Values []float64
	Text   string
}

// SVG draws the bars with a legend and an axis.
func (s Stack) SVG() template.HTML {
	const left, right = 76, 52
	row, thick := 24.0, 16.0
	if len(s.Rows) > 16 {
		row, thick = 14, 10
	}
	c := canvas{label: s.Title}
	c.text(0, 13, "title", s.Title)
	names := make([]Series, len(s.Parts))
	for i, p := range s.Parts {
		names[i].Name = p
	}
	top := Curve{Series: names}.legend(&c, 34)
	bottom := top + row*float64(len(s.Rows))
	c.height = bottom + 36
	most := 0.0
	for _, r := range s.Rows {
		most = max(most, total(r.Values))
	}
	ticks := niceTicks(most)
	most = ticks[len(ticks)-1]
	xOf := func(v float64) float64 { return left + (chartWidth-left-right)*v/most }
	for _, v := range ticks {
		c.line(xOf(v), top-4, xOf(v), bottom)
		c.text(xOf(v), bottom+14, "mid muted small", short(v))
	}
	for i, r := range s.Rows {
		y := top + row*float64(i)
		c.label += fmt.Sprintf("; %s %s", r.Label, r.Text)
		c.text(left-8, y+thick/2+4, "end small", r.Label)
		sum := 0.0
		for k, v := range r.Values {
			if v > 0 {
				tip := fmt.Sprintf("%s, %s: %s", r.Label, s.Parts[k], short(v))
				c.rect(xOf(sum), y, max(0.5, xOf(sum+v)-xOf(sum)), thick, 0, 1, fmt.Sprintf("part s%d", k%lineColours), tip)
				sum += v
			}
		}
		c.text(xOf(sum)+5, y+thick/2+4, "small", r.Text)
	}
	c.text(left+(chartWidth-left-right)/2, bottom+30, "mid muted small", s.XLabel)
	return c.svg()
}

func total(values []float64) (sum float64) {
	for _, v := range values {
		sum += math.Max(v, 0)
	}
	return sum
}
