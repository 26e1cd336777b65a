package report

import (
	"fmt"
	"html/template"
	"math"
	"strings"
)

// Bars compares values that start at zero, one horizontal bar each.
type Bars struct {
	Title string
	Items []Bar
}

// Bar is one value of Bars. One that is infinite is drawn as long as the longest that is not.
type Bar struct {
	Label string
	Value float64
	Text  string // the value as it is printed beside the bar
	Base  bool   // what the others are compared with: drawn in grey
	Own   bool   // one of those that the plot is about: drawn in a colour of their own
}

// SVG draws the bars.
func (b Bars) SVG() template.HTML {
	const (
		top, row, thick = 30, 28, 16
		left, right     = 88, 60 // for labels and for printed values
	)
	c := canvas{label: b.Title, height: top + row*float64(len(b.Items))}
	c.text(0, 13, "title", b.Title)
	most := 0.0
	for _, it := range b.Items {
		most = largest(most, it.Value)
		c.label += fmt.Sprintf("; %s %s", it.Label, it.Text)
	}
	for i, it := range b.Items {
		y := float64(top + row*i)
		w := 0.0
		if it.Value > most {
			w = chartWidth - left - right
		} else if it.Value > 0 {
			w = max(1, (chartWidth-left-right)*it.Value/most)
		}
		class := "bar"
		if it.Base {
			class += " base"
		} else if it.Own {
			class += " own"
		}
		c.text(left-8, y+thick/2+4, "end", fit(it.Label, left-8))
		c.rect(left, y, w, thick, 2, 1, class, it.Label+": "+it.Text)
		c.text(left+w+6, y+thick/2+4, "", it.Text)
	}
	return c.svg()
}

// Curve is a value per decoder layer, on an axis from zero; one line or several.
type Curve struct {
	Title  string
	XLabel string
	YLabel string // with the unit
	X      []int
	Series []Series
}

// Series is one line of a Curve, with a value for each X; NaN leaves a gap, infinity stands at the upper edge.
type Series struct {
	Name string
	Y    []float64
}

// lineColours is how many lines the style sheet can tell apart.
const lineColours = 6

// SVG draws the curve, with a legend when there is more than one line.
func (p Curve) SVG() template.HTML {
	const (
		height      = 150
		left, right = 44, 8
	)
	c := canvas{label: p.Title}
	c.text(0, 13, "title", p.Title)
	top := 30.0
	if len(p.Series) > 1 {
		top = p.legend(&c, 34)
	}
	top = c.yLabel(p.YLabel, top)
	c.height = top + height + 36
	most := 0.0
	for _, s := range p.Series {
		for _, v := range s.Y {
			most = largest(most, v)
		}
	}
	ticks := niceTicks(most)
	most = ticks[len(ticks)-1]
	yOf := func(v float64) float64 { return top + height*(1-min(v, most)/most) }
	for _, v := range ticks {
		c.line(left, yOf(v), chartWidth-right, yOf(v))
		c.text(left-6, yOf(v)+4, "end muted small", short(v))
	}
	xOf := func(i int) float64 {
		if len(p.X) < 2 {
			return left + (chartWidth-left-right)/2
		}
		return left + 10 + (chartWidth-left-right-20)*float64(i)/float64(len(p.X)-1)
	}
	for k, s := range p.Series {
		p.draw(&c, k, s, xOf, yOf)
	}
	every := (len(p.X) + 11) / 12 // at most a dozen labels
	for i, x := range p.X {
		if i%every == 0 {
			c.text(xOf(i), top+height+16, "mid muted small", fmt.Sprint(x))
		}
	}
	c.text(left+(chartWidth-left-right)/2, top+height+32, "mid muted small", p.XLabel)
	return c.svg()
}

// draw adds one line with a dot at every value.
func (p Curve) draw(c *canvas, k int, s Series, xOf func(int) float64, yOf func(float64) float64) {
	var path strings.Builder
	to := 'M'
	for i, v := range s.Y {
		if math.IsNaN(v) {
			to = 'M'
			continue
		}
		fmt.Fprintf(&path, "%c%s %s", to, num(xOf(i)), num(yOf(v)))
		to = 'L'
	}
	fmt.Fprintf(&c.b, `<path class="line s%d" d="%s"/>`, k%lineColours, path.String())
	radius := 4.0
	if len(p.X) > 40 {
		radius = 2
	}
	name := ""
	if s.Name != "" {
		name = s.Name + ", "
	}
	for i, v := range s.Y {
		if math.IsNaN(v) {
			continue
		}
		fmt.Fprintf(&c.b, `<circle class="dot s%d" cx="%s" cy="%s" r="%s"><title>%s</title></circle>`, k%lineColours,
			num(xOf(i)), num(yOf(v)), num(radius), template.HTMLEscapeString(fmt.Sprintf("%s%s %d: %s", name, p.XLabel, p.X[i], short(v))))
	}
}

