package tokenizer

import (
	"encoding/json"
	"errors"
	"io/fs"

	"github.com/adagp/adagp/internal/inputfile"
)

// jsonTokenizer is the part of tokenizer.json that we act on. Normalizer, pre-tokenizer and decoder
// are read as steps, which cover all their types.
type jsonTokenizer struct {
	AddedTokens   []addedToken `json:"added_tokens"`
	Normalizer    *step        `json:"normalizer"`
	PreTokenizer  *step        `json:"pre_tokenizer"`
	PostProcessor *processor   `json:"post_processor"`
	Decoder       *step        `json:"decoder"`

	// RawModel is decoded once its type is known: each has a vocabulary of another shape.
	RawModel json.RawMessage `json:"model"`
}

// jsonBPE is a model of type BPE.
type jsonBPE struct {
	Dropout      float64        `json:"dropout"`
	UnkToken     string         `json:"unk_token"`
	Prefix       string         `json:"continuing_subword_prefix"`
	Suffix       string         `json:"end_of_word_suffix"`
	FuseUnk      bool           `json:"fuse_unk"`
	ByteFallback bool           `json:"byte_fallback"`
	IgnoreMerges bool           `json:"ignore_merges"`
	Vocab        map[string]int `json:"vocab"`
	Merges       []mergePair    `json:"merges"`
}

// mergePair is a merge as "left right" or, in newer files, as ["left", "right"].
type mergePair struct{ left, right string }

func (p *mergePair) UnmarshalJSON(b []byte) (err error) {
	var s string
	if json.Unmarshal(b, &s) == nil {
		p.left, p.right, err = splitMerge(s)
		return err
	}
	var two []string
	if err := json.Unmarshal(b, &two); err != nil || len(two) != 2 {
		return errors.New(`a merge must be "left right" or ["left", "right"]`)
	}
	p.left, p.right = two[0], two[1]
	return nil
}

// openJSON reads tokenizer.json.
func openJSON(fsys fs.FS, cfg *config) (*Tokenizer, error) {
	b, err := readFile(fsys, jsonFile)
	if err != nil {
		return nil, err
	}
	var j jsonTokenizer
	if err := inputfile.ParseJSON(b, &j); err != nil {
		return nil, malformed(jsonFile, "%v", err)
	}
	t := &Tokenizer{cuts: true, fuse: -1, control: map[int]bool{}, clean: replaceInvalid}
	if err := j.readVocabulary(t); err != nil {
		return nil, err
	}
	if err := j.readSteps(t); err != nil {
		return nil, err
	}
	form, err := j.template()
	if err != nil {
		return nil, err
	}
	if t.end, err = form.endIDs(&t.vocabulary); err != nil {
		return nil, err
	}
	t.bosID, err = cfg.bos(form.bosDefault(&t.vocabulary), t.id)
	return t, err
}

// readVocabulary reads the model with its tokens, and the added tokens.
func (j *jsonTokenizer) readVocabulary(t *Tokenizer) error {
	v, err := j.readModel(t)
	if err != nil {
		return err
	}
	for _, a := range j.AddedTokens {
		if err := v.addExtra(jsonFile, a.Content, a.ID); err != nil {
			return err
		}
		if a.Special {
			t.control[a.ID] = true
		}
	}
	t.vocabulary = *v
	return nil
}

// readSteps reads what comes before the model and behind it.
func (j *jsonTokenizer) readSteps(t *Tokenizer) error {
	normalise, err := j.normalizer(t)
	if err != nil {
		return err
	}
	if t.added, err = newAddedTokens(jsonFile, j.AddedTokens, normalise); err != nil {
		return err
	}
	ends, err := j.preTokenizer(t)
	if err != nil {
		return err
	}
	m, merges := t.model.(*bpe)
	switch {
	case merges && j.bytesComeLast():
		m.useBytes()
	case j.bytesComeLast():
		t.pre = append(t.pre, spellPiece)
	case merges && !ends:
		if bridges, ok := m.cutsAtBlanks(); ok {
			t.pre = append(t.pre, cutAtBlanks(bridges))
			t.bridges = bridges
			ends = j.writesBlanks()
		}
	}
	t.cuts = t.cuts && ends
	t.decoder, err = j.decoder()
	return err
}

// readModel decodes the model. Files from before there were types are BPE when they have merges.
func (j *jsonTokenizer) readModel(t *Tokenizer) (*vocabulary, error) {
	var kind struct {
		Type   string          `json:"type"`
		Merges json.RawMessage `json:"merges"`
	}
	if len(j.RawModel) == 0 {
		return nil, malformed(jsonFile, "has no model")
	}
	if err := json.Unmarshal(j.RawModel, &kind); err != nil {
		return nil, &FormatError{File: jsonFile, Msg: "malformed model", Err: err}
	}
	switch {
	case kind.Type == "Unigram":
		m, v, err := readUnigram(j.RawModel)
		t.model = m
		return v, err
	case kind.Type == "BPE" || kind.Type == "" && kind.Merges != nil:
		m, v, err := readBPE(j.RawModel)
		t.model = m
		return v, err
	}
	return nil, unsupported(jsonFile, "model type %q, want BPE or Unigram", kind.Type)
}

// readBPE decodes a BPE model and refuses what is more than that.
func readBPE(raw json.RawMessage) (*bpe, *vocabulary, error) {
	var j jsonBPE
	if err := json.Unmarshal(raw, &j); err != nil {
		return nil, nil, &FormatError{File: jsonFile, Msg: "malformed model", Err: err}
	}
	switch {
	case j.Dropout != 0:
		return nil, nil, unsupported(jsonFile, "dropout %v, want none", j.Dropout)
	case j.Prefix != "" || j.Suffix != "":
		return nil, nil, unsupported(jsonFile, "continuing_subword_prefix %q and end_of_word_suffix %q, want none", j.Prefix, j.Suffix)
	}
	v, err := newVocabulary(jsonFile, j.Vocab)
	if err != nil {
		return nil, nil, err
	}
	m := newBPE(v)
	for i, p := range j.Merges {
		if err := m.addMerge(jsonFile, i+1, p.left, p.right); err != nil {
			return nil, nil, err
		}
	}
	m.fuse, m.whole = j.FuseUnk, j.IgnoreMerges
	if j.UnkToken != "" {
		if m.unknown = m.idOr(j.UnkToken, -1); m.unknown < 0 {
			return nil, nil, malformed(jsonFile, "unk_token %q is not in the vocabulary", j.UnkToken)
		}
	}
	if j.ByteFallback {
		m.fallback = byteTokens(m.ids)
	}
	return m, v, nil
}
