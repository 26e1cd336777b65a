package tokenizer

import (
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/adagp/adagp/data/tokenizer/pattern"
	"golang.org/x/text/unicode/norm"
)

// normalizer rewrites a text before it is cut into words.
type normalizer func(text string) string

func unchanged(text string) string { return text }

// normalizers has the normalizers of tokenizer.json by type.
var normalizers = map[string]func(*step) (normalizer, error){
	"NFC":          func(*step) (normalizer, error) { return exactForm(norm.NFC), nil },
	"NFD":          func(*step) (normalizer, error) { return exactForm(norm.NFD), nil },
	"NFKC":         func(*step) (normalizer, error) { return exactForm(norm.NFKC), nil },
	"NFKD":         func(*step) (normalizer, error) { return exactForm(norm.NFKD), nil },
	"Lowercase":    func(*step) (normalizer, error) { return lowercase, nil },
	"StripAccents": func(*step) (normalizer, error) { return stripAccents, nil },
	"Nmt":          func(*step) (normalizer, error) { return nmt, nil },
	"Strip":        stripEnds,
	"Prepend":      prepend,
	"Replace":      replace,
}

// alongWords has the normalizers that rewrite two parts of a text, cut in front of a space that follows
// something else than white space, as they rewrite the whole.
var alongWords = []string{"NFC", "NFD", "NFKC", "NFKD", "Lowercase"}

// normalizer returns all normalizers of a file as one, and notes in t what they mean for cutting texts.
func (j *jsonTokenizer) normalizer(t *Tokenizer) (normalizer, error) {
	all := normalizer(unchanged)
	for i, s := range j.Normalizer.flatten() {
		build, ok := normalizers[s.Type]
		if !ok {
			return nil, unsupported(jsonFile, "normalizer %s, want one of %s", s.Type, names(normalizers))
		}
		next, err := build(s)
		if err != nil {
			return nil, err
		}
		switch {
		case slices.Contains(alongWords, s.Type), s.isBlankReplace():
		case i == 0 && s.Type == "Prepend" && s.Prepend == blank && j.replacesSpaces():
			t.prefixed = true
		default:
			t.cuts = false
		}
		before := all
		all = func(text string) string { return next(before(text)) }
		if i == 0 {
			all = next
		}
	}
	return all, nil
}

// isBlankReplace reports whether s writes every space as a blank.
func (s *step) isBlankReplace() bool {
	return s.Type == "Replace" && s.Pattern.String != nil && *s.Pattern.String == " " && s.Content == blank
}

// replacesSpaces reports whether no space is left of a text, as each is written as a blank.
func (j *jsonTokenizer) replacesSpaces() bool {
	steps := j.Normalizer.flatten()
	return len(steps) > 0 && steps[len(steps)-1].isBlankReplace()
}

// names lists the keys of a table for messages.
func names[T any](table map[string]T) string {
	return strings.Join(slices.Sorted(maps.Keys(table)), ", ")
}

// lowercase maps characters one by one, whatever stands around them.
func lowercase(text string) string {
	return mapCharacters(text, func(r rune) string {
		if r == 'İ' {
			return "i\u0307"
		}
		return string(unicode.ToLower(r))
	})
}

func stripAccents(text string) string {
	return dropCharacters(text, func(r rune) bool { return isMark(r) })
}

// nmt is the clean-up of SentencePiece's nmt_nfkc: controls go, other white space becomes a space.
func nmt(text string) string {
	text = dropCharacters(text, func(r rune) bool {
		return r >= 1 && r <= 8 || r == 0xb || r >= 0xe && r <= 0x1f || r == 0x7f || r == 0x8f || r == 0x9f
	})
	return mapCharacters(text, func(r rune) string {
		switch {
		case r == '\t', r == '\n', r == '\f', r == '\r', r == 0x1680, r >= 0x200b && r <= 0x200f, r == 0x2028, r == 0x2029, r == '▁', r == 0xfeff, r == 0xfffd:
			return " "
		}
		return string(r)
	})
}

func mapCharacters(text string, to func(rune) string) string {
	var b strings.Builder
	for _, r := range text {
		b.WriteString(to(r))
	}
	return b.String()
}

func dropCharacters(text string, drop func(rune) bool) string {
	return strings.Map(func(r rune) rune {
		if drop(r) {
			return -1
		}
		return r
	}, text)
}

func stripEnds(s *step) (normalizer, error) {
	return func(text string) string {
		if s.StripLeft {
			text = strings.TrimLeftFunc(text, unicode.IsSpace)
		}
		if s.StripRight {
			text = strings.TrimRightFunc(text, unicode.IsSpace)
		}
		return text
	}, nil
}

func prepend(s *step) (normalizer, error) {
	return func(text string) string {
		if text == "" {
			return ""
		}
		return s.Prepend + text
	}, nil
}

func replace(s *step) (normalizer, error) {
	find, err := s.Pattern.matcher(s)
	if err != nil {
		return nil, err
	}
	return func(text string) string {
		var b strings.Builder
		done := 0
		find(text, func(start, end int) {
			b.WriteString(text[done:start])
			b.WriteString(s.Content)
			done = end
		})
		if done == 0 {
			return text
		}
		b.WriteString(text[done:])
		return b.String()
	}, nil
}

// matcher calls match for every place in a text that is the string, or that the expression matches.
type matcher func(text string, match func(start, end int))

// matcher returns what finds the pattern of step s.
func (p stepPattern) matcher(s *step) (matcher, error) {
	switch {
	case p.Regex != nil:
		re, err := pattern.Compile(*p.Regex)
		if err != nil {
			return nil, unsupported(jsonFile, "%s with %v", s.Type, err)
		}
		return re.Each, nil
	case p.String == nil || *p.String == "":
		return nil, malformed(jsonFile, "%s without a pattern, want a string or a regular expression", s.Type)
	}
	return func(text string, match func(start, end int)) {
		for at := 0; ; {
			i := strings.Index(text[at:], *p.String)
			if i < 0 {
				return
			}
			match(at+i, at+i+len(*p.String))
			at += i + len(*p.String)
		}
	}, nil
}
