package report

import (
	"bytes"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/adagp/adagp/cmd/cli/format"
	"github.com/adagp/adagp/internal/golden"
)

func samplePage() *Page {
	return &Page{
		Title: "demo:llama pruned by <adagp>",
		Lead:  "70.00 % of the weights are zero.",
		Facts: []Fact{{"Model", "demo:llama"}, {"Calibration text", "a & b"}},
		Sections: []Section{{
			Title: "Plots",
			Note:  "Lower is better.",
			Charts: []Chart{
				Bars{Title: "Perplexity", Items: []Bar{{"dense", 24.9, "24.90", true, false}, {"magnitude", 81, "81.00", false, false}, {"zero", 0, "0", false, false}}},
				Curve{Title: "Error", XLabel: "decoder layer", X: []int{0, 1, 2}, Series: []Series{{"a", []float64{0.01, 0.02, 0.05}}, {"b", []float64{0, 0, 0.1}}}},
				Heat{Title: "Matrices", XLabel: "decoder layer", Rows: []string{"q_proj", "<up>"}, Cols: []int{0, 1, 2},
					Values: [][]float64{{0.001, 0.01, 0.1}, {math.NaN(), 0.2, 0}}},
			},
			Table:  &format.Table{Head: []string{"tensor", "error"}, Rows: [][]string{{"<script>alert(1)</script>", "0.1"}}, Left: 1},
			Folded: true,
		}},
		Foot: "foot",
	}
}

func TestPageIsSelfContained(t *testing.T) {
	var b bytes.Buffer
	if err := samplePage().Write(&b); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	fetches := regexp.MustCompile(`(?i)(src=|href=|url\([^#]|@import|<script|<link)`)
	if m := fetches.FindString(page); m != "" {
		t.Errorf("page holds %q: want nothing to fetch or to run", m)
	}
	for _, want := range []string{"&lt;script&gt;", "&lt;adagp&gt;", "a &amp; b", "prefers-color-scheme: dark", `name="viewport"`, "<details>", "&lt;up&gt;"} {
		if !strings.Contains(page, want) {
			t.Errorf("page lacks %q", want)
		}
	}
	if strings.Contains(page, "NaN") || strings.Contains(page, "ZgotmplZ") {
		t.Error("page holds NaN or a refused value")
	}
}

// TestChartsAreWellFormed parses every plot as XML, at the edges of what they are given.
func TestChartsAreWellFormed(t *testing.T) {
	many := make([]float64, 96)
	x := make([]int, 96)
	for i := range many {
		x[i], many[i] = i, float64(i)*1e-3
	}
	for name, c := range map[string]Chart{
		"bars":          samplePage().Sections[0].Charts[0],
		"curve":         samplePage().Sections[0].Charts[1],
		"heat":          samplePage().Sections[0].Charts[2],
		"no bars":       Bars{Title: "none"},
		"one point":     Curve{Title: "one", X: []int{3}, Series: []Series{{"", []float64{0.5}}}},
		"all zero":      Curve{Title: "flat", X: []int{0, 1}, Series: []Series{{"", []float64{0, 0}}}},
		"many layers":   Curve{Title: "deep", X: x, Series: []Series{{"", many}}},
		"many columns":  Heat{Title: "deep", Rows: []string{"q"}, Cols: x, Values: [][]float64{many}},
		"gaps":          Curve{Title: "gaps", YLabel: "error <y>", X: x[:4], Series: []Series{{"a", []float64{math.NaN(), 1, math.NaN(), 2}}, {"b", []float64{1, 2, 3, math.NaN()}}}},
		"shares":        Heat{Title: "shares", Unit: "share", Linear: true, Rows: []string{"q", "a name that is far too long for the room there is"}, Cols: x[:2], Values: [][]float64{{0, 0.5}, {1, math.NaN()}}},
		"stack":         Stack{Title: "<stack>", XLabel: "s", Parts: []string{"a", "b & c"}, Rows: []StackRow{{"0", []float64{1, 2}, "3 s"}, {"1", []float64{0, 0}, "0 s"}}},
		"no stack":      Stack{Title: "none"},
		"empty heat":    Heat{Title: "none"},
		"infinite bars": Bars{Title: "beyond", Items: []Bar{{"dense", 24.9, "24.90", true, false}, {"pruned", math.Inf(1), "∞", false, false}}},
		"only infinity": Bars{Title: "beyond", Items: []Bar{{"pruned", math.Inf(1), "∞", false, false}}},
		"high curve":    Curve{Title: "beyond", X: x[:2], Series: []Series{{"", []float64{1, math.Inf(1)}}}},
		"highest curve": Curve{Title: "beyond", X: x[:2], Series: []Series{{"", []float64{math.Inf(1), math.Inf(1)}}}},
		"hot cells":     Heat{Title: "beyond", Rows: []string{"q"}, Cols: x[:3], Values: [][]float64{{0.1, 0.2, math.Inf(1)}}},
		"hottest cell":  Heat{Title: "beyond", Rows: []string{"q"}, Cols: x[:1], Values: [][]float64{{math.Inf(1)}}},
		"high log":      LogCurve{Title: "beyond", Base: math.Inf(1), Series: []LogSeries{{"a", []LogPoint{{0.5, 2, 1, math.Inf(1)}, {0.6, math.Inf(1), math.Inf(1), math.Inf(1)}}}}},
		"one heat cell": Heat{Title: "one", Rows: []string{"q"}, Cols: []int{0}, Values: [][]float64{{0.1}}},
	} {
		t.Run(name, func(t *testing.T) {
			golden.Picture(t, []byte(c.SVG()))
		})
	}
}

