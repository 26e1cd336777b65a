package jinja

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Error says where a template fails.
type Error struct {
	Line int
	Msg  string
}

func (e *Error) Error() string { return fmt.Sprintf("template, line %d: %s", e.Line, e.Msg) }

// kind is what a token is.
type kind int

const (
	tokenEnd    kind = iota // of the template
	tokenText               // outside of tags
	tokenPrint              // {{
	tokenBlock              // {%
	tokenClose              // }} or %}
	tokenName               // also keywords
	tokenString             // its value
	tokenNumber
	tokenSign // operators and brackets
)

type token struct {
	kind kind
	text string
	line int
}

// lexer cuts a template into tokens.
type lexer struct {
	source string
	line   int
	tokens []token
	start  bool // nothing was read yet
	trim   bool // the tag before wants white space after it removed
	bare   bool // the block before wants a line end after it removed
}

// signs are the operators, longer ones first.
var signs = []string{"**", "//", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "<", ">", "=", "(", ")", "[", "]", "{", "}", ",", ":", ".", "|", ";"}

func lex(source string) ([]token, error) {
	source = strings.ReplaceAll(strings.ReplaceAll(source, "\r\n", "\n"), "\r", "\n")
	l := &lexer{source: strings.TrimSuffix(source, "\n"), line: 1, start: true}
	for {
		more, err := l.next()
		if err != nil {
			return nil, err
		}
		if !more {
			l.add(tokenEnd, "")
			return l.tokens, nil
		}
	}
}

func (l *lexer) add(k kind, text string) { l.tokens = append(l.tokens, token{k, text, l.line}) }

func (l *lexer) fail(format string, args ...any) error {
	return &Error{l.line, fmt.Sprintf(format, args...)}
}

// skip moves on by n bytes.
func (l *lexer) skip(n int) string {
	s := l.source[:n]
	l.line += strings.Count(s, "\n")
	l.source = l.source[n:]
	return s
}

// next reads the text up to the next tag, and the tag.
func (l *lexer) next() (more bool, err error) {
	at := nextTag(l.source)
	if at < 0 {
		l.text(l.source, "")
		l.skip(len(l.source))
		return false, nil
	}
	tag := l.source[at : at+2]
	modifier := ""
	if at+2 < len(l.source) && (l.source[at+2] == '-' || l.source[at+2] == '+') {
		modifier = l.source[at+2 : at+3]
	}
	text := l.source[:at]
	l.text(text, tag+modifier)
	l.skip(at + 2 + len(modifier))
	switch tag {
	case "{#":
		return true, l.comment()
	case "{{":
		l.add(tokenPrint, "")
		return true, l.inside("}}")
	}
	if done, err := l.raw(); done || err != nil {
		return true, err
	}
	l.add(tokenBlock, "")
	return true, l.inside("%}")
}

func nextTag(s string) int {
	for from := 0; ; {
		i := strings.IndexByte(s[from:], '{')
		if i < 0 || from+i+1 >= len(s) {
			return -1
		}
		if from += i; s[from+1] == '{' || s[from+1] == '%' || s[from+1] == '#' {
			return from
		}
		from++
	}
}

// text adds what stands before a tag, without the white space that the tags around it remove.
func (l *lexer) text(text, tag string) {
	startsLine := l.start
	if l.trim {
		text = strings.TrimLeftFunc(text, unicode.IsSpace)
	} else if rest, ok := strings.CutPrefix(text, "\n"); ok && l.bare {
		text, startsLine = rest, true
	}
	switch {
	case strings.HasSuffix(tag, "-"):
		text = strings.TrimRightFunc(text, unicode.IsSpace)
	case tag == "{%" || tag == "{#":
		line := strings.LastIndexByte(text, '\n') + 1
		if (line > 0 || startsLine) && strings.TrimFunc(text[line:], unicode.IsSpace) == "" {
			text = text[:line]
		}
	}
	l.start, l.trim, l.bare = false, false, false
	if text != "" {
		l.add(tokenText, text)
	}
}

// end reads the modifier and the end of a tag.
func (l *lexer) end(tag string) (bool, error) {
	for _, modifier := range []string{"-", "+", ""} {
		if strings.HasPrefix(l.source, modifier+tag) {
			l.skip(len(modifier + tag))
			l.trim = modifier == "-"
			l.bare = modifier == "" && tag != "}}"
			return true, nil
		}
	}
	return false, nil
}

func (l *lexer) comment() error {
	i := strings.Index(l.source, "#}")
	if i < 0 {
		return l.fail("the comment has no end")
	}
	if i > 0 && (l.source[i-1] == '-' || l.source[i-1] == '+') {
		i--
	}
	l.skip(i)
	_, err := l.end("#}")
	return err
}

