package pattern

import (
	"slices"
	"unicode"
	"unicode/utf8"
)

// set is a set of characters.
type set struct {
	ranges []runeRange // sorted, apart from each other
	ascii  [2]uint64   // the same below U+0080, a bit each
}

type runeRange struct{ lo, hi rune }

// newSet sorts and joins ranges.
func newSet(ranges []runeRange) *set {
	slices.SortFunc(ranges, func(a, b runeRange) int { return int(a.lo) - int(b.lo) })
	s := &set{}
	for _, r := range ranges {
		if n := len(s.ranges); n > 0 && r.lo <= s.ranges[n-1].hi+1 {
			s.ranges[n-1].hi = max(s.ranges[n-1].hi, r.hi)
			continue
		}
		s.ranges = append(s.ranges, r)
	}
	for c := range rune(utf8.RuneSelf) {
		if s.search(c) {
			s.ascii[c>>6] |= 1 << (c & 63)
		}
	}
	return s
}

// tableSet is the set of a Unicode table.
func tableSet(tables ...*unicode.RangeTable) *set {
	var ranges []runeRange
	for _, table := range tables {
		for _, r := range table.R16 {
			ranges = appendStride(ranges, rune(r.Lo), rune(r.Hi), rune(r.Stride))
		}
		for _, r := range table.R32 {
			ranges = appendStride(ranges, rune(r.Lo), rune(r.Hi), rune(r.Stride))
		}
	}
	return newSet(ranges)
}

func appendStride(ranges []runeRange, lo, hi, stride rune) []runeRange {
	if stride == 1 {
		return append(ranges, runeRange{lo, hi})
	}
	for c := lo; c <= hi; c += stride {
		ranges = append(ranges, runeRange{c, c})
	}
	return ranges
}

func (s *set) search(r rune) bool {
	lo, hi := 0, len(s.ranges)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		switch {
		case r < s.ranges[mid].lo:
			hi = mid
		case r > s.ranges[mid].hi:
			lo = mid + 1
		default:
			return true
		}
	}
	return false
}

func (s *set) hasASCII(b byte) bool { return s.ascii[b>>6]>>(b&63)&1 != 0 }

// match is the length of the character at text[at:] if the set has it, and otherwise 0.
func (s *set) match(text string, at int) int {
	if at >= len(text) {
		return 0
	}
	if b := text[at]; b < utf8.RuneSelf {
		return int(s.ascii[b>>6] >> (b & 63) & 1)
	}
	if r, n := utf8.DecodeRuneInString(text[at:]); s.search(r) {
		return n
	}
	return 0
}

// firstByte reports whether a character of the set can begin with b.
func (s *set) firstByte(b byte) bool {
	if b < utf8.RuneSelf {
		return s.hasASCII(b)
	}
	return s.ranges[len(s.ranges)-1].hi >= utf8.RuneSelf
}

func (s *set) negate() *set {
	var out []runeRange
	next := rune(0)
	for _, r := range s.ranges {
		if next < r.lo {
			out = append(out, runeRange{next, r.lo - 1})
		}
		next = r.hi + 1
	}
	if next <= unicode.MaxRune {
		out = append(out, runeRange{next, unicode.MaxRune})
	}
	return newSet(out)
}

func (s *set) union(t *set) *set { return newSet(slices.Concat(s.ranges, t.ranges)) }

func (s *set) intersect(t *set) *set { return s.negate().union(t.negate()).negate() }

// inside reports whether t has all of s.
func (s *set) inside(t *set) bool { return len(s.intersect(t.negate()).ranges) == 0 }
