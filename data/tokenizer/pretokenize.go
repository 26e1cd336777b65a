package tokenizer

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// splitter returns the length of the first word of a text that is not empty. It looks at nothing before
// the text, so that a text can be cut word by word.
type splitter func(text string) int

// preTokenizers has those that may stand before ByteLevel, by type.
var preTokenizers = map[string]func(*step) (splitter, error){
	"Digits": digits,
	"Split":  splitByPattern,
}

// patterns has the regular expressions that a Split may hold, as scanners. Each matches any text from its
// first byte on, so nothing stands between two matches.
var patterns = map[string]splitter{
	patternGPT2:   splitGPT2,
	patternLlama3: splitLlama3,
	patternQwen2:  splitQwen2,
}

// splitByPattern makes every match of a regular expression a word: isolated, or, said the other way round,
// with all that is no match removed.
func splitByPattern(s *step) (splitter, error) {
	isolated := strings.EqualFold(s.Behavior, "isolated") && !s.Invert
	removed := strings.EqualFold(s.Behavior, "removed") && s.Invert
	if s.Pattern.Regex == nil || !isolated && !removed {
		return nil, unsupported(jsonFile, "pre_tokenizer Split with behavior %q and invert %t, want Isolated matches of a regular expression", s.Behavior, s.Invert)
	}
	split, ok := patterns[*s.Pattern.Regex]
	if !ok {
		return nil, unsupported(jsonFile, "pre_tokenizer Split with the regular expression %.200q, want GPT-2's, Llama 3's or Qwen2's", *s.Pattern.Regex)
	}
	return split, nil
}

// digits makes every number, or every digit, a word.
func digits(s *step) (splitter, error) {
	notDigit := func(r rune) bool { return !unicode.IsNumber(r) }
	return func(text string) int {
		if n := run(text, notDigit); n > 0 {
			return n
		}
		if s.IndividualDigits {
			_, n := utf8.DecodeRuneInString(text)
			return n
		}
		return run(text, unicode.IsNumber)
	}, nil
}

// cutWords cuts text by the first splitter, what comes out by the next, and so on.
func cutWords(text string, splits []splitter, word func(string)) {
	if len(splits) == 0 {
		word(text)
		return
	}
	for len(text) > 0 {
		n := splits[0](text)
		cutWords(text[:n], splits[1:], word)
		text = text[n:]
	}
}
