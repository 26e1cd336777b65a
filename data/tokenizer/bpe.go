package tokenizer

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// bpe is a byte-pair model: tokens, and the pairs that merge into a longer token, in order of preference.
// It follows the definition that merges.txt, tokenizer.json and SentencePiece share: among all neighbouring
// pairs that have a merge, the one of lowest rank is merged, the leftmost on ties, until none is left.
type bpe struct {
	ids    map[string]int32 // of the characters that words are made of, and of longer tokens
	merges table            // of two neighbours

	unknown  int32       // stands for what has no token of its own; -1: nothing does
	fuse     bool        // a run of unknown characters in a word is one unknown token ("fuse_unk")
	whole    bool        // a word that is a token is not taken apart ("ignore_merges")
	fallback *[256]int32 // token of each byte of a character without one, -1: has none; or nil
	bytes    *[256]int32 // words are bytes: the token of each, -1: has none; nil: words are characters
	frozen   *trie       // parts of a text that are one symbol, whatever it is made of; or nil
	inner    []string    // characters without a token that merge into one; their ids follow the vocabulary
	size     int32       // of the vocabulary
}

type merge struct {
	rank int32 // position in the list of merges
	id   int32 // the token that comes out
}

func newBPE(v *vocabulary) *bpe {
	return &bpe{ids: v.ids, unknown: -1, size: int32(len(v.tokens))}
}

// addMerge enters the next pair; line is its place in the file for messages, from 1.
func (m *bpe) addMerge(file string, line int, left, right string) error {
	var ids [3]int32
	for i, token := range []string{left, right, left + right} {
		id, ok := m.ids[token]
		if !ok {
			return malformed(file, "merge %d (%q %q): %q is not in the vocabulary", line, left, right, token)
		}
		ids[i] = id
	}
	m.merges.put(ids[0], ids[1], merge{rank: int32(line), id: ids[2]})
	return nil
}

// splitMerge cuts "left right" at its only space.
func splitMerge(s string) (left, right string, err error) {
	left, right, ok := strings.Cut(s, " ")
	if !ok || left == "" || right == "" || strings.Contains(right, " ") {
		return "", "", fmt.Errorf("want two tokens with one space between them, have %q", s)
	}
	return left, right, nil
}

// useBytes makes words bytes in GPT-2's alphabet. A vocabulary may lack some: trained ones have those that
// occurred.
func (m *bpe) useBytes() {
	m.bytes = new([256]int32)
	for b, r := range byteRunes {
		m.bytes[b] = m.idOr(string(r), -1)
	}
}

// byteTokens is the ids of the tokens that stand for a byte, -1 where there is none.
func byteTokens(ids map[string]int32) *[256]int32 {
	all := new([256]int32)
	for b := range all {
		all[b] = -1
		if id, ok := ids[fmt.Sprintf("<0x%02X>", b)]; ok {
			all[b] = id
		}
	}
	return all
}

func (m *bpe) idOr(token string, otherwise int32) int32 {
	if id, ok := m.ids[token]; ok {
		return id
	}
	return otherwise
}

func (m *bpe) newEncoder() func(ids []int, word string) []int {
	w := &merger{model: m}
	if m.bytes != nil {
		return func(ids []int, word string) []int { return m.encodeBytes(w, ids, word) }
	}
	return func(ids []int, word string) []int { return m.encodeCharacters(w, ids, word) }
}

func (m *bpe) encodeBytes(w *merger, ids []int, word string) []int {
	if m.whole {
		if id, ok := m.ids[spell(word)]; ok {
			return append(ids, int(id))
		}
	}
	w.start()
	for i := range len(word) {
		if id := m.bytes[word[i]]; id >= 0 {
			w.push(id)
		} else {
			w.pushOther(string(byteRunes[word[i]]))
		}
	}
	return w.finish(ids)
}

func (m *bpe) encodeCharacters(w *merger, ids []int, word string) []int {
	if m.whole {
		if id, ok := m.ids[word]; ok {
			return append(ids, int(id))
		}
	}
	w.start()
	for at := 0; at < len(word); {
		if m.frozen != nil {
			if token, n := m.frozen.longest(word[at:]); token != nil {
				w.push(int32(token.ID))
				at += n
				continue
			}
		}
		_, n := utf8.DecodeRuneInString(word[at:])
		char := word[at : at+n]
		if id, ok := m.ids[char]; ok {
			w.push(id)
		} else {
			w.pushOther(char)
		}
		at += n
	}
	start := len(ids)
	return m.expand(w.finish(ids), start)
}

// expand replaces inner characters that did not merge by what stands for them.
func (m *bpe) expand(ids []int, start int) []int {
	if len(m.inner) == 0 {
		return ids
	}
	merged := append([]int(nil), ids[start:]...)
	ids = ids[:start]
	for _, id := range merged {
		if id < int(m.size) {
			ids = append(ids, id)
			continue
		}
		if bytes, ok := m.bytesOf(m.inner[id-int(m.size)]); ok {
			for _, id := range bytes {
				ids = append(ids, int(id))
			}
		} else if m.unknown >= 0 {
			ids = append(ids, int(m.unknown))
		}
	}
	return ids
}

// bytesOf is the byte tokens of a character, if all of them exist.
func (m *bpe) bytesOf(char string) (ids []int32, ok bool) {
	if m.fallback == nil {
		return nil, false
	}
	for i := range len(char) {
		id := m.fallback[char[i]]
		if id < 0 {
			return nil, false
		}
		ids = append(ids, id)
	}
	return ids, true
}

// bridge is a merge of something that does not end in a blank with something that starts with one.
type bridge struct{ left, right string }

// maxBridges bounds how many there may be for cutting at blanks to pay; a vocabulary has none, as a rule.
const maxBridges = 64

// cutsAtBlanks reports whether words can be cut in front of runs of blanks, which provably changes nothing where no
// bridge has its left part in front of the place and its right part behind: the first merge over a place is one, and a
// blank is a token, so it is never part of a run of unknown characters.
func (m *bpe) cutsAtBlanks() ([]bridge, bool) {
	if _, ok := m.ids[blank]; !ok || m.whole {
		return nil, false
	}
	starts, ends := map[int32]string{}, map[int32]string{}
	for token, id := range m.ids {
		if strings.HasPrefix(token, blank) {
			starts[id] = token
		}
		if !strings.HasSuffix(token, blank) {
			ends[id] = token
		}
	}
	var bridges []bridge
	m.merges.each(func(left, right int32, _ merge) {
		if starts[right] != "" && ends[left] != "" && len(bridges) <= maxBridges {
			bridges = append(bridges, bridge{ends[left], starts[right]})
		}
	})
	return bridges, len(bridges) <= maxBridges
}