func TestPicture(t *testing.T) {
	charts := samplePage().Sections[0].Charts
	for columns := 1; columns <= 4; columns++ {
		golden.Picture(t, Picture(columns, charts...))
	}
}

// TestGaps: a line is broken where there is no value, and its axis does not suffer.
func TestGaps(t *testing.T) {
	svg := string(Curve{X: []int{0, 1, 2}, Series: []Series{{"", []float64{0.01, math.NaN(), 0.02}}}}.SVG())
	if strings.Count(svg, "<circle") != 2 || strings.Contains(svg, "L") || !strings.Contains(svg, ">0.02<") {
		t.Errorf("want two dots without a line, and an axis to 0.02: %s", svg)
	}
}

func TestShort(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.0123: "0.0123", 1e-5: "1e-5", 2.54e-13: "2.5e-13", 12.345: "12.3", 1234: "1234", 5e5: "500k", -12345: "-12.3k", 999999: "1M", 2.5e9: "2.5G", 1e12: "1e12"} {
		if got := short(v); got != want {
			t.Errorf("short(%v) = %q, want %q", v, got, want)
		}
	}
}

func TestFit(t *testing.T) {
	for _, c := range []struct {
		label string
		width float64
		want  string
	}{{"q_proj", 68, "q_proj"}, {"query_key_value", 72, "query…alue"}, {"übergröße", 36, "üb…ße"}, {"xy", 1, "…"}} {
		if got := fit(c.label, c.width); got != c.want {
			t.Errorf("fit(%q, %v) = %q, want %q", c.label, c.width, got, c.want)
		}
	}
}

// TestStack: the parts lie side by side, to the scale of the axis.
func TestStack(t *testing.T) {
	svg := string(Stack{Parts: []string{"a", "b"}, Rows: []StackRow{{"0", []float64{1, 3}, "4 s"}}}.SVG())
	for _, want := range []string{`class="part s0" x="76"`, `width="58"`, `class="part s1" x="134"`, `width="174"`, "0, b: 3", ">4 s<"} {
		if !strings.Contains(svg, want) {
			t.Errorf("no %q in %s", want, svg)
		}
	}
}

func TestNiceTicks(t *testing.T) {
	for _, most := range []float64{1e-6, 0.013, 0.5, 1, 3, 99, 1234} {
		ticks := niceTicks(most)
		last := ticks[len(ticks)-1]
		if ticks[0] != 0 || last < most*(1-1e-9) || last > 2*most || len(ticks) > 7 {
			t.Errorf("niceTicks(%v) = %v: want from 0 to just above, at most 7", most, ticks)
		}
	}
	if got := niceTicks(0); len(got) != 2 {
		t.Errorf("niceTicks(0) = %v, want an axis all the same", got)
	}
}
