package jinja

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// filter is called with the value as its first argument.
type filter func(s *state, args []any, named *Dict) (any, error)

var filters map[string]filter

func init() {
	filters = map[string]filter{
		"abs": absolute, "attr": attrFilter, "capitalize": textFilter(capitalize), "count": lengthFilter, "d": orDefault, "default": orDefault,
		"dictsort": dictSort, "e": textFilter(escape), "escape": textFilter(escape), "first": first, "float": toFloat,
		"format": func(_ *state, args []any, _ *Dict) (any, error) { return percent(show(args[0]), args[1:]) },
		"indent": indent, "int": toInt,
		"items": items, "join": join, "last": last, "length": lengthFilter, "list": toList, "lower": textFilter(strings.ToLower), "map": mapFilter,
		"max": extreme(1), "min": extreme(-1), "reject": selectBy(false, false), "rejectattr": selectBy(true, false), "replace": replaceFilter,
		"reverse": reverse, "round": round, "safe": textFilter(func(s string) string { return s }), "select": selectBy(false, true),
		"selectattr": selectBy(true, true), "sort": sortFilter, "string": textFilter(func(s string) string { return s }), "sum": sum,
		"title": textFilter(title), "tojson": toJSON, "trim": trim, "unique": unique, "upper": textFilter(strings.ToUpper),
		"wordcount": func(_ *state, args []any, _ *Dict) (any, error) {
			return int64(len(strings.Fields(show(args[0])))), nil
		},
	}
}

// option returns an argument by its place or its name, or else the default.
func option(args []any, named *Dict, i int, name string, or any) any {
	if i < len(args) {
		return args[i]
	}
	if v, ok := named.Get(name); ok {
		return v
	}
	return or
}

func textFilter(f func(string) string) filter {
	return func(s *state, args []any, _ *Dict) (any, error) {
		text := f(show(args[0]))
		return text, s.grow(len(text))
	}
}

func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "'", "&#39;", `"`, "&#34;").Replace(s)
}

func absolute(_ *state, args []any, _ *Dict) (any, error) {
	if f, ok := args[0].(float64); ok {
		return math.Abs(f), nil
	}
	i, ok := whole(args[0])
	if !ok {
		return nil, fmt.Errorf("abs of a value of the type %s", typeName(args[0]))
	}
	return max(i, -i), nil
}

func attrFilter(_ *state, args []any, named *Dict) (any, error) {
	return item(args[0], option(args, named, 1, "name", nil))
}

func lengthFilter(_ *state, args []any, _ *Dict) (any, error) { return length(args[0]) }

func orDefault(_ *state, args []any, named *Dict) (any, error) {
	_, missing := args[0].(undefined)
	if missing || truth(option(args, named, 2, "boolean", false)) && !truth(args[0]) {
		return option(args, named, 1, "default_value", ""), nil
	}
	return args[0], nil
}

func first(_ *state, args []any, _ *Dict) (any, error) {
	list, err := elements(args[0])
	if err != nil || len(list) > 0 {
		if err != nil {
			return nil, err
		}
		return list[0], nil
	}
	return undefined{"there is no first item, the sequence is empty"}, nil
}

func last(_ *state, args []any, _ *Dict) (any, error) {
	list, err := elements(args[0])
	if err != nil || len(list) > 0 {
		if err != nil {
			return nil, err
		}
		return list[len(list)-1], nil
	}
	return undefined{"there is no last item, the sequence is empty"}, nil
}

func toFloat(_ *state, args []any, named *Dict) (any, error) {
	if f, ok := number(args[0]); ok {
		return f, nil
	}
	if s, ok := args[0].(string); ok {
		if f, err := strconv.ParseFloat(strings.TrimSpace(s), 64); err == nil {
			return f, nil
		}
	}
	return option(args, named, 1, "default", 0.0), nil
}

func toInt(_ *state, args []any, named *Dict) (any, error) {
	if f, ok := number(args[0]); ok && math.Abs(f) < 1<<63 {
		return int64(f), nil
	}
	if s, ok := args[0].(string); ok {
		if i, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64); err == nil {
			return i, nil
		}
		if f, err := strconv.ParseFloat(strings.TrimSpace(s), 64); err == nil && math.Abs(f) < 1<<63 {
			return int64(f), nil
		}
	}
	return option(args, named, 1, "default", int64(0)), nil
}

