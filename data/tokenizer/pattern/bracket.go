package pattern

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// bracket reads [...] behind its opening bracket. Brackets within brackets are sets of their own, and && is
// what both sides have.
func (p *parser) bracket() (*set, error) {
	if p.depth++; p.depth > maxNesting {
		return nil, p.errorf("more than %d brackets within each other", maxNesting)
	}
	defer func() { p.depth-- }()
	negative := p.take("^")
	if p.peek() == ']' {
		return nil, p.errorf("] right behind [")
	}
	var all *set // what && came behind
	s := newSet(nil)
	for !p.take("]") {
		if p.take("&&") {
			all, s = both(all, s), newSet(nil)
			continue
		}
		member, err := p.member()
		if err != nil {
			return nil, err
		}
		s = s.union(member)
	}
	s = both(all, s)
	if negative {
		if p.fold {
			return nil, p.errorf("[^ without case")
		}
		s = s.negate()
	}
	return s, nil
}

func both(a, b *set) *set {
	if a == nil {
		return b
	}
	return a.intersect(b)
}

// member reads a character, a range, a class or a bracket inside a bracket.
func (p *parser) member() (*set, error) {
	switch {
	case p.at >= len(p.expr):
		return nil, p.errorf("[ without ]")
	case strings.HasPrefix(p.expr[p.at:], "[:"):
		return nil, p.errorf("a class like [:alpha:]")
	case p.take("["):
		return p.bracket()
	}
	s, lo, err := p.bracketCharacter()
	if err != nil || lo < 0 || p.peek() != '-' || strings.HasPrefix(p.expr[p.at:], "-]") {
		return s, err
	}
	p.at++
	if strings.HasPrefix(p.expr[p.at:], "[") || strings.HasPrefix(p.expr[p.at:], "&&") {
		return nil, p.errorf("a range that ends in a bracket")
	}
	_, hi, err := p.bracketCharacter()
	switch {
	case err != nil:
		return nil, err
	case hi < lo:
		return nil, p.errorf("a range that ends in a class, or before it begins")
	case p.fold:
		return p.foldedRange(lo, hi)
	}
	return newSet([]runeRange{{lo, hi}}), nil
}

func (p *parser) foldedRange(lo, hi rune) (*set, error) {
	if hi >= utf8.RuneSelf {
		return nil, p.errorf("a range beyond ASCII without case")
	}
	s := newSet(nil)
	for r := lo; r <= hi; r++ {
		one, _ := p.folded(r)
		s = s.union(one)
	}
	return s, nil
}

// bracketCharacter reads one character, which it returns too, or an escaped class, which gives -1.
func (p *parser) bracketCharacter() (*set, rune, error) {
	if p.peek() == '\\' {
		return p.escape()
	}
	if p.at >= len(p.expr) {
		return nil, -1, p.errorf("[ without ]")
	}
	r := p.next()
	if p.fold {
		s, err := p.folded(r)
		return s, r, err
	}
	return single(r), r, nil
}

// whiteSpace is \s.
var whiteSpace = tableSet(unicode.White_Space)

// escape reads \ and what it makes of the next character: a set, and the character if it is one and -1 if
// it is a class.
func (p *parser) escape() (*set, rune, error) {
	p.at++
	if p.at >= len(p.expr) {
		return nil, -1, p.errorf(`\ at the end`)
	}
	switch c := p.next(); c {
	case 's':
		return whiteSpace, -1, nil
	case 'S':
		return whiteSpace.negate(), -1, nil
	case 'd', 'D':
		s, _ := classes("Nd")
		if c == 'D' {
			s = s.negate()
		}
		return s, -1, nil
	case 'p', 'P':
		s, err := p.property(c == 'P')
		return s, -1, err
	case 'x', 'u':
		return p.codePoint(c)
	default:
		if i := strings.IndexRune("nrtfvae", c); i >= 0 {
			c = rune("\n\r\t\f\v\a\x1b"[i])
		} else if c >= utf8.RuneSelf || c == '_' || unicode.IsLetter(c) || unicode.IsDigit(c) {
			p.at -= utf8.RuneLen(c)
			return nil, -1, p.errorf(`\%c`, c)
		}
		if p.fold {
			s, err := p.folded(c)
			return s, c, err
		}
		return single(c), c, nil
	}
}

// property reads {Name} or {^Name} behind \p or \P.
func (p *parser) property(negative bool) (*set, error) {
	name, _, ok := strings.Cut(p.expr[p.at:], "}")
	if !ok || !strings.HasPrefix(name, "{") {
		return nil, p.errorf(`\p without {name}`)
	}
	if p.fold {
		return nil, p.errorf(`\p without case`)
	}
	plain, not := strings.CutPrefix(name[1:], "^")
	s, known := classes(plain)
	if !known {
		return nil, p.errorf(`the class \p{%s}`, plain)
	}
	p.at += len(name) + 1
	if not != negative {
		s = s.negate()
	}
	return s, nil
}

// codePoint reads HH or {H...} behind \x, HHHH behind \u.
func (p *parser) codePoint(kind rune) (*set, rune, error) {
	rest := p.expr[p.at:]
	digits, n := "", 0
	switch inside, _, closed := strings.Cut(rest, "}"); {
	case kind == 'u' && len(rest) >= 4:
		digits, n = rest[:4], 4
	case kind == 'x' && strings.HasPrefix(rest, "{") && closed:
		digits, n = inside[1:], len(inside)+1
	case kind == 'x' && len(rest) >= 2:
		digits, n = rest[:2], 2
	}
	v, err := strconv.ParseUint(digits, 16, 32)
	if err != nil || !utf8.ValidRune(rune(v)) || kind == 'x' && n == 2 && v >= utf8.RuneSelf {
		return nil, -1, p.errorf(`\%c without the hexadecimal digits of a character`, kind)
	}
	p.at += n
	if p.fold {
		s, err := p.folded(rune(v))
		return s, rune(v), err
	}
	return single(rune(v)), rune(v), nil
}
