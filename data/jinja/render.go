package jinja

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Bounds of one rendering.
const (
	maxSteps = 2_000_000
	maxText  = 16 << 20  // bytes of a string
	maxBytes = 256 << 20 // of all strings together
	maxCalls = 100       // macros within macros
)

// limits are what a rendering has used.
type limits struct {
	steps, bytes, calls int
}

// state is a rendering at work.
type state struct {
	out    *strings.Builder
	scope  *scope
	now    time.Time
	limits *limits
}

// scope holds variables. Loops and macros have scopes of their own.
type scope struct {
	vars   map[string]any
	parent *scope
}

func (s *scope) get(name string) (any, bool) {
	for ; s != nil; s = s.parent {
		if v, ok := s.vars[name]; ok {
			return v, true
		}
	}
	return nil, false
}

// enter begins a scope inside of the given one; what it returns ends it.
func (s *state) enter(parent *scope) (leave func()) {
	before := s.scope
	s.scope = &scope{map[string]any{}, parent}
	return func() { s.scope = before }
}

// Jumps out of the body of a loop.
var (
	errBreak    = errors.New("break")
	errContinue = errors.New("continue")
)

// at gives an error the line where it happened.
func at(line int, err error) error {
	var e *Error
	if err == nil || errors.As(err, &e) || err == errBreak || err == errContinue {
		return err
	}
	return &Error{line, err.Error()}
}

// step counts the work.
func (s *state) step() error {
	if s.limits.steps++; s.limits.steps > maxSteps {
		return fmt.Errorf("it takes more than %d steps", maxSteps)
	}
	return nil
}

// grow counts the bytes that are written or put together.
func (s *state) grow(n int) error {
	if s.limits.bytes += n; n > maxText || s.limits.bytes > maxBytes {
		return fmt.Errorf("it makes a text of more than %d bytes, or texts of more than %d", maxText, maxBytes)
	}
	return nil
}

func (s *state) write(text string) error {
	s.out.WriteString(text)
	if s.out.Len() > maxText {
		return s.grow(s.out.Len())
	}
	return s.grow(len(text))
}

func (s *state) renderAll(nodes []node) error {
	for _, n := range nodes {
		if err := n.render(s); err != nil {
			return err
		}
	}
	return nil
}

// capture returns what nodes write.
func (s *state) capture(nodes []node) (string, error) {
	before := s.out
	s.out = &strings.Builder{}
	err := s.renderAll(nodes)
	text := s.out.String()
	s.out = before
	return text, err
}

func (n textNode) render(s *state) error { return s.write(n.text) }

func (n printNode) render(s *state) error {
	v, err := n.x.eval(s)
	if err == nil {
		err = s.write(show(v))
	}
	return at(n.line, err)
}

func (n groupNode) render(s *state) error { return s.renderAll(n.body) }

func (n jumpNode) render(*state) error { return n.jump }

func (n ifNode) render(s *state) error {
	for i, test := range n.tests {
		v, err := test.eval(s)
		if err != nil {
			return err
		}
		if truth(v) {
			return s.renderAll(n.bodies[i])
		}
	}
	return s.renderAll(n.orElse)
}

func (n forNode) render(s *state) error {
	v, err := n.items.eval(s)
	if err != nil {
		return err
	}
	items, err := elements(v)
	if err != nil {
		return at(n.line, err)
	}
	if n.filter != nil {
		if items, err = n.filtered(s, items); err != nil {
			return err
		}
	}
	if len(items) == 0 {
		return s.renderAll(n.orElse)
	}
	for i := range items {
		if err := n.turn(s, items, i); err == errBreak {
			break
		} else if err != nil && err != errContinue {
			return err
		}
	}
	return nil
}

