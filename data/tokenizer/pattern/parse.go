package pattern

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// parser reads an expression from left to right.
type parser struct {
	expr  string
	at    int
	depth int  // of groups and brackets
	fold  bool // (?i
}

func (p *parser) parse() (*node, error) {
	switch {
	case len(p.expr) > maxLength:
		return nil, &Error{p.expr, maxLength, fmt.Sprintf("longer than %d bytes", maxLength)}
	case !utf8.ValidString(p.expr):
		return nil, p.errorf("not UTF-8")
	}
	n, err := p.alternatives()
	if err == nil && p.at < len(p.expr) {
		err = p.errorf("a closing bracket without an opening one")
	}
	return n, err
}

func (p *parser) errorf(format string, args ...any) error {
	return &Error{p.expr, p.at, fmt.Sprintf(format, args...)}
}

// take moves over text if it comes next.
func (p *parser) take(text string) bool {
	if strings.HasPrefix(p.expr[p.at:], text) {
		p.at += len(text)
		return true
	}
	return false
}

// next takes one character; 0 at the end.
func (p *parser) next() rune {
	if p.at >= len(p.expr) {
		return 0
	}
	r, n := utf8.DecodeRuneInString(p.expr[p.at:])
	p.at += n
	return r
}

func (p *parser) peek() rune {
	at := p.at
	r := p.next()
	p.at = at
	return r
}

// alternatives reads a|b|c up to a closing bracket or the end.
func (p *parser) alternatives() (*node, error) {
	if p.depth++; p.depth > maxNesting {
		return nil, p.errorf("more than %d brackets within each other", maxNesting)
	}
	defer func() { p.depth-- }()
	n := &node{kind: alternatives}
	for {
		s, err := p.sequence()
		if err != nil {
			return nil, err
		}
		n.parts = append(n.parts, s)
		if !p.take("|") {
			break
		}
	}
	if len(n.parts) == 1 {
		return n.parts[0], nil
	}
	return n, nil
}

func (p *parser) sequence() (*node, error) {
	n := &node{kind: sequence}
	start := p.at
	for p.at < len(p.expr) && p.peek() != '|' && p.peek() != ')' {
		part, err := p.part()
		if err != nil {
			return nil, err
		}
		if part, err = p.quantifier(part); err != nil {
			return nil, err
		}
		n.parts = append(n.parts, part)
	}
	if p.fold && foldsTwo(p.expr[start:p.at]) {
		return nil, p.errorf("letters without case that one character can stand for, like ss and ß")
	}
	if len(n.parts) == 1 {
		return n.parts[0], nil
	}
	return n, nil
}

// foldsTwo reports whether two ASCII letters in a row equal one character when case is ignored.
func foldsTwo(expr string) bool {
	expr = strings.ToLower(expr)
	for _, two := range []string{"ss", "st", "ff", "fi", "fl"} {
		if strings.Contains(expr, two) {
			return true
		}
	}
	return false
}

// part reads a character, a class, a group or an anchor.
func (p *parser) part() (*node, error) {
	switch c := p.peek(); c {
	case '(':
		return p.group()
	case '$':
		p.at++
		return &node{kind: lineEnd}, nil
	case '^', '*', '+', '?', '{', '}', ']':
		return nil, p.errorf("%q at this place", c)
	}
	s, err := p.characterSet()
	if err != nil {
		return nil, err
	}
	if len(s.ranges) == 0 {
		return nil, p.errorf("a bracket that no character is in")
	}
	return &node{kind: character, set: s}, nil
}

// characterSet reads what stands for one character.
func (p *parser) characterSet() (*set, error) {
	switch {
	case p.take("."):
		return single('\n').negate(), nil
	case p.take("["):
		return p.bracket()
	case p.peek() == '\\':
		s, _, err := p.escape()
		return s, err
	}
	r := p.next()
	if p.fold {
		return p.folded(r)
	}
	return single(r), nil
}

func single(r rune) *set { return newSet([]runeRange{{r, r}}) }