// legend names the lines from y on, in rows, and returns where the plot can begin.
func (p Curve) legend(c *canvas, y float64) float64 {
	x := 0.0
	for k, s := range p.Series {
		name := fit(s.Name, chartWidth-40)
		w := 18 + 7*float64(len(name)) + 14
		if x > 0 && x+w > chartWidth {
			x, y = 0, y+18
		}
		fmt.Fprintf(&c.b, `<circle class="dot s%d" cx="%s" cy="%s" r="5"/>`, k%lineColours, num(x+5), num(y-4))
		c.text(x+15, y, "", name)
		x += w
	}
	return y + 16
}

// Heat shows one value per row and column by the strength of one colour, which everybody tells apart, on
// a logarithmic scale unless Linear. An infinite one looks like the largest that is not.
type Heat struct {
	Title  string
	XLabel string
	Unit   string // what the values are, beside the scale
	Linear bool
	Format func(float64) string // of values; nil: three digits
	Rows   []string
	Cols   []int
	Values [][]float64 // [row][column]; NaN: nothing there
}

const (
	heatTop = 30 // where the rows begin
	heatRow = 24 // how high one is

	heatFaint = 0.12 // opacity of the smallest value: still a cell
)

// SVG draws the map.
func (h Heat) SVG() template.HTML {
	const legend = 50
	left := 76.0 // for the names of the rows
	for _, name := range h.Rows {
		left = min(max(left, 16+7*float64(len(name))), 120)
	}
	c := canvas{label: h.Title, height: heatTop + heatRow*float64(len(h.Rows)) + 34 + legend}
	c.text(0, 13, "title", h.Title)
	low, high := h.bounds()
	if h.Format == nil {
		h.Format = short
	}
	w := float64(chartWidth-left) / float64(max(len(h.Cols), 1))
	gap := 2.0
	if w < 10 {
		gap = 0.5
	}
	for i, name := range h.Rows {
		y := heatTop + heatRow*float64(i)
		c.text(left-8, y+heatRow/2+3, "end", fit(name, left-8))
		for j, v := range h.Values[i] {
			h.drawCell(&c, left+w*float64(j), y, w, gap, fmt.Sprintf("%s, %s %d", name, h.XLabel, h.Cols[j]), v, h.strength(v, low, high))
		}
	}
	y := heatTop + heatRow*float64(len(h.Rows)) + 12
	every := (len(h.Cols) + 11) / 12
	for j, x := range h.Cols {
		if j%every == 0 {
			c.text(left+w*(float64(j)+0.5)-gap/2, y, "mid muted small", fmt.Sprint(x))
		}
	}
	c.text(left+(chartWidth-left)/2, y+16, "mid muted small", h.XLabel)
	h.drawLegend(&c, y+34, low, high, heatFaint, h.Format)
	return c.svg()
}

// strength returns the opacity of a value between the bounds.
func (h Heat) strength(v, low, high float64) float64 {
	v = min(v, high)
	if !(high > low) {
		return 0.6
	}
	if h.Linear {
		return heatFaint + (1-heatFaint)*(v-low)/(high-low)
	}
	return heatFaint + (1-heatFaint)*(math.Log(max(v, low))-math.Log(low))/(math.Log(high)-math.Log(low))
}

// drawCell draws a value, w wide with the gap behind it, in the given strength; place says what it is of.
func (h Heat) drawCell(c *canvas, x, y, w, gap float64, place string, v, strength float64) {
	if math.IsNaN(v) {
		c.rect(x, y, w-gap, heatRow-2, 2, 1, "empty", place+": not pruned")
		return
	}
	c.rect(x, y, w-gap, heatRow-2, 2, strength, "bar", place+": "+h.Format(v))
	if w < 34 {
		return
	}
	class := "mid small"
	if strength > 0.88 { // where light type has the better contrast; in the dark, earlier
		class += " hot"
	} else if strength > 0.65 {
		class += " warm"
	}
	c.text(x+(w-gap)/2, y+heatRow/2+3, class, h.Format(v))
}

// bounds returns the smallest and largest values, on a logarithmic scale those above zero.
func (h Heat) bounds() (low, high float64) {
	low, high = math.Inf(1), 0
	for _, row := range h.Values {
		for _, v := range row {
			if v > 0 || h.Linear && v == 0 {
				low, high = min(low, v), largest(high, v)
			}
		}
	}
	if high == 0 {
		low = 0
	}
	return low, high
}

// drawLegend adds the scale, in steps, with the values at its ends.
func (h Heat) drawLegend(c *canvas, y, low, high, faint float64, format func(float64) string) {
	const width, steps = 120, 12
	if high > low {
		x := float64(chartWidth-width) / 2
		for i := range steps {
			s := faint + (1-faint)*float64(i)/(steps-1)
			c.swatch(x+float64(i)*width/steps, y, width/steps, 8, s)
		}
		c.text(x-6, y+8, "end muted small", format(low))
		c.text(x+width+6, y+8, "muted small", format(high))
		y += 20
	}
	c.text(chartWidth/2, y+4, "mid muted small", h.Unit)
}
