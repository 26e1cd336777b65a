package tokenizer

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/adagp/adagp/data"
)

// blankBPE is a SentencePiece-like BPE in the form of tokenizer.json: spaces become "▁", characters
// are merged, and a character without a token is written as its bytes.
type blankBPE struct {
	*bpe
	added    *addedTokens
	prepend  bool   // the normalizer puts a blank in front of every part of a text
	prefix   prefix // blank that the pre-tokenizer puts there
	first    bool   // it does so at the start of the whole text only
	next     splitter
	cuts     bool    // next cuts at blanks
	fallback []int32 // id of every byte, or nil
	control  map[int]bool
	byteOf   map[int]byte // inverse of fallback
	bosID    int
}

// blankBPE builds the tokenizer of a file without a ByteLevel pre-tokenizer.
func (j *jsonTokenizer) blankBPE(m *bpe, control map[int]bool, bos int) (data.Tokenizer, error) {
	if err := j.checkDecoder("Replace", "ByteFallback", "Fuse", "Strip", "Metaspace"); err != nil {
		return nil, err
	}
	t := &blankBPE{bpe: m, next: wholeText, control: control, bosID: bos}
	replaced := false
	for _, s := range j.Normalizer.flatten() {
		switch {
		case s.Type == "Prepend" && s.Prepend == blank && !t.prepend:
			t.prepend = true
		case s.Type == "Replace" && s.Pattern.String != nil && *s.Pattern.String == " " && s.Content == blank:
			replaced = true
		default:
			return nil, unsupported(jsonFile, "normalizer %s, want Prepend %s or Replace of a space by %s", s.Type, blank, blank)
		}
	}
	metaspace := false
	for _, s := range j.PreTokenizer.flatten() {
		if s.Type != "Metaspace" || metaspace || s.Replacement != blank {
			return nil, unsupported(jsonFile, "pre_tokenizer %s, want ByteLevel or one Metaspace with %s", s.Type, blank)
		}
		metaspace = true
		if err := t.metaspace(s); err != nil {
			return nil, err
		}
	}
	if !metaspace {
		if !replaced {
			return nil, unsupported(jsonFile, "a model that neither is byte-level nor replaces spaces by %s", blank)
		}
		t.cutAtBlanks()
	}
	if j.Model.IgnoreMerges {
		return nil, unsupported(jsonFile, "ignore_merges without ByteLevel")
	}
	if j.Model.ByteFallback {
		t.findBytes(j.Decoder)
	}
	var err error
	t.added, err = newAddedTokens(jsonFile, j.AddedTokens, func(text string) string {
		if replaced {
			text = strings.ReplaceAll(text, " ", blank)
		}
		if t.prepend {
			text = prefixAlways.apply(blank, text)
		}
		return text
	})
	return t, err
}

// metaspace takes over a Metaspace pre-tokenizer, which both replaces spaces and may cut at them.
func (t *blankBPE) metaspace(s *step) error {
	scheme := s.PrependScheme
	if scheme == "" { // files before the scheme existed
		scheme = "always"
		if s.AddPrefixSpace != nil && !*s.AddPrefixSpace {
			scheme = "never"
		}
	}
	switch scheme {
	case "always", "first":
		t.prefix, t.first = prefixUnlessBlank, scheme == "first"
	case "never":
	default:
		return malformed(jsonFile, "prepend_scheme %q, want always, first or never", scheme)
	}
	if s.Split == nil || *s.Split {
		t.next, t.cuts = nextMetaspaceWord, true
	} else {
		t.cutAtBlanks()
	}
	return nil
}

// cutAtBlanks lets the text be encoded word by word where that provably changes nothing: no merge
// joins something that does not end in a blank with something that starts with one, and a blank is
// a token, so it is never part of a run of unknown characters.
func (t *blankBPE) cutAtBlanks() {
	if _, ok := t.ids[blank]; !ok {
		return
	}
	for p := range t.merges {
		if !strings.HasSuffix(t.tokens[p.left], blank) && strings.HasPrefix(t.tokens[p.right], blank) {
			return
		}
	}
	t.next, t.cuts = nextBlankWord, true
}

// findBytes looks the byte tokens up. Like the original, bytes are used only if all are there that
// a character needs; models have either all 256 or none. They decode to their bytes if the decoder, where
// the file has one, says so, and otherwise to what they are called.
func (t *blankBPE) findBytes(decoder *step) {
	decodes := decoder == nil || slices.ContainsFunc(decoder.flatten(), func(s *step) bool { return s.Type == "ByteFallback" })
	t.fallback = make([]int32, 256)
	t.byteOf = make(map[int]byte, 256)
	for b := range t.fallback {
		id, ok := t.ids[fmt.Sprintf("<0x%02X>", b)]
		if !ok {
			t.fallback[b] = -1
			continue
		}
		t.fallback[b] = id
		if decodes {
			t.byteOf[int(id)] = byte(b)
		}
	}
}

func (t *blankBPE) Encode(text string) []int { return t.encode(text, false) }

// encode is Encode; with special, special tokens in the text become their ids.
func (t *blankBPE) encode(text string, special bool) []int {
	if !utf8.ValidString(text) {
		text = replaceInvalid(text)
	}
	w := &merger{model: t.bpe}
	e := newWordEncoder(text, func(ids []int, word string) []int { return t.encodeWord(w, ids, word) })
	t.added.cut(text, special, e.token, func(part string, first bool) {
		part = strings.ReplaceAll(part, " ", blank)
		if first || !t.first {
			part = t.prefix.apply(blank, part)
		}
		cutWords(part, []splitter{t.next}, e.add)
	})
	return e.ids
}

// encodeWord appends the ids of one word.
func (t *blankBPE) encodeWord(w *merger, ids []int, word string) []int {
	w.start()
	for i, r := range word {
		char := word[i : i+utf8.RuneLen(r)]
		if id, ok := t.ids[char]; ok {
			w.push(id)
		} else if !t.pushBytes(w, char) {
			w.pushUnknown()
		}
	}
	return w.finish(ids)
}

// pushBytes pushes the byte tokens of a character, if all of them exist.
func (t *blankBPE) pushBytes(w *merger, char string) bool {
	if t.fallback == nil {
		return false
	}
	for i := range len(char) {
		if t.fallback[char[i]] < 0 {
			return false
		}
	}
	for i := range len(char) {
		w.push(t.fallback[char[i]])
	}
	return true
}

// Decode joins the tokens, blanks as spaces, and drops the space that Encode put in front. A run of
// byte tokens that is not UTF-8 becomes one U+FFFD per byte.
func (t *blankBPE) Decode(ids []int) string {
	var b strings.Builder
	var bytes []byte
	flush := func() {
		if utf8.Valid(bytes) {
			b.Write(bytes)
		} else {
			b.WriteString(strings.Repeat("\uFFFD", len(bytes)))
		}
		bytes = bytes[:0]
	}
	first := ""
	for _, id := range ids {
		if id < 0 || id >= len(t.tokens) || t.control[id] {
			continue
		}
		if first == "" {
			first = t.tokens[id]
		}
		if c, ok := t.byteOf[id]; ok {
			bytes = append(bytes, c)
			continue
		}
		flush()
		b.WriteString(strings.ReplaceAll(t.tokens[id], blank, " "))
	}
	flush()
	if (t.prepend || t.prefix != prefixNever) && strings.HasPrefix(first, blank) {
		return strings.TrimPrefix(b.String(), " ")
	}
	return b.String()
}

func (t *blankBPE) BOS() (int, bool) { return t.bosID, t.bosID >= 0 }

func (t *blankBPE) VocabSize() int { return len(t.tokens) }
