package tokenizer

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// decoder turns tokens into parts of a text, to be joined.
type decoder func(tokens []string) []string

// decoders has the decoders of tokenizer.json by type.
var decoders = map[string]func(*step) (decoder, error){
	"ByteLevel":    func(*step) (decoder, error) { return decodeByteLevel, nil },
	"ByteFallback": func(*step) (decoder, error) { return decodeByteTokens(wholeOrNothing), nil },
	"Fuse":         func(*step) (decoder, error) { return fuse, nil },
	"Metaspace":    decodeMetaspace,
	"Replace":      decodeReplace,
	"Strip":        decodeStrip,
}

// decoder returns all decoders of a file as one. Without any, tokens are joined by spaces.
func (j *jsonTokenizer) decoder() (decoder, error) {
	all := decoder(func(tokens []string) []string { return tokens })
	if j.Decoder == nil {
		return func(tokens []string) []string { return []string{strings.Join(tokens, " ")} }, nil
	}
	for _, s := range j.Decoder.flatten() {
		build, ok := decoders[s.Type]
		if !ok {
			return nil, unsupported(jsonFile, "decoder %s, want one of %s", s.Type, names(decoders))
		}
		next, err := build(s)
		if err != nil {
			return nil, err
		}
		before := all
		all = func(tokens []string) []string { return next(before(tokens)) }
	}
	return all, nil
}

// decodeByteLevel takes tokens in GPT-2's alphabet for bytes. A token with other characters, an added one,
// stands for itself.
func decodeByteLevel(tokens []string) []string {
	var b strings.Builder
	for _, token := range tokens {
		if raw, ok := unspell(token); ok {
			token = raw
		}
		b.WriteString(token)
	}
	return []string{replaceInvalid(b.String())}
}

// decodeByteTokens joins runs of tokens like <0x0A> to the text of these bytes.
func decodeByteTokens(textOf func(bytes []byte) string) decoder {
	return func(tokens []string) []string {
		out := make([]string, 0, len(tokens))
		var bytes []byte
		flush := func() {
			if len(bytes) > 0 {
				out = append(out, textOf(bytes))
			}
			bytes = bytes[:0]
		}
		for _, token := range tokens {
			if b, ok := byteOf(token); ok {
				bytes = append(bytes, b)
				continue
			}
			flush()
			out = append(out, token)
		}
		flush()
		return out
	}
}

// byteOf is the byte that a token like <0x0A> stands for. A sign and small letters count as digits, as in
// the library that the files are made with.
func byteOf(token string) (byte, bool) {
	if len(token) != 6 || token[:3] != "<0x" || token[5] != '>' {
		return 0, false
	}
	digits := token[3:5]
	if digits[0] == '+' {
		digits = digits[1:]
	}
	b, err := strconv.ParseUint(digits, 16, 8)
	return byte(b), err == nil
}

// wholeOrNothing gives one U+FFFD for each byte of a run that is not UTF-8, the good ones too.
func wholeOrNothing(bytes []byte) string {
	if utf8.Valid(bytes) {
		return string(bytes)
	}
	return strings.Repeat("\uFFFD", len(bytes))
}

func fuse(tokens []string) []string { return []string{strings.Join(tokens, "")} }

// decodeMetaspace writes blanks as spaces. Of the first token they go, if the encoder puts one in front.
func decodeMetaspace(s *step) (decoder, error) {
	never := s.PrependScheme == "never" || s.PrependScheme == "" && s.AddPrefixSpace != nil && !*s.AddPrefixSpace
	return func(tokens []string) []string {
		for i, token := range tokens {
			space := " "
			if i == 0 && !never {
				space = ""
			}
			tokens[i] = strings.ReplaceAll(token, s.Replacement, space)
		}
		return tokens
	}, nil
}

func decodeReplace(s *step) (decoder, error) {
	rewrite, err := replace(s)
	if err != nil {
		return nil, err
	}
	return func(tokens []string) []string {
		for i, token := range tokens {
			tokens[i] = rewrite(token)
		}
		return tokens
	}, nil
}

// decodeStrip takes characters off the start and the end of every token, so many of them at most.
func decodeStrip(s *step) (decoder, error) {
	if utf8.RuneCountInString(s.Content) != 1 || s.Start < 0 || s.Stop < 0 {
		return nil, malformed(jsonFile, "decoder Strip of %q, %d in front and %d behind, want one character and numbers from 0", s.Content, s.Start, s.Stop)
	}
	return func(tokens []string) []string {
		for i, token := range tokens {
			for n := 0; n < s.Start && strings.HasPrefix(token, s.Content); n++ {
				token = token[len(s.Content):]
			}
			for n := 0; n < s.Stop && strings.HasSuffix(token, s.Content); n++ {
				token = token[:len(token)-len(s.Content)]
			}
			tokens[i] = token
		}
		return tokens
	}, nil
}
