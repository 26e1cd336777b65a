// Package format writes results for people: figures in the unit that suits, and plain text tables;
// and for programs, as JSON. All of it is for showing, nothing is computed with what comes out.
package format

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// JSON renders a result as it is printed and stored: indented, with a line end.
func JSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("write the result as JSON: %w", err)
	}
	return b.Bytes(), nil
}

// Printable spells out what is no printable character, \x1b: names from a stranger's file may hold sequences
// that a terminal obeys.
func Printable(s string) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "\\x%02x", r)
		}
	}
	return b.String()
}

// PrintableLines is Printable for a text whose line ends stay.
func PrintableLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = Printable(l)
	}
	return strings.Join(lines, "\n")
}

// Perplexity shows two digits behind the point as long as they mean something. One that is no number any more is
// ∞, or unknown.
func Perplexity[V ~float64](value V) string {
	switch v := float64(value); {
	case math.IsInf(v, 1):
		return "∞"
	case math.IsNaN(v):
		return "unknown"
	case v < 1000:
		return fmt.Sprintf("%.2f", v)
	case v < 1e7:
		return fmt.Sprintf("%.0f", v)
	default:
		return fmt.Sprintf("%.2e", v)
	}
}

// Error shows a relative squared error.
func Error[V ~float64](v V) string {
	if math.IsInf(float64(v), 1) {
		return "∞"
	}
	if v == 0 || (v >= 1e-4 && v < 100) {
		return fmt.Sprintf("%.4f", v)
	}
	return fmt.Sprintf("%.1e", v)
}

// Percent shows a share of 1.
func Percent(share float64) string { return fmt.Sprintf("%.2f %%", 100*share) }

// Seconds shows a duration of work.
func Seconds(s float64) string {
	if s < 10 {
		return fmt.Sprintf("%.2f s", s)
	}
	if s < 600 {
		return fmt.Sprintf("%.1f s", s)
	}
	return fmt.Sprintf("%.0f min", s/60)
}

// Bytes shows a size, in powers of 1024.
func Bytes(n int64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	v, i := float64(n)/unit, 0
	for v >= unit && i < 4 {
		v, i = v/unit, i+1
	}
	return fmt.Sprintf("%.1f %s", v, [...]string{"KiB", "MiB", "GiB", "TiB", "PiB"}[i])
}

// Count groups digits by thousands: 1,044,992.
func Count(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Shape shows the sizes of a tensor: 64×172.
func Shape(shape []int) string {
	return strings.ReplaceAll(strings.Trim(fmt.Sprint(shape), "[]"), " ", "×")
}

// Matrix strips the name of a tensor down to what tells the matrices of a decoder layer apart: q_proj.
func Matrix(name string) string {
	name = strings.TrimSuffix(name, ".weight")
	return name[strings.LastIndexByte(name, '.')+1:]
}

// Files lists the files of a text; those that are part of the program are only counted.
func Files(files []string) string {
	embedded := 0
	for _, f := range files {
		if strings.HasPrefix(f, "embedded:") {
			embedded++
		}
	}
	if embedded > 0 && embedded == len(files) {
		return fmt.Sprintf("embedded, parts of %d books", embedded)
	}
	return strings.Join(files, ", ")
}

// Share returns part ÷ whole, and 0 of nothing.
func Share(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}
