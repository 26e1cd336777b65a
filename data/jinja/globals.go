package jinja

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// globals are the functions that a template can call without being given them.
var globals map[string]callable

// maxRange bounds the numbers of range, as Jinja's sandbox does.
const maxRange = 100_000

func init() {
	globals = map[string]callable{
		"range": rangeOf,
		"dict":  func(_ *state, _ []any, named *Dict) (any, error) { return named, nil },
		"namespace": func(_ *state, args []any, named *Dict) (any, error) {
			n := &namespace{*NewDict()}
			for _, a := range args {
				if d, ok := a.(*Dict); ok {
					for _, k := range d.keys {
						n.Set(k, d.values[k])
					}
				}
			}
			for _, k := range named.keys {
				n.Set(k, named.values[k])
			}
			return n, nil
		},
		"raise_exception": func(_ *state, args []any, named *Dict) (any, error) {
			return nil, errors.New(show(option(args, named, 0, "message", "the template refuses the conversation")))
		},
		"strftime_now": func(s *state, args []any, named *Dict) (any, error) {
			return strftime(show(option(args, named, 0, "format", "")), s)
		},
		"joiner": joiner,
		"cycler": cycler,
	}
}

func rangeOf(s *state, args []any, _ *Dict) (any, error) {
	bounds := []int64{0, 0, 1}
	for i, a := range args {
		n, ok := whole(a)
		if !ok || i > 2 {
			return nil, errors.New("range wants one to three whole numbers")
		}
		bounds[i] = n
	}
	switch len(args) {
	case 0:
		return nil, errors.New("range wants one to three whole numbers")
	case 1:
		bounds[0], bounds[1] = 0, bounds[0]
	}
	start, stop, by := bounds[0], bounds[1], bounds[2]
	if by == 0 {
		return nil, errors.New("the step of a range is 0")
	}
	if n := (float64(stop) - float64(start)) / float64(by); n > maxRange {
		return nil, fmt.Errorf("a range has more than %d numbers", maxRange)
	}
	l := &List{}
	for i := start; by > 0 && i < stop || by < 0 && i > stop; i += by {
		l.Items = append(l.Items, i)
	}
	return l, s.grow(16 * len(l.Items))
}

// joiner returns a function that gives nothing at first, then the separator.
func joiner(_ *state, args []any, named *Dict) (any, error) {
	by := option(args, named, 0, "sep", ", ")
	used := false
	return callable(func(*state, []any, *Dict) (any, error) {
		if !used {
			used = true
			return "", nil
		}
		return by, nil
	}), nil
}

// cycler returns a namespace whose next gives the values in turn.
func cycler(_ *state, args []any, _ *Dict) (any, error) {
	if len(args) == 0 {
		return nil, errors.New("cycler wants values")
	}
	i := -1
	n := &namespace{*NewDict()}
	n.Set("next", callable(func(*state, []any, *Dict) (any, error) {
		i = (i + 1) % len(args)
		return args[i], nil
	}))
	return n, nil
}

// strftime formats the time, by the directives that templates use.
func strftime(form string, s *state) (any, error) {
	layouts := map[byte]string{'Y': "2006", 'm': "01", 'd': "02", 'H': "15", 'M': "04", 'S': "05", 'B': "January", 'b': "Jan", 'A': "Monday",
		'a': "Mon", 'y': "06", 'I': "03", 'p': "PM", 'j': "002", 'Z': "MST", 'z': "-0700"}
	var b strings.Builder
	for i := 0; i < len(form); i++ {
		if form[i] != '%' || i+1 == len(form) {
			b.WriteByte(form[i])
			continue
		}
		i++
		unpadded := form[i] == '-' && i+1 < len(form)
		if unpadded {
			i++
		}
		layout, ok := layouts[form[i]]
		switch {
		case form[i] == '%':
			b.WriteByte('%')
		case !ok:
			return nil, fmt.Errorf("the directive %%%c of strftime_now is not supported", form[i])
		case unpadded:
			b.WriteString(strings.TrimLeft(s.now.Format(layout), "0"))
		default:
			b.WriteString(s.now.Format(layout))
		}
	}
	return b.String(), nil
}

