package jinja

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// mapFilter applies a filter to each item, or takes an attribute of each.
func mapFilter(s *state, args []any, named *Dict) (any, error) {
	list, err := elements(args[0])
	if err != nil {
		return nil, err
	}
	got := &List{lazy: true}
	name, byAttribute := named.Get("attribute")
	var apply filter
	if !byAttribute {
		if len(args) < 2 {
			return nil, errors.New("map wants the name of a filter, or attribute=")
		}
		if apply = filters[show(args[1])]; apply == nil {
			return nil, fmt.Errorf("unknown filter %q", show(args[1]))
		}
	}
	for _, v := range list {
		if err := s.step(); err != nil {
			return nil, err
		}
		if byAttribute {
			v, err = path(v, name)
			if _, missing := v.(undefined); missing {
				v = option(nil, named, 0, "default", v)
			}
		} else {
			v, err = apply(s, append([]any{v}, args[2:]...), named)
		}
		if err != nil {
			return nil, err
		}
		got.Items = append(got.Items, v)
	}
	return got, nil
}

// selectBy makes select, reject and the two that look at an attribute.
func selectBy(attribute, keep bool) filter {
	return func(s *state, args []any, _ *Dict) (any, error) {
		list, err := elements(args[0])
		if err != nil {
			return nil, err
		}
		rest := args[1:]
		var name any
		if attribute {
			if len(rest) == 0 {
				return nil, errors.New("selectattr and rejectattr want the name of an attribute")
			}
			name, rest = rest[0], rest[1:]
		}
		test := func(v any, _ []any) (bool, error) { return truth(v), nil }
		if len(rest) > 0 {
			known, ok := tests[show(rest[0])]
			if !ok {
				return nil, fmt.Errorf("unknown test %q", show(rest[0]))
			}
			test, rest = known, rest[1:]
		}
		got := &List{lazy: true}
		for _, v := range list {
			if err := s.step(); err != nil {
				return nil, err
			}
			x := v
			if attribute {
				if x, err = path(v, name); err != nil {
					return nil, err
				}
			}
			ok, err := test(x, rest)
			if err != nil {
				return nil, err
			}
			if ok == keep {
				got.Items = append(got.Items, v)
			}
		}
		return got, nil
	}
}

// extreme makes max (sign 1) and min (sign -1).
func extreme(sign int) filter {
	return func(_ *state, args []any, named *Dict) (any, error) {
		list, err := elements(args[0])
		if err != nil {
			return nil, err
		}
		if len(list) == 0 {
			return undefined{"the sequence is empty"}, nil
		}
		key := sortKey(named)
		best := list[0]
		for _, v := range list[1:] {
			c, err := key(v, best)
			if err != nil {
				return nil, err
			}
			if c*sign > 0 {
				best = v
			}
		}
		return best, nil
	}
}

// sortKey compares values, or an attribute of them; strings without their case, unless case_sensitive.
func sortKey(named *Dict) func(a, b any) (int, error) {
	name, byAttribute := named.Get("attribute")
	exact := truth(option(nil, named, 0, "case_sensitive", false))
	prepare := func(v any) (any, error) {
		var err error
		if byAttribute {
			v, err = path(v, name)
		}
		if s, ok := v.(string); ok && !exact {
			v = strings.ToLower(s)
		}
		return v, err
	}
	return func(a, b any) (int, error) {
		x, err := prepare(a)
		if err != nil {
			return 0, err
		}
		y, err := prepare(b)
		if err != nil {
			return 0, err
		}
		return order(x, y)
	}
}

func sortFilter(_ *state, args []any, named *Dict) (any, error) {
	list, err := elements(args[0])
	if err != nil {
		return nil, err
	}
	list = slices.Clone(list)
	key := sortKey(named)
	reversed := truth(option(args, named, 1, "reverse", false))
	slices.SortStableFunc(list, func(a, b any) int {
		c, e := key(a, b)
		if e != nil && err == nil {
			err = e
		}
		if reversed {
			return -c
		}
		return c
	})
	return &List{Items: list}, err
}

func dictSort(_ *state, args []any, named *Dict) (any, error) {
	d, ok := args[0].(*Dict)
	if !ok {
		return nil, fmt.Errorf("dictsort of a value of the type %s", typeName(args[0]))
	}
	by := NewDict()
	by.Set("attribute", int64(0))
	if option(args, named, 2, "by", "key") == "value" {
		by.Set("attribute", int64(1))
	}
	by.Set("case_sensitive", option(args, named, 1, "case_sensitive", false))
	by.Set("reverse", option(args, named, 3, "reverse", false))
	return sortFilter(nil, []any{itemsOf(d)}, by)
}
