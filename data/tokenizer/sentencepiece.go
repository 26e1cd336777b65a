package tokenizer

import (
	"io/fs"
	"slices"
	"strings"
	"unicode/utf8"
)

// openSentencePiece reads tokenizer.model as the steps of tokenizer.json.
func openSentencePiece(fsys fs.FS, cfg *config) (*Tokenizer, error) {
	b, err := readFile(fsys, sentencePieceFile)
	if err != nil {
		return nil, err
	}
	model, err := parsePieceModel(b)
	if err != nil {
		return nil, err
	}
	ids := make(map[string]int, len(model.pieces))
	for id, p := range model.pieces {
		ids[p.text] = id
	}
	v, err := newVocabulary(sentencePieceFile, ids)
	if err != nil {
		return nil, err
	}
	m, err := model.bpe(v)
	if err != nil {
		return nil, err
	}
	t := &Tokenizer{vocabulary: *v, model: m, clean: cleanBytes, control: map[int]bool{}, fuse: -1, prefixed: model.dummyPrefix}
	if cfg.AddPrefixSpace != nil {
		t.prefixed = *cfg.AddPrefixSpace
	}
	var special []addedToken
	for id, p := range model.pieces {
		if p.kind == pieceControl || p.kind == pieceUnknown {
			special = append(special, addedToken{ID: id, Content: p.text, Special: true})
		}
	}
	t.added, err = newAddedTokens(sentencePieceFile, special, func(text string) string {
		if t.prefixed {
			text = " " + text
		}
		return strings.ReplaceAll(text, " ", blank)
	})
	if err != nil {
		return nil, err
	}
	if !model.byteFallback {
		t.fuse = model.unknownID // one unknown token for a run, wherever it was cut
	}
	// Cutting at blanks must not change the result.
	if !slices.ContainsFunc(model.pieces, func(p scoredPiece) bool { return p.mergeable() && blankInside(p.text) }) {
		t.pre = []preTokenizer{cutAtBlanks(nil)}
		_, t.cuts = model.id(blank) // no run of unknown characters reaches over it
	}
	t.decoder, t.instead = t.decodePieces, map[int]string{model.unknownID: " \u2047 "}
	for id, p := range model.pieces {
		t.control[id] = p.kind == pieceControl
	}
	def := bosDefault{}
	if bos := model.bosID; bos >= 0 && bos < len(model.pieces) && model.pieces[bos].kind == pieceControl {
		def = bosDefault{on: true, token: model.pieces[bos].text}
	}
	t.bosID, err = cfg.bos(def, model.id)
	return t, err
}

// cleanBytes makes each byte that is not UTF-8 one U+FFFD, as SentencePiece does.
func cleanBytes(text string) string { return string([]rune(text)) }

// decodePieces drops the blank that Encode puts in front of a text. Every byte of a run that does not belong
// to a character becomes a U+FFFD.
func (t *Tokenizer) decodePieces(tokens []string) []string {
	if t.prefixed && len(tokens) > 0 {
		tokens[0] = strings.TrimPrefix(tokens[0], blank)
	}
	for i, token := range tokens {
		tokens[i] = strings.ReplaceAll(token, blank, " ")
	}
	return decodeByteTokens(func(bytes []byte) string { return cleanBytes(string(bytes)) })(tokens)
}

// bpe makes the merges of a model: a merge for every way to put a piece together from two. The best score
// comes first; pieces of one score have one rank, so that the leftmost is merged. The parts are pieces or
// single characters, which need not be pieces.
func (m *pieceModel) bpe(v *vocabulary) (*bpe, error) {
	b := newBPE(v)
	b.unknown, b.fuse = int32(m.unknownID), true
	if !m.byteFallback && slices.ContainsFunc(m.pieces, func(p scoredPiece) bool { return p.kind == pieceByte }) {
		return nil, malformed(sentencePieceFile, "has pieces for bytes, and byte_fallback is false")
	}
	if m.byteFallback {
		b.fallback = byteTokens(v.ids)
		if slices.Contains(b.fallback[:], -1) {
			return nil, malformed(sentencePieceFile, "byte_fallback without pieces for all 256 bytes")
		}
	}
	b.ids = map[string]int32{}
	ranks := m.ranks()
	for id, p := range m.pieces {
		switch {
		case p.kind == pieceUserDefined:
			if b.frozen == nil {
				b.frozen = &trie{}
			}
			b.frozen.add(p.text, addedToken{ID: id})
		case p.kind == pieceNormal || p.kind != pieceUnknown && utf8.RuneCountInString(p.text) == 1:
			b.ids[p.text] = int32(id)
		}
	}
	for id, p := range m.pieces {
		if p.kind != pieceNormal {
			continue
		}
		for i := range p.text {
			if left, right := m.part(b, p.text[:i]), m.part(b, p.text[i:]); left >= 0 && right >= 0 {
				b.merges.put(left, right, merge{rank: ranks[p.score], id: int32(id)})
			}
		}
	}
	return b, nil
}

// part is the id of a part of a piece that can come about in a text; -1: it cannot. A character that is no
// piece gets an id of its own.
func (m *pieceModel) part(b *bpe, text string) int32 {
	if text == "" {
		return -1
	}
	id, ok := b.ids[text]
	if !ok && utf8.RuneCountInString(text) == 1 && b.frozen.isFree(text) {
		id, ok = b.size+int32(len(b.inner)), true
		b.inner = append(b.inner, text)
		b.ids[text] = id
	}
	if !ok {
		return -1
	}
	return id
}

// isFree reports whether text is no token of t.
func (t *trie) isFree(text string) bool {
	if t == nil {
		return true
	}
	_, n := t.longest(text)
	return n < len(text)
}

// ranks numbers the scores, the best one 0.
func (m *pieceModel) ranks() map[float32]int32 {
	var scores []float32
	for _, p := range m.pieces {
		scores = append(scores, p.score)
	}
	slices.Sort(scores)
	scores = slices.Compact(scores)
	ranks := make(map[float32]int32, len(scores))
	for i, s := range scores {
		ranks[s] = int32(len(scores) - 1 - i)
	}
	return ranks
}