// toJSON is Python's json.dumps with ensure_ascii=False.
func toJSON(s *state, args []any, named *Dict) (any, error) {
	j := &jsonWriter{sorted: truth(option(args, named, 4, "sort_keys", false)), item: ", ", key: ": "}
	switch in := option(args, named, 2, "indent", nil).(type) {
	case int64:
		j.pretty, j.indent, j.item = true, strings.Repeat(" ", int(min(max(in, 0), 100))), ","
	case string:
		j.pretty, j.indent, j.item = true, in, ","
	}
	if l, ok := option(args, named, 3, "separators", nil).(*List); ok && len(l.Items) == 2 {
		j.item, j.key = show(l.Items[0]), show(l.Items[1])
	}
	j.ascii = truth(option(args, named, 1, "ensure_ascii", false))
	if err := j.value(args[0], 0); err != nil {
		return nil, err
	}
	return j.b.String(), s.grow(j.b.Len())
}

type jsonWriter struct {
	b                     strings.Builder
	indent, item, key     string
	pretty, sorted, ascii bool
}

func (j *jsonWriter) value(v any, depth int) error {
	if depth > maxDepth || j.b.Len() > maxText {
		return fmt.Errorf("a value is nested deeper than %d levels, or has more than %d bytes", maxDepth, maxText)
	}
	switch v := v.(type) {
	case nil:
		j.b.WriteString("null")
	case bool:
		fmt.Fprint(&j.b, v)
	case float64:
		switch {
		case math.IsNaN(v):
			j.b.WriteString("NaN")
		case math.IsInf(v, 0):
			j.b.WriteString(map[bool]string{true: "Infinity", false: "-Infinity"}[v > 0])
		default:
			j.b.WriteString(floatText(v))
		}
	case int64:
		fmt.Fprint(&j.b, v)
	case string:
		j.text(v)
	case *List:
		if v.lazy {
			return errors.New("tojson of a generator: make it a list")
		}
		return j.group("[", "]", len(v.Items), depth, func(i int) error { return j.value(v.Items[i], depth+1) })
	case *Dict:
		keys := v.keys
		if j.sorted {
			keys = slices.Sorted(slices.Values(keys))
		}
		return j.group("{", "}", len(keys), depth, func(i int) error {
			j.text(keys[i])
			j.b.WriteString(j.key)
			return j.value(v.values[keys[i]], depth+1)
		})
	case undefined:
		return v.err()
	default:
		return fmt.Errorf("tojson of a value of the type %s", typeName(v))
	}
	return nil
}

// group writes n elements between brackets.
func (j *jsonWriter) group(open, end string, n, depth int, element func(i int) error) error {
	j.b.WriteString(open)
	for i := range n {
		if i > 0 {
			j.b.WriteString(j.item)
		}
		j.line(depth + 1)
		if err := element(i); err != nil {
			return err
		}
	}
	if n > 0 {
		j.line(depth)
	}
	j.b.WriteString(end)
	return nil
}

func (j *jsonWriter) line(depth int) {
	if j.pretty {
		j.b.WriteByte('\n')
		for range depth {
			j.b.WriteString(j.indent)
		}
	}
}

func (j *jsonWriter) text(s string) {
	j.b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			j.b.WriteByte('\\')
			j.b.WriteRune(r)
		case r < 0x20:
			short := map[rune]string{'\n': `\n`, '\r': `\r`, '\t': `\t`, '\b': `\b`, '\f': `\f`}
			if text, ok := short[r]; ok {
				j.b.WriteString(text)
			} else {
				fmt.Fprintf(&j.b, `\u%04x`, r)
			}
		case j.ascii && r >= utf8.RuneSelf:
			if r < 0x10000 {
				fmt.Fprintf(&j.b, `\u%04x`, r)
			} else {
				r -= 0x10000
				fmt.Fprintf(&j.b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
			}
		default:
			j.b.WriteRune(r)
		}
	}
	j.b.WriteByte('"')
}
