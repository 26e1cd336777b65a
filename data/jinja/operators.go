package jinja

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
)

func (x unaryExpr) eval(s *state) (any, error) {
	v, err := x.x.eval(s)
	if err != nil {
		return nil, err
	}
	if x.op == "not" {
		return !truth(v), nil
	}
	if u, ok := v.(undefined); ok {
		return nil, at(x.line, u.err())
	}
	sign := map[string]int64{"-": -1, "+": 1}[x.op]
	if f, ok := v.(float64); ok {
		return float64(sign) * f, nil
	}
	if i, ok := whole(v); ok {
		return sign * i, nil
	}
	return nil, &Error{x.line, fmt.Sprintf("%s of a value of the type %s", x.op, typeName(v))}
}

func (x binaryExpr) eval(s *state) (any, error) {
	a, err := x.x.eval(s)
	if err != nil || x.op == "and" && !truth(a) || x.op == "or" && truth(a) {
		return a, err
	}
	b, err := x.y.eval(s)
	if err != nil || x.op == "and" || x.op == "or" {
		return b, err
	}
	v, err := s.operate(x.op, a, b)
	return v, at(x.line, err)
}

func (x compareExpr) eval(s *state) (any, error) {
	a, err := x.x.eval(s)
	if err != nil {
		return nil, err
	}
	for i, op := range x.ops {
		b, err := x.ys[i].eval(s)
		if err != nil {
			return nil, err
		}
		ok, err := compare(op, a, b)
		if err != nil || !ok {
			return ok, at(x.line, err)
		}
		a = b
	}
	return true, nil
}

func compare(op string, a, b any) (bool, error) {
	switch op {
	case "==":
		return equal(a, b), nil
	case "!=":
		return !equal(a, b), nil
	case "in", "not in":
		ok, err := contains(b, a)
		return ok != (op == "not in"), err
	}
	c, err := order(a, b)
	switch op {
	case "<":
		return c < 0, err
	case "<=":
		return c <= 0, err
	case ">":
		return c > 0, err
	}
	return c >= 0, err
}

// operate is a Python operator of two operands.
func (s *state) operate(op string, a, b any) (any, error) {
	if op == "~" {
		text := show(a) + show(b)
		return text, s.grow(len(text))
	}
	if u, ok := firstUndefined(a, b); ok {
		return nil, u.err()
	}
	if i, ok := whole(a); ok {
		if j, ok := whole(b); ok {
			return integers(op, i, j)
		}
	}
	if f, ok := number(a); ok {
		if g, ok := number(b); ok {
			return floats(op, f, g)
		}
	}
	switch x := a.(type) {
	case string:
		switch y := b.(type) {
		case string:
			if op == "+" {
				return x + y, s.grow(len(x) + len(y))
			}
		case int64:
			if op == "*" {
				return s.repeat(x, y)
			}
		}
		if op == "%" {
			if l, ok := b.(*List); ok && l.tuple {
				return percent(x, l.Items)
			}
			return percent(x, []any{b})
		}
	case *List:
		if y, ok := b.(*List); ok && op == "+" && x.tuple == y.tuple && !x.lazy && !y.lazy {
			return &List{Items: slices.Concat(x.Items, y.Items), tuple: x.tuple}, s.grow(16 * (len(x.Items) + len(y.Items)))
		}
	case int64:
		if y, ok := b.(string); ok && op == "*" {
			return s.repeat(y, x)
		}
	}
	return nil, fmt.Errorf("%s of values of the types %s and %s", op, typeName(a), typeName(b))
}

func (s *state) repeat(text string, n int64) (any, error) {
	if n <= 0 || text == "" {
		return "", nil
	}
	if err := s.grow(len(text) * int(min(n, maxText+1))); err != nil {
		return nil, err
	}
	return strings.Repeat(text, int(n)), nil
}

func integers(op string, a, b int64) (any, error) {
	switch op {
	case "+":
		return a + b, nil
	case "-":
		return a - b, nil
	case "*":
		return a * b, nil
	case "**":
		if p := math.Pow(float64(a), float64(b)); b < 0 || math.Abs(p) >= 1<<53 {
			return p, nil
		} else {
			return int64(p), nil
		}
	}
	if b == 0 {
		return nil, errors.New("division by zero")
	}
	switch op {
	case "/":
		return float64(a) / float64(b), nil
	case "//":
		return int64(math.Floor(float64(a) / float64(b))), nil
	}
	return ((a % b) + b) % b, nil
}

func floats(op string, a, b float64) (any, error) {
	switch op {
	case "+":
		return a + b, nil
	case "-":
		return a - b, nil
	case "*":
		return a * b, nil
	case "**":
		return math.Pow(a, b), nil
	}
	if b == 0 {
		return nil, errors.New("division by zero")
	}
	switch op {
	case "/":
		return a / b, nil
	case "//":
		return math.Floor(a / b), nil
	}
	return a - b*math.Floor(a/b), nil
}

// verbForm is a conversion of Python's formatting that is Go's too.
var verbForm = regexp.MustCompile(`%[-+ 0#]*[0-9]{0,3}(\.[0-9]{1,3})?[sdifxXegc%]`)

// percent is Python's formatting by %.
func percent(form string, values []any) (any, error) {
	var b strings.Builder
	for {
		i := strings.IndexByte(form, '%')
		if i < 0 {
			b.WriteString(form)
			break
		}
		b.WriteString(form[:i])
		verb := verbForm.FindString(form[i:])
		if verb == "" || !strings.HasPrefix(form[i:], verb) {
			return nil, fmt.Errorf("the format %.10q is not supported", form[i:])
		}
		form = form[i+len(verb):]
		if verb == "%%" {
			b.WriteByte('%')
			continue
		}
		if len(values) == 0 {
			return nil, errors.New("not enough values for the format")
		}
		v := values[0]
		values = values[1:]
		text, err := convert(verb, v)
		if err != nil {
			return nil, err
		}
		b.WriteString(text)
	}
	if len(values) > 0 {
		return nil, errors.New("more values than the format takes")
	}
	return b.String(), nil
}

func convert(verb string, v any) (string, error) {
	f, isNumber := number(v)
	switch c := verb[len(verb)-1]; {
	case c == 's':
		return fmt.Sprintf(verb, show(v)), nil
	case !isNumber:
		return "", fmt.Errorf("%s wants a number, got a value of the type %s", verb, typeName(v))
	case c == 'f' || c == 'e' || c == 'g':
		return fmt.Sprintf(verb, f), nil
	case c == 'c':
		return string(rune(f)), nil
	case c == 'i':
		verb = verb[:len(verb)-1] + "d"
	}
	return fmt.Sprintf(verb, int64(f)), nil
}
