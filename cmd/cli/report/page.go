// Package report draws the pages that the program writes: one self-contained HTML file with tables
// and plots, readable in light and dark and on a phone, with nothing to fetch.
package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"

	"github.com/adagp/adagp/cmd/cli/format"
)

//go:embed page.html
var pageHTML string

//go:embed style.css
var styleCSS string

var pageTemplate = template.Must(template.New("page").Parse(pageHTML))

// Page is what a page shows, top to bottom.
type Page struct {
	Title    string
	Lead     string // one or two sentences: what was done, what came of it
	Figures  []Fact // the few figures that matter most, side by side
	Facts    []Fact
	Sections []Section
	Foot     string
}

// Fact is one setting or figure.
type Fact struct{ Name, Value string }

// Section is a heading with plots and a table below it.
type Section struct {
	Title  string
	Note   string // what the reader sees, and how to read it
	Charts []Chart
	Table  *format.Table
	Folded bool // the table opens on a click
}

// A Chart is a plot that scales to the width it is given.
type Chart interface {
	// SVG returns the plot as an svg element, which takes its colours from the style sheet.
	SVG() template.HTML
}

// Write renders the page.
func (p *Page) Write(w io.Writer) error {
	err := pageTemplate.Execute(w, struct {
		*Page
		Style template.CSS
	}{p, template.CSS(styleCSS + chartCSS)}) //nolint:gosec // our own style sheet
	if err != nil {
		return fmt.Errorf("render the page: %w", err)
	}
	return nil
}
