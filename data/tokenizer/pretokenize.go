package tokenizer

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/adagp/adagp/data/tokenizer/pattern"
)

// piece is a part of a text.
type piece struct {
	text  string
	first bool // nothing of the text comes in front of it
}

// preTokenizer cuts a piece into smaller ones, which it hands over in order. It may rewrite them.
type preTokenizer func(p piece, next func(piece))

// cutter is a preTokenizer and what it does at a space that follows something else than white space.
type cutter struct {
	preTokenizer
	along bool // it cuts two parts of a text, cut in front of the space, as it cuts the whole
	ends  bool // it always cuts there, if along is set
}

// preTokenizers has the pre-tokenizers of tokenizer.json by type.
var preTokenizers = map[string]func(*step) (cutter, error){
	"ByteLevel":          byteLevel,
	"CharDelimiterSplit": charDelimiterSplit,
	"Digits":             digits,
	"Metaspace":          metaspace,
	"Punctuation":        punctuation,
	"Split":              split,
	"Whitespace":         whitespace,
	"WhitespaceSplit":    whitespaceSplit,
}

// preTokenizer builds the pre-tokenizers of a file. It reports whether a word ends at every space that
// follows something else than white space.
func (j *jsonTokenizer) preTokenizer(t *Tokenizer) (ends bool, err error) {
	steps := j.PreTokenizer.flatten()
	for i, s := range steps {
		build, ok := preTokenizers[s.Type]
		if !ok {
			return false, unsupported(jsonFile, "pre_tokenizer %s, want one of %s", s.Type, names(preTokenizers))
		}
		if i == 0 && s.Type == "Split" && s.Pattern.String != nil && *s.Pattern.String == " " && !s.Invert && j.replacesSpaces() {
			continue // Gemma's, which finds nothing
		}
		c, err := build(s)
		if err != nil {
			return false, err
		}
		t.pre = append(t.pre, c.preTokenizer)
		t.cuts, ends = t.cuts && c.along, ends || c.ends
		if s.Type == "ByteLevel" {
			t.bytes = true
			if i < len(steps)-1 { // the model does what is left to do for the last
				t.pre = append(t.pre, spellPiece)
			}
		}
	}
	return ends, nil
}

// bytesComeLast reports whether ByteLevel is the last pre-tokenizer.
func (j *jsonTokenizer) bytesComeLast() bool {
	steps := j.PreTokenizer.flatten()
	return len(steps) > 0 && steps[len(steps)-1].Type == "ByteLevel"
}

// writesBlanks reports whether every space of a text becomes a blank before the model sees it.
func (j *jsonTokenizer) writesBlanks() bool {
	return j.replacesSpaces() || slices.ContainsFunc(j.PreTokenizer.flatten(), func(s *step) bool {
		return s.Type == "Metaspace" && s.Replacement == blank
	})
}

// behavior says what becomes of the matches of a pattern and of what is between them.
type behavior int

const (
	isolated           behavior = iota // every one is a piece
	removed                            // matches are dropped
	contiguous                         // neighbouring matches are one piece
	mergedWithPrevious                 // a match goes with what is in front of it, if that is no match
	mergedWithNext                     // or with what is behind it
)

var behaviors = []string{"Isolated", "Removed", "Contiguous", "MergedWithPrevious", "MergedWithNext"}

func (s *step) behavior() (behavior, error) {
	for b, name := range behaviors {
		if strings.EqualFold(name, s.Behavior) {
			return behavior(b), nil
		}
	}
	return 0, unsupported(jsonFile, "pre_tokenizer %s with behavior %q, want one of %s", s.Type, s.Behavior, strings.Join(behaviors, ", "))
}

// cutter cuts a piece at what find finds; with invert, at what is between that.
func (b behavior) cutter(find matcher, invert bool) preTokenizer {
	return func(p piece, next func(piece)) {
		d := delimiter{behavior: b, piece: p, next: next}
		done := 0
		find(p.text, func(start, end int) {
			if done < start {
				d.part(done, start, invert)
			}
			d.part(start, end, !invert)
			done = end
		})
		if done < len(p.text) {
			d.part(done, len(p.text), invert)
		}
		d.flush()
	}
}

// delimiter cuts one piece.
type delimiter struct {
	behavior
	piece
	next        func(piece)
	start, last int  // what was taken but not handed over; none if equal
	matched     bool // whether that ends in a match
}

// flush hands over what was taken.
func (d *delimiter) flush() {
	if d.start < d.last {
		d.next(piece{d.text[d.start:d.last], d.first && d.start == 0})
	}
	d.start = d.last
}

// part takes the next part of the text.
func (d *delimiter) part(start, end int, match bool) {
	taken := d.start < d.last
	joins := false
	switch d.behavior {
	case contiguous:
		joins = match == d.matched
	case mergedWithPrevious:
		joins = match && !d.matched
	case mergedWithNext:
		joins = !match && d.matched
	}
	if !joins || !taken {
		d.flush()
		d.start = start
	}
	d.last, d.matched = end, match
	if d.behavior == removed && match {
		d.start = end
	}
}

