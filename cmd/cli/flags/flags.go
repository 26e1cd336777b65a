// Package flags declares what is said on the command line, and checks it.
package flags

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/cmd/cli/exit"
)

// Kind is what a flag takes.
type Kind int

// The kinds of flags.
const (
	Text   Kind = iota // a text
	Switch             // nothing
	List               // texts: separated by commas, or the flag repeated
	Whole              // a whole number
	Count              // a whole number that is not negative
	Number             // a number
)

// Flag describes a flag, for the parser of the command line and for the help.
type Flag struct {
	Name     string
	Argument string // stands for the value in the help; none of a switch
	Usage    string // what it does, in one sentence
	Category string // heading in the help
	Kind     Kind
	Default  any    // of the kind's type: string, []string, int, uint64 or float64; nil is the zero value
	Without  string // what holds without the flag, for the help, where Default does not say it
	Means    string // of a switch that is a synonym of another flag with a value: "layout=dense"
	Hidden   bool   // from the help: it is a former name, or has no effect in this command
	// Parse, when set, takes each value of a flag that may repeat.
	Parse cli.Generic
}

// Help returns the flag as the help shows it, such as "--samples N", and what it does.
func (f Flag) Help() (name, usage string) {
	name, usage = "--"+f.Name, f.Usage
	if f.Argument != "" {
		name += " " + f.Argument
	}
	without := f.Without
	if without == "" {
		switch v := f.Default.(type) {
		case nil:
		case []string:
			without = strings.Join(v, ",")
		case string:
			without = fmt.Sprintf("%q", v)
		default:
			without = fmt.Sprint(v)
		}
	}
	if without != "" {
		usage += " (default: " + without + ")"
	}
	return name, usage
}

// Parser returns the flag as the parser of the command line wants it.
func (f Flag) Parser() cli.Flag {
	if f.Parse != nil {
		return &cli.GenericFlag{Name: f.Name, Hidden: f.Hidden, Value: f.Parse}
	}
	switch f.Kind {
	case Switch:
		return &cli.BoolFlag{Name: f.Name, Hidden: f.Hidden}
	case List:
		list, _ := f.Default.([]string)
		return &cli.StringSliceFlag{Name: f.Name, Hidden: f.Hidden, Value: cli.NewStringSlice(list...)}
	case Whole:
		n, _ := f.Default.(int)
		return &cli.IntFlag{Name: f.Name, Hidden: f.Hidden, Value: n}
	case Count:
		n, _ := f.Default.(uint64)
		return &cli.Uint64Flag{Name: f.Name, Hidden: f.Hidden, Value: n}
	case Number:
		x, _ := f.Default.(float64)
		return &cli.Float64Flag{Name: f.Name, Hidden: f.Hidden, Value: x}
	}
	text, _ := f.Default.(string)
	return &cli.StringFlag{Name: f.Name, Hidden: f.Hidden, Value: text}
}

// Resolve gives the flags that synonyms stand for their values.
func Resolve(c *cli.Context, list []Flag) error {
	for _, f := range list {
		if f.Means == "" || !c.Bool(f.Name) {
			continue
		}
		name, value, _ := strings.Cut(f.Means, "=")
		if have := fmt.Sprint(c.Value(name)); c.IsSet(name) && have != value {
			return exit.Usagef("--%s and --%s %s exclude each other", f.Name, name, have)
		}
		if err := c.Set(name, value); err != nil {
			return exit.Usagef("--%s: %w", f.Name, err)
		}
	}
	return nil
}
