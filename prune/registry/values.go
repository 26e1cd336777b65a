package registry

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// number is a setting that is a number above 0.
type number struct{ v *float64 }

func (n number) String() string {
	if n.v == nil || *n.v == 0 {
		return ""
	}
	return strconv.FormatFloat(*n.v, 'g', -1, 64)
}

func (n number) Set(text string) error {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v > 0) || math.IsInf(v, 1) {
		return errors.New("want a positive number")
	}
	*n.v = v
	return nil
}

// Positive declares a setting that takes a finite number above 0 and puts it into v. The value that v has when it
// is declared is the default; 0 is one that depends.
func Positive(fs *flag.FlagSet, v *float64, name, usage string) { fs.Var(number{v}, name, usage) }

// count is a setting that is a whole number from 1.
type count struct{ v *int }

func (c count) String() string {
	if c.v == nil || *c.v == 0 {
		return ""
	}
	return strconv.Itoa(*c.v)
}

func (c count) Set(text string) error {
	v, err := strconv.ParseInt(text, 10, 32)
	if err != nil || v < 1 {
		return errors.New("want a whole number of at least 1")
	}
	*c.v = int(v)
	return nil
}

// Count declares a setting that takes a whole number of at least 1, as [Positive] does.
func Count(fs *flag.FlagSet, v *int, name, usage string) { fs.Var(count{v}, name, usage) }

// choice is a setting that is one of some words.
type choice struct {
	v     *string
	words []string
}

func (c choice) String() string {
	if c.v == nil {
		return ""
	}
	return *c.v
}

func (c choice) Set(text string) error {
	if !slices.Contains(c.words, text) {
		return fmt.Errorf("want one of %s", strings.Join(c.words, ", "))
	}
	*c.v = text
	return nil
}

// Choice declares a setting that takes one of the words, as [Positive] does.
func Choice(fs *flag.FlagSet, v *string, name, usage string, words ...string) {
	fs.Var(choice{v, words}, name, usage)
}