// filtered returns the items for which the loop's condition holds.
func (n forNode) filtered(s *state, items []any) ([]any, error) {
	var kept []any
	for _, x := range items {
		leave := s.enter(s.scope)
		err := n.assign(s, x)
		var keep any
		if err == nil {
			keep, err = n.filter.eval(s)
		}
		leave()
		if err != nil {
			return nil, err
		}
		if truth(keep) {
			kept = append(kept, x)
		}
	}
	return kept, nil
}

// turn renders the body for item i.
func (n forNode) turn(s *state, items []any, i int) error {
	if err := s.step(); err != nil {
		return at(n.line, err)
	}
	defer s.enter(s.scope)()
	if err := n.assign(s, items[i]); err != nil {
		return err
	}
	s.scope.vars["loop"] = &loop{items: items, i: i}
	return s.renderAll(n.body)
}

// assign sets the names of the loop.
func (n forNode) assign(s *state, item any) error {
	return at(n.line, unpack(len(n.targets), item, func(i int, v any) error {
		s.scope.vars[n.targets[i]] = v
		return nil
	}))
}

// unpack gives a value to one name, or its elements to several.
func unpack(names int, v any, set func(i int, v any) error) error {
	if names == 1 {
		return set(0, v)
	}
	items, err := elements(v)
	if err != nil {
		return err
	}
	if len(items) != names {
		return fmt.Errorf("%d values for %d names", len(items), names)
	}
	for i, v := range items {
		if err := set(i, v); err != nil {
			return err
		}
	}
	return nil
}

// loop is the variable of that name.
type loop struct {
	items []any
	i     int
}

func (l *loop) attr(name string) any {
	n := len(l.items)
	around := func(i int, what string) any {
		if i < 0 || i >= n {
			return undefined{"there is no " + what + " item"}
		}
		return l.items[i]
	}
	switch name {
	case "index":
		return int64(l.i + 1)
	case "index0":
		return int64(l.i)
	case "revindex":
		return int64(n - l.i)
	case "revindex0":
		return int64(n - l.i - 1)
	case "first":
		return l.i == 0
	case "last":
		return l.i == n-1
	case "length":
		return int64(n)
	case "depth":
		return int64(1)
	case "depth0":
		return int64(0)
	case "previtem":
		return around(l.i-1, "previous")
	case "nextitem":
		return around(l.i+1, "next")
	case "cycle":
		return callable(func(_ *state, args []any, _ *Dict) (any, error) {
			if len(args) == 0 {
				return nil, errors.New("cycle wants values")
			}
			return args[l.i%len(args)], nil
		})
	}
	return undefined{fmt.Sprintf("a loop has no %q", name)}
}

func (n setNode) render(s *state) error {
	var v any
	var err error
	if n.value != nil {
		v, err = n.value.eval(s)
	} else {
		v, err = s.capture(n.body)
		for _, f := range n.filters {
			if err == nil {
				v, err = f.apply(s, v)
			}
		}
	}
	if err != nil {
		return at(n.line, err)
	}
	return at(n.line, unpack(len(n.targets), v, func(i int, v any) error { return n.targets[i].set(s, v) }))
}

func (t target) set(s *state, v any) error {
	if t.attr == "" {
		s.scope.vars[t.name] = v
		return nil
	}
	x, _ := s.scope.get(t.name)
	ns, ok := x.(*namespace)
	if !ok {
		return fmt.Errorf("%s is no namespace: its attributes cannot be set", t.name)
	}
	ns.Set(t.attr, v)
	return nil
}

func (n filterNode) render(s *state) error {
	text, err := s.capture(n.body)
	var v any = text
	for _, f := range n.filters {
		if err == nil {
			v, err = f.apply(s, v)
		}
	}
	if err == nil {
		err = s.write(show(v))
	}
	return at(n.line, err)
}

func (n withNode) render(s *state) error {
	var values []any
	for _, x := range n.values {
		v, err := x.eval(s)
		if err != nil {
			return err
		}
		values = append(values, v)
	}
	defer s.enter(s.scope)()
	for i, name := range n.names {
		s.scope.vars[name] = values[i]
	}
	return s.renderAll(n.body)
}
