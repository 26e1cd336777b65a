package jinja

import (
	"errors"
	"fmt"
	"strings"
)

// tests are what stands behind is.
var tests map[string]func(v any, args []any) (bool, error)

// of makes a test without arguments.
func of(f func(v any) bool) func(any, []any) (bool, error) {
	return func(v any, _ []any) (bool, error) { return f(v), nil }
}

func isType[T any](v any) bool {
	_, ok := v.(T)
	return ok
}

// withOperator makes a test of a comparison.
func withOperator(op string) func(any, []any) (bool, error) {
	return func(v any, args []any) (bool, error) {
		if len(args) != 1 {
			return false, fmt.Errorf("the test wants one value to compare with, got %d", len(args))
		}
		return compare(op, v, args[0])
	}
}

// divides makes a test of a remainder; without a divisor the argument is one.
func divides(divisor, remainder int64) func(any, []any) (bool, error) {
	return func(v any, args []any) (bool, error) {
		by := divisor
		if by == 0 && len(args) == 1 {
			by, _ = whole(args[0])
		}
		n, ok := whole(v)
		if !ok || by == 0 {
			return false, errors.New("the test wants whole numbers")
		}
		return ((n%by)+by)%by == remainder, nil
	}
}

func init() {
	isDefined := func(v any) bool { return !isType[undefined](v) }
	isSequence := func(v any) bool {
		l, ok := v.(*List)
		return ok && !l.lazy || isType[string](v) || isType[*Dict](v) || isType[undefined](v)
	}
	tests = map[string]func(v any, args []any) (bool, error){
		"defined": of(isDefined), "undefined": of(isType[undefined]), "none": of(func(v any) bool { return v == nil }),
		"boolean": of(isType[bool]), "true": of(func(v any) bool { return v == true }), "false": of(func(v any) bool { return v == false }),
		"integer": of(isType[int64]), "float": of(isType[float64]), "string": of(isType[string]), "mapping": of(isType[*Dict]),
		"number":   of(func(v any) bool { _, ok := number(v); return ok }),
		"sequence": of(isSequence),
		"iterable": of(func(v any) bool { return isSequence(v) || isType[*List](v) }),
		"callable": of(func(v any) bool { return isType[callable](v) || isType[*bound](v) }),
		"lower":    of(func(v any) bool { s := show(v); return s == strings.ToLower(s) && s != strings.ToUpper(s) }),
		"upper":    of(func(v any) bool { s := show(v); return s == strings.ToUpper(s) && s != strings.ToLower(s) }),
		"even":     divides(2, 0), "odd": divides(2, 1), "divisibleby": divides(0, 0),
		"sameas": withOperator("=="), "eq": withOperator("=="), "equalto": withOperator("=="), "==": withOperator("=="),
		"ne": withOperator("!="), "!=": withOperator("!="), "lt": withOperator("<"), "lessthan": withOperator("<"), "<": withOperator("<"),
		"le": withOperator("<="), "<=": withOperator("<="), "gt": withOperator(">"), "greaterthan": withOperator(">"), ">": withOperator(">"),
		"ge": withOperator(">="), ">=": withOperator(">="), "in": withOperator("in"),
		"filter": of(func(v any) bool { _, ok := filters[show(v)]; return ok }),
		"test":   of(func(v any) bool { _, ok := tests[show(v)]; return ok }),
	}
}
