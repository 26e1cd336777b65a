package format

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Table is a table of finished strings. The first Left columns are text, aligned left, the others
// figures, aligned right.
type Table struct {
	Head []string
	Rows [][]string
	Left int
}

// Add appends a row, which has a cell for each column.
func (t *Table) Add(cells ...string) { t.Rows = append(t.Rows, cells) }

// IsText reports whether column i is aligned left.
func (t *Table) IsText(i int) bool { return i < t.Left }

// Write prints the table as plain text, its columns two spaces apart, with Printable cells.
func (t *Table) Write(w io.Writer) {
	width := make([]int, len(t.Head))
	var rows [][]string
	for _, row := range t.Rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = Printable(cell)
		}
		rows = append(rows, cells)
	}
	for _, row := range append([][]string{t.Head}, rows...) {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	rule := make([]string, len(t.Head))
	for i := range rule {
		rule[i] = strings.Repeat("-", width[i])
	}
	for _, row := range append([][]string{t.Head, rule}, rows...) {
		var line strings.Builder
		for i, cell := range row {
			if i > 0 {
				line.WriteString("  ")
			}
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell))
			if t.IsText(i) {
				line.WriteString(cell + pad)
			} else {
				line.WriteString(pad + cell)
			}
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}

// Markdown prints the table as one of a Markdown document.
func (t *Table) Markdown(w io.Writer) {
	align := slices.Repeat([]string{"---:"}, len(t.Head))
	for i := range min(t.Left, len(align)) {
		align[i] = "---"
	}
	for _, row := range append([][]string{t.Head, align}, t.Rows...) {
		fmt.Fprintf(w, "| %s |\n", strings.Join(row, " | "))
	}
}
