package jinja

import (
	"errors"
	"strings"
	"testing"
)

// TestBounds: templates that would take all memory or all time end with an error that says which bound they pass.
func TestBounds(t *testing.T) {
	for source, want := range map[string]string{
		"{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}": "steps",
		"{{ 'x' * 1000000000000 }}": "bytes",
		"{% set ns = namespace(x='x') %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}":                                                                      "bytes",
		"{% set ns = namespace(x='x') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}":                                                                      "bytes",
		"{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}":                                                                      "bytes",
		"{% set ns = namespace(x='x') %}{% for i in range(99) %}{% set ns.x = ns.x.replace('x', 'xx') %}{% endfor %}":                                                          "bytes",
		"{% set ns = namespace(x='x') %}{% for i in range(99) %}{% set ns.x = ns.x | replace('x', 'xx') %}{% endfor %}":                                                        "bytes",
		"{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}":                                                           "bytes",
		"{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x|tojson}}":                                                     "bytes",
		"{% set a = namespace(x=[1]) %}{% set b = namespace(x=[1]) %}{% for i in range(99) %}{% set a.x = [a.x, a.x] %}{% set b.x = [b.x, b.x] %}{% endfor %}{{ a.x == b.x }}": "elements",
		"{{ ('x' * 1000000) | list | join('xxxxxxxxxxxxxxxxxxxxxxxx') }}":                                                                                                      "bytes",
		"{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}":                                                                                                                      "deeper than",
		"{{ " + strings.Repeat("(", 100_000) + "1" + strings.Repeat(")", 100_000) + " }}":                                                                                      "deeper than",
		"{{ " + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + " }}":                                                                                            "deeper than",
		"{{ " + strings.Repeat("- ", 100_000) + "1 }}":                                                                                                                         "deeper than",
		"{{ " + strings.Repeat("not ", 100_000) + "1 }}":                                                                                                                       "deeper than",
		strings.Repeat("{% if 1 %}", 100_000):                                                                                                                                  "deeper than",
		strings.Repeat("x", maxSource+1):                                                                                                                                       "bytes, want at most",
	} {
		name := source[:min(len(source), 80)]
		_, err := render(source, []byte(`{}`))
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(e.Msg, want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}

// TestLine: an error names the line of the template.
func TestLine(t *testing.T) {
	_, err := render("a\n{% if true %}\n{{ 1 / 0 }}\n{% endif %}", []byte(`{}`))
	if err == nil || err.Error() != "template, line 3: division by zero" {
		t.Errorf("got %v", err)
	}
}

// TestTime: strftime_now has the time that Render is given.
func TestTime(t *testing.T) {
	got, err := render("{{ strftime_now('%d %b %Y, %B %-d %H:%M %%') }}", []byte(`{}`))
	if err != nil || got != "01 Dec 2026, December 1 00:00 %" {
		t.Errorf("got %q, %v", got, err)
	}
}

func FuzzRender(f *testing.F) {
	for _, s := range []string{"{% for a in d %}{{ a | upper }}{% endfor %}", "{%- macro m(x=1) -%}{{ x }}{%- endmacro -%}{{ m() }}", "{{ {'a': [1, 'b'][::-1]} | tojson(indent=2) }}",
		"{% raw %}{{{% endraw %}", "{% set ns = namespace(a=1) %}{% set ns.a = 2 %}{{ ns.a if d is mapping else 'x' ~ 1.5 }}", "{{ '%05d' | format(3) }}{# c -#}\n{%+ if 1 %}{% endif -%}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		_, err := render(source, []byte(`{"d":{"name":"n","items":[1,2.5,null,true,"x"]},"messages":[{"role":"user","content":"é"}]}`))
		var e *Error
		if err != nil && !errors.As(err, &e) {
			t.Errorf("the error %v has no line", err)
		}
	})
}
