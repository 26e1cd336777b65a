package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
)

//go:embed chart.css
var chartCSS string

// chartWidth is the width of every plot in its own units, about the pixels that a phone has for it,
// so that the type stays readable there and grows on wider screens.
const chartWidth = 360

// canvas collects the elements of a plot.
type canvas struct {
	b      strings.Builder
	label  string // what a screen reader says
	height float64
}

func (c *canvas) svg() template.HTML {
	return template.HTML(fmt.Sprintf(`<svg class="chart" role="img" aria-label="%s" viewBox="0 0 %d %s" xmlns="http://www.w3.org/2000/svg">%s</svg>`,
		template.HTMLEscapeString(c.label), chartWidth, num(c.height), c.b.String())) //nolint:gosec // text is escaped where it enters
}

func (c *canvas) text(x, y float64, class, s string) {
	fmt.Fprintf(&c.b, `<text x="%s" y="%s" class="%s">%s</text>`, num(x), num(y), class, template.HTMLEscapeString(s))
}

func (c *canvas) line(x1, y1, x2, y2 float64) {
	fmt.Fprintf(&c.b, `<line class="grid" x1="%s" y1="%s" x2="%s" y2="%s"/>`, num(x1), num(y1), num(x2), num(y2))
}

// rect draws a rectangle with a tooltip; opacity 1 is opaque.
func (c *canvas) rect(x, y, w, h, radius, opacity float64, class, tip string) {
	fmt.Fprintf(&c.b, `<rect class="%s" x="%s" y="%s" width="%s" height="%s" rx="%s"`, class, num(x), num(y), num(w), num(h), num(radius))
	if opacity < 1 {
		fmt.Fprintf(&c.b, ` fill-opacity="%s"`, num(opacity))
	}
	fmt.Fprintf(&c.b, `><title>%s</title></rect>`, template.HTMLEscapeString(tip))
}

// swatch draws a piece of a scale.
func (c *canvas) swatch(x, y, w, h, opacity float64) {
	fmt.Fprintf(&c.b, `<rect class="bar" x="%s" y="%s" width="%s" height="%s" fill-opacity="%s"/>`, num(x), num(y), num(w), num(h), num(opacity))
}

// yLabel names the vertical axis, above it where the type can stay upright, and returns where the plot
// can begin.
func (c *canvas) yLabel(name string, top float64) float64 {
	if name == "" {
		return top
	}
	c.text(0, top+2, "muted small", name)
	return top + 16
}

// fit cuts a label that is wider than there is room, in its middle, as both ends tell names apart.
func fit(label string, width float64) string {
	const letter = 7.2 // of the average letter
	r, n := []rune(label), max(1, int(width/letter))
	if len(r) <= n {
		return label
	}
	return string(r[:n/2]) + "…" + string(r[len(r)-(n-n/2-1):])
}

// num writes a coordinate in as few digits as it needs.
func num(v float64) string { return strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64) }

// largest is the larger of two values, most where v is NaN or infinite: axes end at what is a number.
func largest(most, v float64) float64 {
	if v > most && !math.IsInf(v, 0) {
		return v
	}
	return most
}

// niceTicks returns a handful of round values from 0 to at least most.
func niceTicks(most float64) []float64 {
	if !(most > 0) || math.IsInf(most, 0) {
		return []float64{0, 1}
	}
	step := math.Pow(10, math.Floor(math.Log10(most/4)))
	for _, f := range []float64{1, 2, 2.5, 5, 10} {
		if most/(step*f) <= 5 {
			step *= f
			break
		}
	}
	ticks := []float64{0}
	for v := step; ; v += step {
		ticks = append(ticks, v)
		if v >= most*(1-1e-9) {
			return ticks
		}
	}
}

// short writes a figure in three digits and little room.
func short(v float64) string {
	a := math.Abs(v)
	switch {
	case v == 0:
		return "0"
	case math.IsInf(v, 1):
		return "∞"
	case a >= 1e12 || a < 1e-3:
		digits, exponent, _ := strings.Cut(strconv.FormatFloat(v, 'e', 1, 64), "e")
		e, _ := strconv.Atoi(exponent) // it is a number
		return strings.TrimSuffix(digits, ".0") + "e" + strconv.Itoa(e)
	case a >= 1e4:
		unit := ""
		for _, unit = range []string{"k", "M", "G"} {
			if v /= 1000; math.Abs(v) < 999.5 {
				break
			}
		}
		return strconv.FormatFloat(v, 'g', 3, 64) + unit
	case a >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// Picture returns the charts as one SVG file of their own, side by side or one below the other, for
// documents that cannot hold a page. It follows the reader's light or dark setting as the page does.
func Picture(columns int, charts ...Chart) []byte {
	const gap, pad = 24, 16
	var body strings.Builder
	x, y, rowHeight := 0, 0.0, 0.0
	for i, ch := range charts {
		if i > 0 && i%columns == 0 {
			x, y, rowHeight = 0, y+rowHeight+gap, 0
		}
		s := string(ch.SVG())
		h := chartHeight(s)
		rowHeight = max(rowHeight, h)
		body.WriteString(strings.Replace(s, "<svg ", fmt.Sprintf(`<svg x="%d" y="%s" width="%d" height="%s" `, pad+x, num(pad+y), chartWidth, num(h)), 1))
		x += chartWidth + gap
	}
	n := min(columns, len(charts))
	w, h := n*chartWidth+(n-1)*gap+2*pad, y+rowHeight+2*pad
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %s" width="%d" height="%s"><style>%s%s.chart .dot { stroke: var(--bg); }</style><rect width="100%%" height="100%%" rx="8" fill="var(--bg)"/>%s</svg>
`, w, num(h), w, num(h), colours(), chartCSS, body.String())
}

// chartHeight reads the height back from a plot's viewBox.
func chartHeight(svg string) float64 {
	_, after, _ := strings.Cut(svg, fmt.Sprintf(`viewBox="0 0 %d `, chartWidth))
	text, _, _ := strings.Cut(after, `"`)
	h, _ := strconv.ParseFloat(text, 64)
	return h
}

// colours returns the part of the style sheet that defines the colours: everything before the rules.
func colours() string {
	before, _, _ := strings.Cut(styleCSS, "* {")
	return before
}
