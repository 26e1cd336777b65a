package models

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
)

// Fields reads values out of a JSON object and remembers the first fault, so that a configuration
// is read field by field and checked once. A field that is null counts as absent. Every error
// quotes the field and the value found.
type Fields struct {
	prefix string
	values map[string]json.RawMessage
	err    *error // shared with the Fields of nested objects
}

// ParseFields parses a JSON object.
func ParseFields(object []byte) (*Fields, error) {
	if len(bytes.TrimSpace(object)) == 0 {
		return nil, errors.New("file is empty, want a JSON object")
	}
	f := &Fields{err: new(error)}
	if err := json.Unmarshal(object, &f.values); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return nil, fmt.Errorf("not JSON: %v at offset %d", err, syntax.Offset)
		}
		return nil, fmt.Errorf("want a JSON object: %v", err)
	}
	if f.values == nil {
		return nil, errors.New("want a JSON object, got null")
	}
	return f, nil
}

// Err returns the first fault, or nil.
func (f *Fields) Err() error { return *f.err }

// Fail records a fault of a field unless there is one already.
func (f *Fields) Fail(name, format string, args ...any) {
	if *f.err == nil {
		*f.err = fmt.Errorf("%s: %s", f.prefix+name, fmt.Sprintf(format, args...))
	}
}

// Has reports whether the field is there and not null.
func (f *Fields) Has(name string) bool {
	v, ok := f.values[name]
	return ok && string(v) != "null"
}

// IsNull reports whether the field is there and null, which in some places says something else than its absence.
func (f *Fields) IsNull(name string) bool {
	v, ok := f.values[name]
	return ok && string(v) == "null"
}

// IsEmpty reports whether the field is an empty array.
func (f *Fields) IsEmpty(name string) bool {
	var v []json.RawMessage
	return f.Has(name) && json.Unmarshal(f.values[name], &v) == nil && len(v) == 0
}

// First returns the first of the names whose field is there and not null, the last one if none is.
func (f *Fields) First(names ...string) string {
	for _, n := range names {
		if f.Has(n) {
			return n
		}
	}
	return names[len(names)-1]
}

// quote returns the found value, shortened.
func (f *Fields) quote(name string) string {
	v := string(f.values[name])
	if len(v) > 40 {
		v = v[:40] + "…"
	}
	return v
}

// missing records an absent field and reports whether it is absent.
func (f *Fields) missing(name string) bool {
	if f.Has(name) {
		return false
	}
	f.Fail(name, "the field is missing")
	return true
}

// Int returns a required integer from lo to hi.
func (f *Fields) Int(name string, lo, hi int) int {
	if f.missing(name) {
		return 0
	}
	raw := string(f.values[name])
	n, err := strconv.Atoi(raw)
	if err != nil {
		// A whole number may be written as 2048.0 or 1e6.
		v, ferr := strconv.ParseFloat(raw, 64)
		if ferr != nil || v != math.Trunc(v) || math.Abs(v) > 1<<53 {
			f.Fail(name, "want an integer, got %s", f.quote(name))
			return 0
		}
		n = int(v)
	}
	if n < lo || n > hi {
		f.Fail(name, "want an integer from %d to %d, got %s", lo, hi, f.quote(name))
		return 0
	}
	return n
}

// IntOr is Int with a value for an absent field.
func (f *Fields) IntOr(name string, absent, lo, hi int) int {
	if !f.Has(name) {
		return absent
	}
	return f.Int(name, lo, hi)
}

// FloatOr returns a finite number, or absent when the field is.
func (f *Fields) FloatOr(name string, absent float64) float64 {
	if !f.Has(name) {
		return absent
	}
	v, err := strconv.ParseFloat(string(f.values[name]), 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		f.Fail(name, "want a number, got %s", f.quote(name))
		return absent
	}
	return v
}

// PositiveOr is FloatOr for numbers above zero.
func (f *Fields) PositiveOr(name string, absent float64) float64 {
	v := f.FloatOr(name, absent)
	if !(v > 0) {
		f.Fail(name, "want a positive number, got %s", f.quote(name))
	}
	return v
}

// BoolOr returns true or false, or absent when the field is.
func (f *Fields) BoolOr(name string, absent bool) bool {
	if !f.Has(name) {
		return absent
	}
	switch string(f.values[name]) {
	case "true":
		return true
	case "false":
		return false
	}
	f.Fail(name, "want true or false, got %s", f.quote(name))
	return absent
}

// StringOr returns a string, or absent when the field is.
func (f *Fields) StringOr(name, absent string) string {
	if !f.Has(name) {
		return absent
	}
	var s string
	if err := json.Unmarshal(f.values[name], &s); err != nil {
		f.Fail(name, "want a string, got %s", f.quote(name))
		return absent
	}
	return s
}

// Strings returns a required, non-empty array of strings.
func (f *Fields) Strings(name string) []string { return array[string](f, name, "string") }

// Floats returns a required, non-empty array of finite numbers.
func (f *Fields) Floats(name string) []float64 { return array[float64](f, name, "number") }

// Ints returns a required, non-empty array of integers.
func (f *Fields) Ints(name string) []int { return array[int](f, name, "integer") }

func array[T any](f *Fields, name, of string) []T {
	if f.missing(name) {
		return nil
	}
	var v []T
	if err := json.Unmarshal(f.values[name], &v); err != nil || len(v) == 0 { // JSON has no infinite numbers
		f.Fail(name, "want an array with at least one %s, got %s", of, f.quote(name))
		return nil
	}
	return v
}

// Object returns a nested object, or nil when the field is absent or no object. Its faults are
// recorded here.
func (f *Fields) Object(name string) *Fields {
	if !f.Has(name) {
		return nil
	}
	o := &Fields{prefix: f.prefix + name + ".", err: f.err}
	if err := json.Unmarshal(f.values[name], &o.values); err != nil {
		f.Fail(name, "want an object, got %s", f.quote(name))
		return nil
	}
	return o
}