// folded is a character in both cases.
func (p *parser) folded(r rune) (*set, error) {
	if r >= utf8.RuneSelf {
		return nil, p.errorf("%q without case, want ASCII", r)
	}
	ranges := []runeRange{{r, r}}
	switch lower := r | 0x20; {
	case lower < 'a' || lower > 'z':
		return newSet(ranges), nil
	case lower == 's':
		ranges = append(ranges, runeRange{'ſ', 'ſ'})
	case lower == 'k':
		ranges = append(ranges, runeRange{'\u212a', '\u212a'}) // the Kelvin sign
	}
	return newSet(append(ranges, runeRange{r ^ 0x20, r ^ 0x20})), nil
}

// group reads from ( to ).
func (p *parser) group() (*node, error) {
	p.at++
	n := &node{kind: sequence}
	fold := p.fold
	defer func() { p.fold = fold }()
	switch {
	case !p.take("?"), p.take(":"):
	case p.take("i:"):
		p.fold = true
	case p.take(">"):
		n.kind = atomic
	case p.take("="):
		n.kind = lookAhead
	case p.take("!"):
		n.kind, n.negative = lookAhead, true
	default:
		return nil, p.errorf("a group that begins (?%.3s, want one of ( (?: (?i: (?> (?= (?!", p.expr[p.at:])
	}
	inner, err := p.alternatives()
	if err != nil {
		return nil, err
	}
	if !p.take(")") {
		return nil, p.errorf("a group without an end")
	}
	n.parts = []*node{inner}
	return n, nil
}

// quantifier reads what may follow a part: ? * + {n} {n,} {n,m} {,m}, and + for possessive.
func (p *parser) quantifier(part *node) (*node, error) {
	n := &node{kind: repetition, parts: []*node{part}, max: -1}
	possessive := true // whether + may follow
	switch {
	case p.take("?"):
		n.max = 1
	case p.take("*"):
	case p.take("+"):
		n.min = 1
	case p.take("{"):
		possessive = false
		if err := p.bounds(n); err != nil {
			return nil, err
		}
	default:
		return part, nil
	}
	for part.kind == sequence && len(part.parts) == 1 { // a group of one thing
		part = part.parts[0]
	}
	n.parts[0] = part
	if possessive && p.take("+") {
		n.exclusive = true
	}
	switch c := p.peek(); {
	case p.at < len(p.expr) && (c == '?' || c == '*' || c == '+' || c == '{'):
		return nil, p.errorf("%q behind a repetition", c)
	case part.kind == lookAhead || part.kind == lineEnd:
		return nil, p.errorf("a repetition of what takes no character")
	case part.kind != character && (n.max < 0 || part.nullable() || size(part)*n.max > maxCopies):
		return nil, p.errorf("a repetition of a group that is endless, may be empty, or is longer than %d when written out", maxCopies)
	}
	return n, nil
}

// size is what a part adds to the code.
func size(n *node) int {
	total := 1
	for _, p := range n.parts {
		total += size(p)
	}
	if n.kind == repetition && n.max > 1 && n.parts[0].kind != character {
		total *= n.max
	}
	return min(total, maxCopies+1)
}

// bounds reads n}, n,}, n,m} or ,m}.
func (p *parser) bounds(n *node) error {
	inside, _, ok := strings.Cut(p.expr[p.at:], "}")
	low, high, two := strings.Cut(inside, ",")
	number := func(s string) int {
		v, err := strconv.ParseUint(s, 10, 32)
		if err != nil || v > maxCopies {
			ok = false
		}
		return int(v)
	}
	if low != "" || !two {
		n.min = number(low)
	}
	switch {
	case !two:
		n.max = n.min
	case high != "":
		n.max = number(high)
	case low == "":
		ok = false
	}
	if !ok || n.max == 0 || n.max > 0 && n.max < n.min {
		return p.errorf("{ without numbers from 0 to %d, the smaller first, and }", maxCopies)
	}
	p.at += len(inside) + 1
	return nil
}