// indent puts spaces before each line but the first, and but empty ones.
func indent(s *state, args []any, named *Dict) (any, error) {
	by := ""
	switch w := option(args, named, 1, "width", int64(4)).(type) {
	case int64:
		by = strings.Repeat(" ", int(min(max(w, 0), 1000)))
	case string:
		by = w
	}
	atFirst, blank := truth(option(args, named, 2, "first", false)), truth(option(args, named, 3, "blank", false))
	var b strings.Builder
	for i, line := range strings.Split(show(args[0]), "\n") {
		if i > 0 {
			b.WriteByte('\n')
		}
		if i > 0 && (line != "" || blank) || i == 0 && atFirst {
			b.WriteString(by)
		}
		b.WriteString(line)
	}
	return b.String(), s.grow(b.Len())
}

func items(_ *state, args []any, _ *Dict) (any, error) {
	switch v := args[0].(type) {
	case *Dict:
		l := itemsOf(v)
		l.lazy = true
		return l, nil
	case undefined:
		return &List{lazy: true}, nil
	}
	return nil, fmt.Errorf("items of a value of the type %s", typeName(args[0]))
}

func join(s *state, args []any, named *Dict) (any, error) {
	list, err := elements(args[0])
	if err != nil {
		return nil, err
	}
	by := show(option(args, named, 1, "d", ""))
	name := option(args, named, 2, "attribute", nil)
	var b strings.Builder
	for i, v := range list {
		if i > 0 {
			b.WriteString(by)
		}
		if name != nil {
			if v, err = path(v, name); err != nil {
				return nil, err
			}
		}
		b.WriteString(show(v))
	}
	return b.String(), s.grow(b.Len())
}

// path follows names between points, which may be indices.
func path(v, name any) (any, error) {
	text, ok := name.(string)
	if !ok {
		return item(v, name)
	}
	for part := range strings.SplitSeq(text, ".") {
		var i any = part
		if n, err := strconv.ParseInt(part, 10, 64); err == nil {
			i = n
		}
		var err error
		if v, err = item(v, i); err != nil {
			return nil, err
		}
	}
	return v, nil
}

func toList(s *state, args []any, _ *Dict) (any, error) {
	list, err := elements(args[0])
	if err != nil {
		return nil, err
	}
	return &List{Items: slices.Clone(list)}, s.grow(16 * len(list))
}

func replaceFilter(s *state, args []any, _ *Dict) (any, error) {
	if len(args) < 3 {
		return nil, errors.New("replace wants two strings")
	}
	texts := []any{show(args[1]), show(args[2])}
	got, err := replace(show(args[0]), append(texts, args[3:]...))
	if text, ok := got.(string); ok && err == nil {
		err = s.grow(len(text))
	}
	return got, err
}

func reverse(_ *state, args []any, _ *Dict) (any, error) {
	list, err := elements(args[0])
	if err != nil {
		return nil, err
	}
	list = slices.Clone(list)
	slices.Reverse(list)
	if _, ok := args[0].(string); !ok {
		return &List{Items: list, lazy: true}, nil
	}
	var b strings.Builder
	for _, r := range list {
		b.WriteString(r.(string))
	}
	return b.String(), nil
}

func round(_ *state, args []any, named *Dict) (any, error) {
	f, ok := number(args[0])
	digits, ok2 := whole(option(args, named, 1, "precision", int64(0)))
	if !ok || !ok2 {
		return nil, fmt.Errorf("round of a value of the type %s", typeName(args[0]))
	}
	scale := math.Pow(10, float64(digits))
	switch show(option(args, named, 2, "method", "common")) {
	case "ceil":
		return math.Ceil(f*scale) / scale, nil
	case "floor":
		return math.Floor(f*scale) / scale, nil
	}
	return math.RoundToEven(f*scale) / scale, nil
}

func sum(_ *state, args []any, named *Dict) (any, error) {
	list, err := elements(args[0])
	if err != nil {
		return nil, err
	}
	var total any = option(args, named, 2, "start", int64(0))
	name := option(args, named, 1, "attribute", nil)
	for _, v := range list {
		if name != nil {
			if v, err = path(v, name); err != nil {
				return nil, err
			}
		}
		if total, err = (&state{limits: &limits{}}).operate("+", total, v); err != nil {
			return nil, err
		}
	}
	return total, nil
}

func trim(_ *state, args []any, named *Dict) (any, error) {
	text := show(args[0])
	if chars, ok := option(args, named, 1, "chars", nil).(string); ok {
		return strings.Trim(text, chars), nil
	}
	return strings.TrimFunc(text, unicode.IsSpace), nil
}

func unique(_ *state, args []any, _ *Dict) (any, error) {
	list, err := elements(args[0])
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	got := &List{lazy: true}
	for _, v := range list {
		k := typeName(v) + strings.ToLower(show(v))
		if !seen[k] {
			seen[k] = true
			got.Items = append(got.Items, v)
		}
	}
	return got, nil
}
