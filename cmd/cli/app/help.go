package app

import "github.com/adagp/adagp/cmd/cli/exit"

// appHelp is the help of the program as a whole.
const appHelp = `{{.Name}}: {{.Usage}}

USAGE
   {{.UsageText}}

COMMANDS
{{- range .VisibleCommands}}{{if ne .Name "help"}}
   {{printf "%-9s" .Name}} {{.Usage}}{{end}}{{end}}

START HERE
   ` + exit.Program + ` demo                    prune two small embedded models, no files needed
   ` + exit.Program + ` COMMAND --help          flags and examples of a command

   Results go to stdout, logs and progress to stderr. Exit status: 0 done, 1 failed,
   2 wrong usage, 130 interrupted.

VERSION
   {{.Version}}
`