// raw reads {% raw %} with all up to {% endraw %}, if that is what follows.
func (l *lexer) raw() (bool, error) {
	s := strings.TrimLeft(l.source, " \n\t")
	rest, ok := strings.CutPrefix(s, "raw")
	if !ok {
		return false, nil
	}
	rest = strings.TrimLeft(rest, " \n\t")
	if !strings.HasPrefix(rest, "%}") && !strings.HasPrefix(rest, "-%}") {
		return false, nil
	}
	l.skip(len(l.source) - len(rest))
	if _, err := l.end("%}"); err != nil {
		return true, err
	}
	l.bare = false
	for from := 0; ; {
		i := strings.Index(l.source[from:], "{%")
		if i < 0 {
			return true, l.fail("raw has no endraw")
		}
		i += from
		inner := l.source[i+2:]
		modifier := ""
		if strings.HasPrefix(inner, "-") {
			modifier, inner = "-", inner[1:]
		}
		inner, ok := strings.CutPrefix(strings.TrimLeft(inner, " \n\t"), "endraw")
		if !ok {
			from = i + 2
			continue
		}
		l.text(l.source[:i], "{%"+modifier)
		l.skip(len(l.source) - len(strings.TrimLeft(inner, " \n\t")))
		if ok, err := l.end("%}"); !ok || err != nil {
			return true, l.fail("endraw has no end")
		}
		return true, nil
	}
}

// inside reads the tokens of a tag up to its end.
func (l *lexer) inside(end string) error {
	depth := 0 // of braces: a dictionary may end with }}
	for {
		l.skip(len(l.source) - len(strings.TrimLeftFunc(l.source, unicode.IsSpace)))
		if l.source == "" {
			return l.fail("a tag has no end, want %s", end)
		}
		if depth == 0 {
			if ok, err := l.end(end); ok || err != nil {
				l.tokens = append(l.tokens, token{tokenClose, end, l.line})
				return err
			}
		}
		if err := l.token(&depth); err != nil {
			return err
		}
	}
}

func (l *lexer) token(depth *int) error {
	c, size := utf8.DecodeRuneInString(l.source)
	switch {
	case c == '_' || unicode.IsLetter(c):
		n := strings.IndexFunc(l.source, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		if n < 0 {
			n = len(l.source)
		}
		l.add(tokenName, l.source[:n])
		l.skip(n)
		return nil
	case c >= '0' && c <= '9':
		n := numberLength(l.source)
		l.add(tokenNumber, strings.ReplaceAll(l.source[:n], "_", ""))
		l.skip(n)
		return nil
	case c == '"' || c == '\'':
		return l.quoted(byte(c))
	}
	for _, s := range signs {
		if strings.HasPrefix(l.source, s) {
			switch s {
			case "{", "[", "(":
				*depth++
			case "}", "]", ")":
				*depth--
			}
			l.add(tokenSign, s)
			l.skip(len(s))
			return nil
		}
	}
	return l.fail("unexpected %q", l.source[:size])
}

func numberLength(s string) int {
	digits := func(i int) int {
		for i < len(s) && (s[i] >= '0' && s[i] <= '9' || s[i] == '_') {
			i++
		}
		return i
	}
	n := digits(0)
	if n+1 < len(s) && s[n] == '.' && s[n+1] >= '0' && s[n+1] <= '9' {
		n = digits(n + 1)
	}
	if n < len(s) && (s[n] == 'e' || s[n] == 'E') {
		m := n + 1
		if m < len(s) && (s[m] == '+' || s[m] == '-') {
			m++
		}
		if end := digits(m); end > m {
			n = end
		}
	}
	return n
}

// quoted reads a string with the escapes of Python.
func (l *lexer) quoted(quote byte) error {
	var b strings.Builder
	for i := 1; i < len(l.source); i++ {
		switch c := l.source[i]; {
		case c == quote:
			l.add(tokenString, b.String())
			l.skip(i + 1)
			return nil
		case c == '\\' && i+1 < len(l.source):
			n, err := l.escape(&b, l.source[i+1:])
			if err != nil {
				return err
			}
			i += n
		default:
			b.WriteByte(c)
		}
	}
	return l.fail("a string has no end")
}

// escape reads what follows a backslash and returns its length.
func (l *lexer) escape(b *strings.Builder, s string) (int, error) {
	simple := map[byte]string{'n': "\n", 't': "\t", 'r': "\r", '\\': "\\", '\'': "'", '"': "\"", 'a': "\a", 'b': "\b", 'f': "\f", 'v': "\v", '\n': ""}
	if text, ok := simple[s[0]]; ok {
		b.WriteString(text)
		return 1, nil
	}
	if n := map[byte]int{'x': 2, 'u': 4, 'U': 8}[s[0]]; n > 0 {
		var code uint32
		if len(s) > n {
			if _, err := fmt.Sscanf(s[1:1+n], "%x", &code); err == nil && utf8.ValidRune(rune(code)) {
				b.WriteRune(rune(code))
				return 1 + n, nil
			}
		}
		return 0, l.fail(`the escape \%c wants %d hexadecimal digits`, s[0], n)
	}
	b.WriteByte('\\')
	b.WriteByte(s[0])
	return 1, nil
}
