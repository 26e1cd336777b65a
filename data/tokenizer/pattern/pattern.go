// Package pattern matches the regular expressions of tokenizer.json files the way Oniguruma does, on whose
// answers the ids of a text depend: alternatives in order, greedy repetition with backtracking, look-ahead,
// Unicode classes, brackets that nest, ASCII letters without case.
//
// Not the whole language is offered. Compile refuses what it does not know by name: look-behind, back
// references, lazy repetition, endless repetition of groups, anchors but $. It also refuses what can match
// an empty text. What is offered takes time in proportion to the length of the text for each repetition in
// the expression, see repeat in match.go.
//
// A text may hold bytes that are not UTF-8. Each counts as U+FFFD.
package pattern

import (
	"fmt"
	"sync"
	"unicode/utf8"
)

// maxNesting bounds groups within groups and brackets within brackets. maxLength is of an expression in
// bytes, maxCopies of what {n,m} writes out.
const (
	maxNesting = 50
	maxLength  = 1 << 14
	maxCopies  = 1 << 10
)

// Pattern is a compiled regular expression. It is safe for concurrent use.
type Pattern struct {
	code   code
	starts [256]bool // by the first byte of a match
	words  bool      // see CutsWords
	spaces bool      // see TakesSpaces
	pool   sync.Pool // of *machine
}

// Error reports an expression that Compile does not take.
type Error struct {
	Expr string
	At   int // byte offset in Expr
	Msg  string
}

func (e *Error) Error() string {
	return fmt.Sprintf("regular expression %.300q, byte %d: %s", e.Expr, e.At, e.Msg)
}

// Compile reads an expression. The error is an *Error.
func Compile(expr string) (*Pattern, error) {
	p := &parser{expr: expr}
	n, err := p.parse()
	if err != nil {
		return nil, err
	}
	if n.nullable() {
		return nil, &Error{expr, len(expr), "can match an empty text, want an expression that cannot"}
	}
	var c compiler
	accept := continuation{code: func(_ *machine, at int) int { return at }, nullable: true}
	start := c.compile(n, accept)
	out := &Pattern{code: start.code, words: edges(n).ok, spaces: takesSpaces(n)}
	for b := range out.starts {
		out.starts[b] = start.firstByte(byte(b))
	}
	out.pool.New = func() any { return &machine{failed: make([]interval, c.repeats)} }
	return out, nil
}

// Each calls match for every match in text, from left to right: text[start:end]. Matches do not overlap.
func (p *Pattern) Each(text string, match func(start, end int)) {
	m := p.pool.Get().(*machine)
	defer p.pool.Put(m)
	m.reset(text)
	for at := 0; at < len(text); {
		if p.starts[text[at]] {
			if end := p.code(m, at); end >= 0 {
				match(at, end)
				at = end
				continue
			}
		}
		if text[at] < utf8.RuneSelf {
			at++
			continue
		}
		_, n := utf8.DecodeRuneInString(text[at:])
		at += n
	}
	m.text = ""
}

// CutsWords reports that cutting a text in front of a space that follows something else than white space
// changes no match: none reaches over such a place or depends on what is behind it.
func (p *Pattern) CutsWords() bool { return p.words }

// TakesSpaces reports that a match begins at such a place, so that what no expression matches ends there too.
func (p *Pattern) TakesSpaces() bool { return p.spaces }