func split(s *step) (cutter, error) {
	b, err := s.behavior()
	if err != nil {
		return cutter{}, err
	}
	find, err := s.Pattern.matcher(s)
	if err != nil {
		return cutter{}, err
	}
	c := cutter{preTokenizer: b.cutter(find, s.Invert)}
	if s.Pattern.Regex != nil && (b == isolated && !s.Invert || b == removed && s.Invert) {
		re, err := pattern.Compile(*s.Pattern.Regex)
		c.along = err == nil && re.CutsWords()
		c.ends = c.along && re.TakesSpaces()
	}
	return c, nil
}

// each makes every character of a class a match.
func each(class func(rune) bool) matcher {
	return func(text string, match func(start, end int)) {
		for i, r := range text {
			if class(r) {
				n := utf8.RuneLen(r)
				if r == utf8.RuneError {
					_, n = utf8.DecodeRuneInString(text[i:])
				}
				match(i, i+n)
			}
		}
	}
}

// digits makes every number, or every digit, a word.
func digits(s *step) (cutter, error) {
	b := contiguous
	if s.IndividualDigits {
		b = isolated
	}
	return cutter{preTokenizer: b.cutter(each(isNumber), false), along: true}, nil
}

func punctuation(s *step) (cutter, error) {
	b := isolated
	if s.Behavior != "" {
		var err error
		if b, err = s.behavior(); err != nil {
			return cutter{}, err
		}
	}
	along := b == isolated || b == contiguous || b == removed
	return cutter{preTokenizer: b.cutter(each(isPunctuation), false), along: along}, nil
}

func whitespaceSplit(*step) (cutter, error) {
	return cutter{preTokenizer: removed.cutter(each(unicode.IsSpace), false), along: true, ends: true}, nil
}

func charDelimiterSplit(s *step) (cutter, error) {
	delimiter, n := utf8.DecodeRuneInString(s.Delimiter)
	if n == 0 || n < len(s.Delimiter) {
		return cutter{}, malformed(jsonFile, "pre_tokenizer %s with delimiter %q, want one character", s.Type, s.Delimiter)
	}
	return cutter{preTokenizer: removed.cutter(each(func(r rune) bool { return r == delimiter }), false), along: true}, nil
}

// whitespace keeps words and runs of what is neither of words nor white space.
func whitespace(*step) (cutter, error) {
	find := func(text string, match func(start, end int)) {
		for at := 0; at < len(text); {
			n := run(text[at:], isWordRune)
			if n == 0 {
				n = run(text[at:], func(r rune) bool { return !isWordRune(r) && !unicode.IsSpace(r) })
			}
			if n == 0 {
				at += run(text[at:], unicode.IsSpace)
				continue
			}
			match(at, at+n)
			at += n
		}
	}
	return cutter{preTokenizer: removed.cutter(find, true), along: true, ends: true}, nil
}

// run is the length of the longest beginning of text whose characters are all in the class.
func run(text string, class func(rune) bool) int {
	for i, r := range text {
		if !class(r) {
			return i
		}
	}
	return len(text)
}

// patternGPT2 is the regular expression of GPT-2, which ByteLevel brings along.
const patternGPT2 = `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`

// byteLevel cuts like GPT-2. The bytes are spelled elsewhere.
func byteLevel(s *step) (cutter, error) {
	prefix := s.AddPrefixSpace == nil || *s.AddPrefixSpace
	c := cutter{along: true}
	cut := func(p piece, next func(piece)) { next(p) }
	if s.UseRegex == nil || *s.UseRegex {
		re, err := pattern.Compile(patternGPT2)
		if err != nil {
			return cutter{}, err
		}
		cut, c.ends = isolated.cutter(re.Each, false), true
	}
	c.preTokenizer = func(p piece, next func(piece)) {
		if prefix && !strings.HasPrefix(p.text, " ") {
			p.text = " " + p.text
		}
		cut(p, next)
	}
	return c, nil
}

// spellPiece writes the bytes of a piece in GPT-2's alphabet.
func spellPiece(p piece, next func(piece)) { next(piece{spell(p.text), p.first}) }

// metaspace writes spaces as blanks, may put one in front, and may cut in front of each.
func metaspace(s *step) (cutter, error) {
	if utf8.RuneCountInString(s.Replacement) != 1 {
		return cutter{}, malformed(jsonFile, "pre_tokenizer Metaspace with replacement %q, want one character", s.Replacement)
	}
	scheme := s.PrependScheme
	if scheme == "" { // files before the scheme existed
		scheme = "always"
		if s.AddPrefixSpace != nil && !*s.AddPrefixSpace {
			scheme = "never"
		}
	}
	if scheme != "always" && scheme != "first" && scheme != "never" {
		return cutter{}, malformed(jsonFile, "prepend_scheme %q, want always, first or never", scheme)
	}
	cut := func(p piece, next func(piece)) { next(p) }
	splits := s.Split == nil || *s.Split
	if splits {
		find, err := stepPattern{String: &s.Replacement}.matcher(s)
		if err != nil {
			return cutter{}, err
		}
		cut = mergedWithNext.cutter(find, false)
	}
	return cutter{along: true, ends: splits && s.Replacement == blank, preTokenizer: func(p piece, next func(piece)) {
		p.text = strings.ReplaceAll(p.text, " ", s.Replacement)
		if (scheme == "always" || scheme == "first" && p.first) && !strings.HasPrefix(p.text, s.Replacement) {
			p.text = s.Replacement + p.text
		}
		cut(p, next)
	}}, nil
}
