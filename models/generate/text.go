package generate

import (
	"strings"
	"unicode/utf8"
)

// Tokenizer turns ids into text; a data.Tokenizer is one.
type Tokenizer interface{ Decode(ids []int) string }

// stream turns tokens into text as they come. What a token adds depends on those before it: a blank
// in front may belong to it or to the start of the text, and a character may have its bytes in several
// tokens. So it decodes a few tokens twice, without the new one and with it, and takes the difference.
type stream struct {
	tokenizer Tokenizer
	stop      []string

	ids  []int // those that the next difference needs
	base int   // of them, how many are in the text

	text    string // all of the continuation so far
	shown   int    // bytes of it that were returned
	stopped bool
}

// window is how many tokens of the prompt the first difference is taken with.
const window = 6

func newStream(t Tokenizer, stop []string, prompt []int) *stream {
	s := &stream{tokenizer: t, stop: stop}
	s.ids = append(s.ids, prompt[max(0, len(prompt)-window):]...)
	s.base = len(s.ids)
	return s
}

// add takes a token and returns the text that is certain now.
func (s *stream) add(id int) string {
	s.ids = append(s.ids, id)
	old, all := s.tokenizer.Decode(s.ids[:s.base]), s.tokenizer.Decode(s.ids)
	if strings.HasSuffix(all, string(utf8.RuneError)) && len(s.ids)-s.base < utf8.UTFMax {
		return "" // perhaps the first bytes of a character
	}
	s.append(old, all)
	return s.show(false)
}

// append takes the difference between two texts.
func (s *stream) append(old, all string) {
	before := len(s.text)
	// They agree but for a character that the new token completes.
	n := 0
	for n < len(old) && n < len(all) && old[n] == all[n] {
		n++
	}
	for n > 0 && n < len(all) && !utf8.RuneStart(all[n]) {
		n--
	}
	s.text += all[n:]
	s.ids = append(s.ids[:0], s.ids[s.base:]...)
	s.base = len(s.ids)
	longest := 0
	for _, stop := range s.stop {
		longest = max(longest, len(stop))
	}
	from := max(0, before-longest)
	end := -1
	for _, stop := range s.stop {
		if i := strings.Index(s.text[from:], stop); i >= 0 && (end < 0 || from+i < end) {
			end = from + i
		}
	}
	if end >= 0 {
		s.text, s.stopped = s.text[:end], true
	}
}

// show returns what was not returned before. Unless it is the last piece, the end stays behind as long
// as it may be the start of a stop string.
func (s *stream) show(last bool) string {
	end := len(s.text)
	if !last && !s.stopped {
		for _, stop := range s.stop {
			for n := min(len(stop)-1, len(s.text)-s.shown); n > 0; n-- {
				if strings.HasSuffix(s.text, stop[:n]) {
					end = min(end, len(s.text)-n)
					break
				}
			}
		}
	}
	piece := s.text[s.shown:end]
	s.shown = end
	return piece
}

// finish returns the rest of the text.
func (s *stream) finish() string {
	if !s.stopped && s.base < len(s.ids) {
		s.append(s.tokenizer.Decode(s.ids[:s.base]), s.tokenizer.Decode(s.ids))
	}
	return s.show(true)
}
