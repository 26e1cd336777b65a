package jinja

import (
	"errors"
	"fmt"
	"slices"
)

// macro is a function of the template.
type macro struct {
	name     string
	line     int
	params   []string
	defaults []expr // nil where a parameter has none
	body     []node
}

// bound is a macro with the scope in which it was made.
type bound struct {
	*macro
	scope *scope
}

func (n macroNode) render(s *state) error {
	s.scope.vars[n.name] = &bound{n.m, s.scope}
	return nil
}

func (n callNode) render(s *state) error {
	call := n.call.(callExpr)
	f, err := call.f.eval(s)
	if err != nil {
		return err
	}
	args, named, err := call.args.eval(s)
	if err != nil {
		return err
	}
	b, ok := f.(*bound)
	if !ok {
		return at(n.line, errors.New("{% call %} wants a macro"))
	}
	text, err := b.call(s, args, named, &bound{n.caller, s.scope})
	if err == nil {
		err = s.write(text)
	}
	return at(n.line, err)
}

// call renders the macro with these arguments.
func (m *bound) call(s *state, args []any, named *Dict, caller *bound) (string, error) {
	if s.limits.calls++; s.limits.calls > maxCalls {
		return "", fmt.Errorf("macros call each other deeper than %d levels", maxCalls)
	}
	defer func() { s.limits.calls-- }()
	if err := s.step(); err != nil {
		return "", err
	}
	if len(args) > len(m.params) {
		return "", fmt.Errorf("macro %s takes %d arguments, got %d", m.name, len(m.params), len(args))
	}
	for _, k := range named.keys {
		if !slices.Contains(m.params, k) {
			return "", fmt.Errorf("macro %s has no parameter %s", m.name, k)
		}
	}
	defer s.enter(m.scope)()
	if caller != nil {
		s.scope.vars["caller"] = caller
	}
	for i, name := range m.params {
		v, given := named.Get(name)
		switch {
		case i < len(args):
			v = args[i]
		case given:
		case m.defaults[i] != nil:
			var err error
			if v, err = m.defaults[i].eval(s); err != nil {
				return "", err
			}
		default:
			v = undefined{fmt.Sprintf("parameter %s of macro %s was not given", name, m.name)}
		}
		s.scope.vars[name] = v
	}
	return s.capture(m.body)
}
