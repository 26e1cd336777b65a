package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/adagp/adagp/asm"
)

// table is a Markdown table: a row per task, a column per contender, and one for the ratio to each of
// the others.
type table struct {
	title string
	all   []contender
	rows  [][]string
}

func newTable(level asm.Level, threads int, all []contender) *table {
	s := "s"
	if threads == 1 {
		s = ""
	}
	return &table{title: fmt.Sprintf("%v, %d thread%s", level, threads, s), all: all}
}

// add appends the row of a task: medians, with the best behind, and how many times as fast as each of
// the others we are, as the median of the ratios within a round.
func (t *table) add(x task, times [][]float64) {
	row := []string{x.title()}
	for _, s := range times {
		if len(s) == 0 {
			row = append(row, "")
			continue
		}
		row = append(row, fmt.Sprintf("%s (%s)", x.show(median(s)), strings.Fields(x.show(slices.Min(s)))[0]))
	}
	for _, s := range times[1:] {
		if len(s) == 0 {
			row = append(row, "")
			continue
		}
		var ratios []float64
		for i := range min(len(s), len(times[0])) {
			ratios = append(ratios, s[i]/times[0][i])
		}
		row = append(row, fmt.Sprintf("%.2f", median(ratios)))
	}
	t.rows = append(t.rows, row)
}

func (t *table) write(w io.Writer) {
	head := []string{"median (best); products in GFLOP/s"}
	for _, c := range t.all {
		head = append(head, c.name())
	}
	for _, c := range t.all[1:] {
		head = append(head, "speed ÷ "+c.name())
	}
	fmt.Fprintf(w, "%s\n\n", t.title)
	fmt.Fprintf(w, "| %s |\n|%s\n", strings.Join(head, " | "), " --- |"+strings.Repeat(" ---: |", len(head)-1))
	for _, r := range t.rows {
		fmt.Fprintf(w, "| %s |\n", strings.Join(r, " | "))
	}
	fmt.Fprintln(w)
}

// median returns the median of values, NaN of none.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	if n == 0 {
		return math.NaN()
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
