package tokenizer

import (
	"io/fs"
	"strings"

	"github.com/adagp/adagp/internal/inputfile"
)

// openVocabMerges reads vocab.json (token to id) and merges.txt ("left right" per line, best first,
// with an optional "#version" line on top).
func openVocabMerges(fsys fs.FS, cfg *config) (*Tokenizer, error) {
	b, err := readFile(fsys, vocabFile)
	if err != nil {
		return nil, err
	}
	var vocab map[string]int
	if err := inputfile.ParseJSON(b, &vocab); err != nil {
		return nil, malformed(vocabFile, "%v", err)
	}
	v, err := newVocabulary(vocabFile, vocab)
	if err != nil {
		return nil, err
	}
	m := newBPE(v)
	if err := m.readMerges(fsys); err != nil {
		return nil, err
	}
	// The file does not say which alphabet it is in. One without a space is not in ours.
	if _, ok := v.id(spell(" ")); !ok {
		return nil, unsupported(vocabFile, "a vocabulary without a token for the space (%q), want a byte-level one", spell(" "))
	}
	if id, ok := v.id(string(cfg.UnkToken)); ok {
		m.unknown = int32(id)
	}
	m.useBytes()
	t := &Tokenizer{vocabulary: *v, model: m, bytes: true, decoder: decodeByteLevel, control: map[int]bool{}, fuse: -1, cuts: true}
	cut, err := byteLevel(&step{AddPrefixSpace: new(bool)})
	if err != nil {
		return nil, err
	}
	t.pre = []preTokenizer{cut.preTokenizer}
	normalise := normalizer(unchanged)
	if cfg.AddPrefixSpace != nil && *cfg.AddPrefixSpace {
		t.prefixed = true
		normalise, _ = prepend(&step{Prepend: " "})
	}
	if t.bosID, err = cfg.bos(familyBOS(v.id), v.id); err != nil {
		return nil, err
	}
	var special []addedToken
	for _, name := range cfg.control() {
		if id, ok := v.id(name); ok {
			t.control[id] = true
			special = append(special, addedToken{ID: id, Content: name, Special: true})
		}
	}
	t.added, err = newAddedTokens(vocabFile, special, normalise)
	return t, err
}

// readMerges reads merges.txt.
func (m *bpe) readMerges(fsys fs.FS) error {
	b, err := readFile(fsys, mergesFile)
	if err != nil {
		return err
	}
	number := 0
	for line := range strings.Lines(string(b)) {
		number++
		line = strings.TrimRight(line, "\r\n")
		if line == "" || number == 1 && strings.HasPrefix(line, "#version") {
			continue
		}
		left, right, err := splitMerge(line)
		if err != nil {
			return malformed(mergesFile, "line %d: %v", number, err)
		}
		if err := m.addMerge(mergesFile, number, left, right); err != nil {
			return err
		}
	}
	return nil
}
