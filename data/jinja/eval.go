package jinja

import (
	"errors"
	"fmt"
	"strings"
)

func (x constant) eval(*state) (any, error) { return x.v, nil }

func (x variable) eval(s *state) (any, error) {
	if err := s.step(); err != nil {
		return nil, at(x.line, err)
	}
	if v, ok := s.scope.get(x.name); ok {
		return v, nil
	}
	if f, ok := globals[x.name]; ok {
		return f, nil
	}
	return undefined{fmt.Sprintf("%q is undefined", x.name)}, nil
}

func (x listExpr) eval(s *state) (any, error) {
	l := &List{tuple: x.tuple}
	for _, item := range x.items {
		v, err := item.eval(s)
		if err != nil {
			return nil, err
		}
		l.Items = append(l.Items, v)
	}
	return l, nil
}

func (x dictExpr) eval(s *state) (any, error) {
	d := NewDict()
	for i, key := range x.keys {
		k, err := key.eval(s)
		if err != nil {
			return nil, err
		}
		name, ok := k.(string)
		if !ok {
			return nil, &Error{x.line, "keys of dictionaries must be strings here, got one of the type " + typeName(k)}
		}
		v, err := x.values[i].eval(s)
		if err != nil {
			return nil, err
		}
		d.Set(name, v)
	}
	return d, nil
}

func (x condExpr) eval(s *state) (any, error) {
	test, err := x.test.eval(s)
	switch {
	case err != nil:
		return nil, err
	case truth(test):
		return x.x.eval(s)
	case x.orElse != nil:
		return x.orElse.eval(s)
	}
	return undefined{"the condition does not hold, and there is no else"}, nil
}

func (x attrExpr) eval(s *state) (any, error) {
	v, err := x.x.eval(s)
	if err != nil {
		return nil, err
	}
	got, err := attribute(v, x.name)
	return got, at(x.line, err)
}

// attribute is Jinja's v.name: an attribute of the value, or else the item of that name.
func attribute(v any, name string) (any, error) {
	if m, ok := method(v, name); ok {
		return m, nil
	}
	switch v := v.(type) {
	case undefined:
		return nil, v.err()
	case *Dict:
		if got, ok := v.Get(name); ok {
			return got, nil
		}
	case *namespace:
		if got, ok := v.Get(name); ok {
			return got, nil
		}
	case *loop:
		return v.attr(name), nil
	case *bound:
		if name == "name" {
			return v.name, nil
		}
	}
	return undefined{fmt.Sprintf("a value of the type %s has no %q", typeName(v), name)}, nil
}

func (x itemExpr) eval(s *state) (any, error) {
	v, err := x.x.eval(s)
	if err != nil {
		return nil, err
	}
	i, err := x.i.eval(s)
	if err != nil {
		return nil, err
	}
	got, err := item(v, i)
	return got, at(x.line, err)
}

// item is Jinja's v[i]: the item, or else the attribute of that name.
func item(v, i any) (any, error) {
	if u, ok := firstUndefined(v, i); ok {
		return nil, u.err()
	}
	none := undefined{fmt.Sprintf("a value of the type %s has no item %s", typeName(v), show(i))}
	if d, ok := v.(*Dict); ok {
		if k, ok := i.(string); ok {
			if got, ok := d.Get(k); ok {
				return got, nil
			}
		}
	}
	if name, ok := i.(string); ok {
		got, err := attribute(v, name)
		if _, missing := got.(undefined); missing {
			return none, err
		}
		return got, err
	}
	if _, ok := v.(string); !ok {
		if _, ok := v.(*List); !ok {
			return none, nil
		}
	}
	n, ok := whole(i)
	if !ok {
		return none, nil
	}
	items, err := elements(v)
	if err != nil {
		return nil, err
	}
	if n < 0 {
		n += int64(len(items))
	}
	if n < 0 || n >= int64(len(items)) {
		return none, nil
	}
	return items[n], nil
}

