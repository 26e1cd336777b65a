package command

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/cmd/cli/flags"
)

// helpWidth is the width flag descriptions are wrapped to.
const helpWidth = 100

// help is what --help prints: examples first, then the flags in the order in which they were declared.
func help(c Command, list []flags.Flag) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: %s\n\nUSAGE\n   %s\n\n%s\n\nEXAMPLES\n", exit.Program, c.Name, c.Summary, c.Synopsis, c.Description)
	for _, e := range c.Examples {
		fmt.Fprintf(&b, "   %s %s\n", exit.Program, e)
	}
	visible := slices.DeleteFunc(slices.Clone(list), func(f flags.Flag) bool { return f.Hidden })
	visible = append(visible, flags.Flag{Name: "help, -h", Usage: "show help", Category: "Common"})
	left := 0
	for _, f := range visible {
		name, _ := f.Help()
		left = max(left, utf8.RuneCountInString(name))
	}
	category := "\x00"
	for _, f := range visible {
		if f.Category != category {
			category = f.Category
			fmt.Fprintf(&b, "\n%s\n", strings.ToUpper(cmp.Or(category, "Flags")))
		}
		writeFlag(&b, f, left)
	}
	return b.String()
}

// writeFlag writes the name of a flag, so many characters wide, and beside it what it does.
func writeFlag(b *strings.Builder, f flags.Flag, width int) {
	name, usage := f.Help()
	indent := 3 + width + 2
	for i, line := range wrap(usage, helpWidth-indent) {
		if i > 0 {
			name = ""
		}
		fmt.Fprintf(b, "   %s%s  %s\n", name, strings.Repeat(" ", width-utf8.RuneCountInString(name)), line)
	}
}

// wrap breaks a text into lines of at most width characters, words staying whole.
func wrap(text string, width int) (lines []string) {
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
