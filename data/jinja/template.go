package jinja

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Template is a parsed template. It may be rendered at the same time by several goroutines.
type Template struct{ nodes []node }

// maxSource bounds the length of a template in bytes; the longest known has 30,000.
const maxSource = 1 << 20

// Parse reads a template. What it does not understand is an [*Error].
func Parse(source string) (*Template, error) {
	if len(source) > maxSource {
		return nil, &Error{1, fmt.Sprintf("it has %d bytes, want at most %d", len(source), maxSource)}
	}
	tokens, err := lex(source)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens}
	nodes, _, err := p.body()
	if err != nil {
		return nil, err
	}
	return &Template{nodes}, nil
}

// Render returns the text that the template makes of the variables. now is what strftime_now tells. An error is an
// [*Error].
func (t *Template) Render(variables *Dict, now time.Time) (text string, err error) {
	defer func() {
		if v := recover(); v == errTooLarge {
			err = &Error{1, errTooLarge.Error()}
		} else if v != nil {
			panic(v)
		}
	}()
	s := &state{out: &strings.Builder{}, now: now, limits: &limits{}}
	s.scope = &scope{vars: map[string]any{}}
	for _, k := range variables.keys {
		s.scope.vars[k] = variables.values[k]
	}
	if err := s.renderAll(t.nodes); err != nil {
		return "", err
	}
	return s.out.String(), nil
}

// FromJSON reads a value from JSON; the keys of objects keep their order.
func FromJSON(text []byte) (any, error) {
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	v, err := fromJSON(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("there is more behind the JSON value")
	}
	return v, nil
}

func fromJSON(d *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("the JSON value is nested deeper than %d levels", maxDepth)
	}
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case json.Delim:
		if t == '[' {
			return listFromJSON(d, depth)
		}
		return dictFromJSON(d, depth)
	case json.Number:
		if i, err := t.Int64(); err == nil {
			return i, nil
		}
		return t.Float64()
	}
	return t, nil // nil, bool, string
}

func listFromJSON(d *json.Decoder, depth int) (any, error) {
	l := &List{}
	for d.More() {
		v, err := fromJSON(d, depth+1)
		if err != nil {
			return nil, err
		}
		l.Items = append(l.Items, v)
	}
	_, err := d.Token()
	return l, err
}

func dictFromJSON(d *json.Decoder, depth int) (any, error) {
	dict := NewDict()
	for d.More() {
		k, err := d.Token()
		if err != nil {
			return nil, err
		}
		v, err := fromJSON(d, depth+1)
		if err != nil {
			return nil, err
		}
		dict.Set(k.(string), v)
	}
	_, err := d.Token()
	return dict, err
}
