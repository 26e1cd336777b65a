package pattern

import "unicode/utf8"

// machine is the state of matching one text.
type machine struct {
	text   string
	failed []interval // by repetition
}

// interval is the places lo to hi, both included; none when hi is 0, where no continuation is tried.
type interval struct{ lo, hi int }

func (i *interval) has(at int) bool { return i.hi > 0 && i.lo <= at && at <= i.hi }

func (m *machine) reset(text string) {
	m.text = text
	clear(m.failed)
}

// code matches from a place on and returns the end of the match, or -1. What it returns depends on the text
// and the place alone.
type code func(m *machine, at int) int

// continuation is code, and how what it matches can begin.
type continuation struct {
	code
	first    [256]bool // bytes
	nullable bool      // it can match without taking anything
}

// firstByte reports whether the match can go on with b.
func (c *continuation) firstByte(b byte) bool { return c.nullable || c.first[b] }

// compiler turns nodes into code, from the end of an expression to its start: the code of a part goes on
// with the code of what is behind it, so that a part can be tried again when the rest fails.
type compiler struct{ repeats int }

func (c *compiler) compile(n *node, next continuation) continuation {
	switch n.kind {
	case character:
		return c.character(n.set, next)
	case sequence:
		for i := len(n.parts) - 1; i >= 0; i-- {
			next = c.compile(n.parts[i], next)
		}
		return next
	case alternatives:
		all := make([]continuation, len(n.parts))
		for i, p := range n.parts {
			all[i] = c.compile(p, next)
		}
		return choose(all)
	case repetition:
		return c.repetition(n, next)
	case atomic:
		return c.atomic(n.parts[0], next)
	case lookAhead:
		inner := c.compile(n.parts[0], continuation{code: func(_ *machine, at int) int { return at }, nullable: true})
		then := next.code
		next.code = func(m *machine, at int) int {
			if (inner.code(m, at) >= 0) == n.negative {
				return -1
			}
			return then(m, at)
		}
		return next
	}
	then := next.code
	next.code = func(m *machine, at int) int {
		if at < len(m.text) && m.text[at] != '\n' {
			return -1
		}
		return then(m, at)
	}
	return next
}

func (c *compiler) character(s *set, next continuation) continuation {
	out := continuation{}
	for b := range out.first {
		out.first[b] = s.firstByte(byte(b))
	}
	then := next.code
	out.code = func(m *machine, at int) int {
		n := s.match(m.text, at)
		if n == 0 {
			return -1
		}
		return then(m, at+n)
	}
	return out
}

// atomic matches n once, without what is behind it.
func (c *compiler) atomic(n *node, next continuation) continuation {
	inner := c.compile(n, continuation{code: func(_ *machine, at int) int { return at }, nullable: true})
	out := continuation{first: inner.first, nullable: inner.nullable && next.nullable}
	if inner.nullable {
		for b := range out.first {
			out.first[b] = out.first[b] || next.first[b]
		}
	}
	then := next.code
	out.code = func(m *machine, at int) int {
		if at = inner.code(m, at); at < 0 {
			return -1
		}
		return then(m, at)
	}
	return out
}

// choose tries alternatives in order, of those that can begin with the next byte.
func choose(all []continuation) continuation {
	var out continuation
	var byFirst [257][]code // the last: at the end of the text
	for _, a := range all {
		for b := range 256 {
			if a.firstByte(byte(b)) {
				byFirst[b] = append(byFirst[b], a.code)
			}
			out.first[b] = out.first[b] || a.first[b]
		}
		if a.nullable {
			byFirst[256] = append(byFirst[256], a.code)
		}
		out.nullable = out.nullable || a.nullable
	}
	out.code = func(m *machine, at int) int {
		k := 256
		if at < len(m.text) {
			k = int(m.text[at])
		}
		for _, try := range byFirst[k] {
			if end := try(m, at); end >= 0 {
				return end
			}
		}
		return -1
	}
	return out
}

// repetition writes groups out; characters are run over in a loop.
func (c *compiler) repetition(n *node, next continuation) continuation {
	part := n.parts[0]
	switch {
	case n.exclusive:
		return c.atomic(&node{kind: repetition, parts: n.parts, min: n.min, max: n.max}, next)
	case part.kind == character:
		return c.repeat(part.set, n.min, n.max, next)
	}
	rest := next
	for range n.max - n.min {
		next = choose([]continuation{c.compile(part, next), rest})
	}
	for range n.min {
		next = c.compile(part, next)
	}
	return next
}

// repeat matches as many characters of s as there are, at least min and at most max, and fewer when the
// rest fails. Where the rest has failed before is remembered for an endless repetition: whether it matches
// there does not depend on how one came there. So each place is tried once in a text, and a run that was
// walked through is not walked through again.
func (c *compiler) repeat(s *set, min, max int, next continuation) continuation {
	out := continuation{nullable: min == 0 && next.nullable}
	for b := range out.first {
		out.first[b] = s.firstByte(byte(b)) || min == 0 && next.first[b]
	}
	then := next.code
	if max >= 0 {
		out.code = func(m *machine, at int) int { return atMost(s, then, m, at, min, max) }
		return out
	}
	index := c.repeats
	c.repeats++
	out.code = func(m *machine, at int) int {
		for range min {
			n := s.match(m.text, at)
			if n == 0 {
				return -1
			}
			at += n
		}
		start, failed := at, &m.failed[index]
		at = s.run(m.text, at, failed)
		end, lowest := at, at
		for {
			if failed.has(at) {
				at = failed.lo
			} else if to := then(m, at); to >= 0 {
				return to
			}
			lowest = at
			if at <= start {
				break
			}
			at = stepBack(m.text, at)
		}
		*failed = interval{lowest, end}
		return -1
	}
	return out
}

// atMost is repeat with a bound, which is small.
func atMost(s *set, then code, m *machine, at, min, max int) int {
	n := s.match(m.text, at)
	if max > 0 && n > 0 {
		if end := atMost(s, then, m, at+n, min-1, max-1); end >= 0 {
			return end
		}
	}
	if min > 0 {
		return -1
	}
	return then(m, at)
}

// run is where the run of characters of s that goes through text[at:] ends. known is a part of such a run
// with its end.
func (s *set) run(text string, at int, known *interval) int {
	for {
		if known.has(at) {
			return known.hi
		}
		n := s.match(text, at)
		if n == 0 {
			return at
		}
		at += n
	}
}

// stepBack is where the character in front of text[at] begins.
func stepBack(text string, at int) int {
	if text[at-1] < utf8.RuneSelf {
		return at - 1
	}
	_, n := utf8.DecodeLastRuneInString(text[:at])
	return at - n
}
