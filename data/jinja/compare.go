package jinja

import (
	"fmt"
	"slices"
	"strings"
)

// number returns a value as a float, if it is a number.
func number(v any) (f float64, ok bool) {
	switch v := v.(type) {
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

// whole returns a value as an integer, if Python takes it for an index.
func whole(v any) (int64, bool) {
	switch v := v.(type) {
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	case int64:
		return v, true
	}
	return 0, false
}

func equal(a, b any) bool {
	budget := maxSteps
	return equalWithin(&budget, a, b)
}

// errTooLarge is what comparisons panic with, and Render returns, when values that hold each other many times over
// would be compared without end.
var errTooLarge = fmt.Errorf("it compares values of more than %d elements", maxSteps)

func equalWithin(budget *int, a, b any) bool {
	if *budget--; *budget < 0 {
		panic(errTooLarge)
	}
	if x, ok := number(a); ok {
		y, ok := number(b)
		return ok && x == y
	}
	switch a := a.(type) {
	case nil:
		return b == nil
	case string:
		s, ok := b.(string)
		return ok && a == s
	case undefined:
		_, ok := b.(undefined)
		return ok
	case *List:
		l, ok := b.(*List)
		return ok && a.tuple == l.tuple && slices.EqualFunc(a.Items, l.Items, func(x, y any) bool { return equalWithin(budget, x, y) })
	case *Dict:
		d, ok := b.(*Dict)
		if !ok || len(a.keys) != len(d.keys) {
			return false
		}
		for k, v := range a.values {
			if w, ok := d.values[k]; !ok || !equalWithin(budget, v, w) {
				return false
			}
		}
		return true
	}
	return false
}

// order compares numbers, strings and lists; other values have no order.
func order(a, b any) (int, error) {
	if x, ok := number(a); ok {
		if y, ok := number(b); ok {
			switch {
			case x < y:
				return -1, nil
			case x > y:
				return 1, nil
			}
			return 0, nil
		}
	}
	if x, ok := a.(string); ok {
		if y, ok := b.(string); ok {
			return strings.Compare(x, y), nil
		}
	}
	if x, ok := a.(*List); ok {
		if y, ok := b.(*List); ok {
			for i := range min(len(x.Items), len(y.Items)) {
				if !equal(x.Items[i], y.Items[i]) {
					return order(x.Items[i], y.Items[i])
				}
			}
			return len(x.Items) - len(y.Items), nil
		}
	}
	if u, ok := firstUndefined(a, b); ok {
		return 0, u.err()
	}
	return 0, fmt.Errorf("values of the types %s and %s have no order", typeName(a), typeName(b))
}

func firstUndefined(vs ...any) (undefined, bool) {
	for _, v := range vs {
		if u, ok := v.(undefined); ok {
			return u, true
		}
	}
	return undefined{}, false
}

// elements returns what a loop over a value sees.
func elements(v any) ([]any, error) {
	switch v := v.(type) {
	case *List:
		return v.Items, nil
	case *Dict:
		return keysOf(v).Items, nil
	case string:
		var items []any
		for _, r := range v {
			items = append(items, string(r))
		}
		return items, nil
	case undefined:
		return nil, nil
	}
	return nil, fmt.Errorf("a value of the type %s has no elements", typeName(v))
}

func keysOf(d *Dict) *List {
	l := &List{Items: make([]any, len(d.keys))}
	for i, k := range d.keys {
		l.Items[i] = k
	}
	return l
}

// contains is Python's in.
func contains(in, x any) (bool, error) {
	switch in := in.(type) {
	case string:
		s, ok := x.(string)
		if !ok {
			return false, fmt.Errorf("a string contains strings only, not a value of the type %s", typeName(x))
		}
		return strings.Contains(in, s), nil
	case *Dict:
		s, ok := x.(string)
		if !ok {
			return false, nil
		}
		_, ok = in.Get(s)
		return ok, nil
	case *List:
		return slices.ContainsFunc(in.Items, func(v any) bool { return equal(v, x) }), nil
	case undefined:
		return false, nil
	}
	return false, fmt.Errorf("a value of the type %s contains nothing", typeName(in))
}

// length is Python's len.
func length(v any) (int64, error) {
	switch v := v.(type) {
	case string:
		return int64(len([]rune(v))), nil
	case *List:
		if !v.lazy {
			return int64(len(v.Items)), nil
		}
	case *Dict:
		return int64(len(v.keys)), nil
	case undefined:
		return 0, nil
	}
	return 0, fmt.Errorf("a value of the type %s has no length", typeName(v))
}
