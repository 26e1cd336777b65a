package app

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"
)

// appHelp is the help of the program as a whole.
const appHelp = `{{.Name}}: {{.Usage}}

USAGE
   {{.UsageText}}

COMMANDS
{{- range .VisibleCommands}}{{if ne .Name "help"}}
   {{printf "%-9s" .Name}} {{.Usage}}{{end}}{{end}}

START HERE
   ` + programName + ` demo                    prune two small embedded models, no files needed
   ` + programName + ` COMMAND --help          flags and examples of a command

   Results go to stdout, logs and progress to stderr. Exit status: 0 done, 1 failed,
   2 wrong usage, 130 interrupted.

VERSION
   {{.Version}}
`

// command completes a command: common flags, our wording of usage errors, and help that lists the
// flags in the order in which they were declared, after examples that work.
func command(c *cli.Command, examples ...string) *cli.Command {
	c.Flags = append(c.Flags, commonFlags()...)
	c.OnUsageError = onUsageError
	c.HideHelpCommand = true // "cli prune help" is a stray argument, not a command
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: %s\n\nUSAGE\n   %s\n\n%s\n\nEXAMPLES\n", programName, c.Name, c.Usage, c.UsageText, c.Description)
	for _, e := range examples {
		fmt.Fprintf(&b, "   %s %s\n", programName, e)
	}
	writeFlags(&b, c.Flags)
	c.CustomHelpTemplate = "{{" + fmt.Sprintf("%q", b.String()) + "}}" // a template that is one constant
	return c
}

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
