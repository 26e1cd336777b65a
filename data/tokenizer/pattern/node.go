package pattern

import "slices"

// node is a part of an expression.
type node struct {
	kind      kind
	set       *set    // of a character
	parts     []*node // of a sequence or of alternatives; the one thing of the others
	min, max  int     // of a repetition; max < 0: endless
	exclusive bool    // a repetition that gives nothing back (a++)
	negative  bool    // a look-ahead that must not match
}

type kind int

const (
	character kind = iota
	sequence
	alternatives
	repetition
	atomic    // a group that is not entered again by backtracking
	lookAhead // what must follow, or must not
	lineEnd   // $: the end of the text or in front of a line feed
)

// nullable reports whether n can match without taking a character.
func (n *node) nullable() bool {
	switch n.kind {
	case character:
		return false
	case sequence:
		for _, p := range n.parts {
			if !p.nullable() {
				return false
			}
		}
		return true
	case alternatives:
		for _, p := range n.parts {
			if p.nullable() {
				return true
			}
		}
		return false
	case repetition:
		return n.min == 0 || n.parts[0].nullable()
	case atomic:
		return n.parts[0].nullable()
	}
	return true
}

// edge is what Pattern.CutsWords needs to know of a part: whether its first character can be a space,
// whether its last one can be something else than white space, and whether nothing inside is in the way.
type edge struct{ space, word, ok bool }

// edges looks for parts that can match a space, or that look ahead, right behind one that can match what is
// no white space. Where there are none, whatever can come at the end of a text that ends in a word fails
// there as it fails in front of a space.
func edges(n *node) edge {
	switch n.kind {
	case character:
		return edge{n.set.hasASCII(' '), !n.set.inside(whiteSpace), true}
	case lookAhead, lineEnd:
		return edge{space: true, ok: true} // as if it could take a space: it must not stand behind a word
	case alternatives:
		out := edge{ok: true}
		for _, p := range n.parts {
			e := edges(p)
			out = edge{out.space || e.space, out.word || e.word, out.ok && e.ok}
		}
		return out
	case repetition:
		e := edges(n.parts[0])
		if n.max != 1 && e.space && e.word {
			e.ok = false
		}
		return e
	case atomic:
		return edges(n.parts[0])
	}
	out, begun := edge{ok: true}, false
	for _, p := range n.parts {
		e := edges(p)
		if !e.ok || out.word && e.space {
			out.ok = false
		}
		if !begun {
			out.space = out.space || e.space
		}
		out.word = e.word || out.word && p.nullable()
		begun = begun || !p.nullable()
	}
	return out
}

// takesSpaces is Pattern.TakesSpaces: one of the alternatives is white space and no more.
func takesSpaces(n *node) bool {
	switch n.kind {
	case character:
		return n.set.hasASCII(' ')
	case repetition:
		return n.min <= 1 && n.parts[0].kind == character && takesSpaces(n.parts[0])
	case alternatives:
		return slices.ContainsFunc(n.parts, takesSpaces)
	}
	return false
}
