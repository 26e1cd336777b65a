package command

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"
)

// helpWidth is the width flag descriptions are wrapped to.
const helpWidth = 100

func writeFlags(b *strings.Builder, flags []cli.Flag) {
	left := 0
	for _, f := range flags {
		name, _ := flagHelp(f)
		left = max(left, utf8.RuneCountInString(name))
	}
	category := "\x00"
	for _, f := range flags {
		c := f.(cli.CategorizableFlag).GetCategory()
		if c != category {
			category = c
			if c == "" {
				c = "FLAGS"
			}
			fmt.Fprintf(b, "\n%s\n", strings.ToUpper(c))
		}
		name, usage := flagHelp(f)
		indent := 3 + left + 2
		for i, line := range wrap(usage, helpWidth-indent) {
			if i == 0 {
				fmt.Fprintf(b, "   %s%s  %s\n", name, strings.Repeat(" ", left-utf8.RuneCountInString(name)), line)
			} else {
				fmt.Fprintf(b, "%s%s\n", strings.Repeat(" ", indent), line)
			}
		}
	}
}

// flagHelp returns "--name VALUE" and what the flag does, with its default.
func flagHelp(f cli.Flag) (name, usage string) {
	name, usage, _ = strings.Cut(f.String(), "\t")
	name, _, _ = strings.Cut(name, " [ ") // a flag that may repeat is shown once
	return strings.TrimSpace(name), strings.TrimSpace(usage)
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