func (x sliceExpr) eval(s *state) (any, error) {
	v, err := x.x.eval(s)
	if err != nil {
		return nil, err
	}
	bounds := [3]*int64{}
	for i, part := range []expr{x.start, x.stop, x.step} {
		if part == nil {
			continue
		}
		b, err := part.eval(s)
		if err != nil {
			return nil, err
		}
		if b == nil {
			continue
		}
		n, ok := whole(b)
		if !ok {
			return nil, &Error{x.line, "bounds of a slice must be whole numbers, got " + typeName(b)}
		}
		bounds[i] = &n
	}
	got, err := slice(v, bounds[0], bounds[1], bounds[2])
	return got, at(x.line, err)
}

// slice is Python's v[start:stop:step].
func slice(v any, start, stop, step *int64) (any, error) {
	l, isList := v.(*List)
	_, isString := v.(string)
	if !isList && !isString {
		if u, ok := v.(undefined); ok {
			return nil, u.err()
		}
		return nil, fmt.Errorf("a value of the type %s cannot be cut into slices", typeName(v))
	}
	items, err := elements(v)
	if err != nil {
		return nil, err
	}
	n, by := int64(len(items)), int64(1)
	if step != nil {
		by = *step
	}
	if by == 0 {
		return nil, errors.New("the step of a slice is 0")
	}
	low, high := int64(0), n
	if by < 0 {
		low, high = -1, n-1
	}
	bound := func(b *int64, or int64) int64 {
		if b == nil {
			return or
		}
		i := *b
		if i < 0 {
			i += n
		}
		return min(max(i, low), high)
	}
	from, to := bound(start, low), bound(stop, high)
	if by < 0 {
		from, to = bound(start, high), bound(stop, low)
	}
	var got []any
	for i := from; by > 0 && i < to || by < 0 && i > to; i += by {
		got = append(got, items[i])
		if by > n || -by > n {
			break
		}
	}
	if isList {
		return &List{Items: got, tuple: l.tuple}, nil
	}
	var b strings.Builder
	for _, r := range got {
		b.WriteString(r.(string))
	}
	return b.String(), nil
}

func (a arguments) eval(s *state) (list []any, named *Dict, err error) {
	for _, x := range a.list {
		v, err := x.eval(s)
		if err != nil {
			return nil, nil, err
		}
		list = append(list, v)
	}
	named = NewDict()
	for i, x := range a.named {
		v, err := x.eval(s)
		if err != nil {
			return nil, nil, err
		}
		named.Set(a.names[i], v)
	}
	return list, named, nil
}

func (x callExpr) eval(s *state) (any, error) {
	f, err := x.f.eval(s)
	if err != nil {
		return nil, err
	}
	args, named, err := x.args.eval(s)
	if err != nil {
		return nil, err
	}
	got, err := call(s, f, args, named)
	return got, at(x.line, err)
}

func call(s *state, f any, args []any, named *Dict) (any, error) {
	if err := s.step(); err != nil {
		return nil, err
	}
	switch f := f.(type) {
	case *bound:
		return f.call(s, args, named, nil)
	case callable:
		return f(s, args, named)
	case undefined:
		return nil, f.err()
	}
	return nil, fmt.Errorf("a value of the type %s cannot be called", typeName(f))
}

func (x filterExpr) eval(s *state) (any, error) {
	v, err := x.x.eval(s)
	if err != nil {
		return nil, err
	}
	return x.f.apply(s, v)
}

func (f filterCall) apply(s *state, v any) (any, error) {
	if err := s.step(); err != nil {
		return nil, at(f.line, err)
	}
	args, named, err := f.args.eval(s)
	if err != nil {
		return nil, err
	}
	do, ok := filters[f.name]
	if !ok { // which matters only where it is reached, as in Jinja
		return nil, &Error{f.line, fmt.Sprintf("unknown filter %q", f.name)}
	}
	got, err := do(s, append([]any{v}, args...), named)
	return got, at(f.line, err)
}

func (x testExpr) eval(s *state) (any, error) {
	v, err := x.x.eval(s)
	if err != nil {
		return nil, err
	}
	args, _, err := x.args.eval(s)
	if err != nil {
		return nil, err
	}
	test, ok := tests[x.name]
	if !ok {
		return nil, &Error{x.line, fmt.Sprintf("unknown test %q", x.name)}
	}
	got, err := test(v, args)
	return got != x.not, at(x.line, err)
}
