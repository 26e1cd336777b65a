package tokenizer

import (
	"encoding/json"
	"errors"
	"io/fs"

	"github.com/adagp/adagp/data"
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

	// RawModel becomes Model once its type is known to be BPE; the vocabulary of others has
	// another shape.
	RawModel json.RawMessage `json:"model"`
	Model    jsonModel       `json:"-"`
}

type jsonModel struct {
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

// openJSON reads tokenizer.json: a BPE model with a byte-level pre-tokenizer, or one whose blanks
// are written as "▁".
func openJSON(fsys fs.FS, cfg *config) (data.Tokenizer, error) {
	b, err := readFile(fsys, jsonFile)
	if err != nil {
		return nil, err
	}
	var j jsonTokenizer
	if err := inputfile.ParseJSON(b, &j); err != nil {
		return nil, malformed(jsonFile, "%v", err)
	}
	if err := j.readModel(); err != nil {
		return nil, err
	}
	m, err := newBPE(jsonFile, j.Model.Vocab)
	if err != nil {
		return nil, err
	}
	for i, p := range j.Model.Merges {
		if err := m.addMerge(jsonFile, i+1, p.left, p.right); err != nil {
			return nil, err
		}
	}
	control := map[int]bool{}
	for _, a := range j.AddedTokens {
		if err := m.addExtra(jsonFile, a.Content, a.ID); err != nil {
			return nil, err
		}
		if a.Special {
			control[a.ID] = true
		}
	}
	m.fuse = j.Model.FuseUnk
	if j.Model.UnkToken != "" {
		id, ok := m.id(j.Model.UnkToken)
		if !ok {
			return nil, malformed(jsonFile, "unk_token %q is not in the vocabulary", j.Model.UnkToken)
		}
		m.unknown = int32(id)
	}
	def, err := j.bosDefault(m)
	if err != nil {
		return nil, err
	}
	bos, err := cfg.bos(def, m.id)
	if err != nil {
		return nil, err
	}
	for _, s := range j.PreTokenizer.flatten() {
		if s.Type == "ByteLevel" {
			return j.byteLevel(m, control, bos)
		}
	}
	return j.blankBPE(m, control, bos)
}

// readModel decodes the model and refuses what is not plain BPE. Files from before there were types
// are BPE when they have merges.
func (j *jsonTokenizer) readModel() error {
	var kind struct {
		Type   string          `json:"type"`
		Merges json.RawMessage `json:"merges"`
	}
	if len(j.RawModel) == 0 {
		return malformed(jsonFile, "has no model")
	}
	if err := json.Unmarshal(j.RawModel, &kind); err != nil {
		return &FormatError{File: jsonFile, Msg: "malformed model", Err: err}
	}
	if kind.Type != "BPE" && (kind.Type != "" || kind.Merges == nil) {
		return unsupported(jsonFile, "model type %q, want BPE", kind.Type)
	}
	m := &j.Model
	if err := json.Unmarshal(j.RawModel, m); err != nil {
		return &FormatError{File: jsonFile, Msg: "malformed model", Err: err}
	}
	switch {
	case m.Dropout != 0:
		return unsupported(jsonFile, "dropout %v, want none", m.Dropout)
	case m.Prefix != "" || m.Suffix != "":
		return unsupported(jsonFile, "continuing_subword_prefix %q and end_of_word_suffix %q, want none", m.Prefix, m.Suffix)
	}
	return nil
}

// byteLevel builds the tokenizer of a file whose last pre-tokenizer is ByteLevel, possibly with its own
// regular expression, GPT-2's.
func (j *jsonTokenizer) byteLevel(m *bpe, control map[int]bool, bos int) (data.Tokenizer, error) {
	if err := j.checkDecoder("ByteLevel"); err != nil {
		return nil, err
	}
	normalise, err := j.normalizer()
	if err != nil {
		return nil, err
	}
	t := newByteLevel(m)
	t.control, t.bosID, t.whole = control, bos, j.Model.IgnoreMerges
	if t.added, err = newAddedTokens(jsonFile, j.AddedTokens, normalise); err != nil {
		return nil, err
	}
	steps := j.PreTokenizer.flatten()
	last := steps[len(steps)-1]
	for i, s := range steps[:len(steps)-1] {
		build, ok := preTokenizers[s.Type]
		if !ok {
			return nil, unsupported(jsonFile, "pre_tokenizer %s in front of %s, want one of %s there and ByteLevel last", s.Type, steps[i+1].Type, names(preTokenizers))
		}
		split, err := build(s)
		if err != nil {
			return nil, err
		}
		t.splits = append(t.splits, split)
	}
	if last.UseRegex == nil || *last.UseRegex {
		t.splits = append(t.splits, splitGPT2)
	}
	if last.AddPrefixSpace == nil || *last.AddPrefixSpace {
		if len(steps) > 1 {
			return nil, unsupported(jsonFile, "pre_tokenizer ByteLevel with add_prefix_space behind %s", steps[len(steps)-2].Type)
		}
		t.prefix = prefixUnlessBlank
	}
	return t.ready(), nil
}

// processor is a post-processor, or a Sequence of them.
type processor struct {
	Type       string       `json:"type"`
	Processors []*processor `json:"processors"`
	CLS        []any        `json:"cls"`
	Single     []struct {
		SpecialToken *struct {
			ID string `json:"id"`
		} `json:"SpecialToken"`
	} `json:"single"`
}

// bosDefault is the special token that the post-processor puts in front of a text; a file without
// a post-processor leaves it to the family.
func (j *jsonTokenizer) bosDefault(m *bpe) (bosDefault, error) {
	token, known, err := j.PostProcessor.first()
	switch {
	case err != nil:
		return bosDefault{}, err
	case known && token == "":
		return bosDefault{}, nil
	case known:
		return bosDefault{on: true, token: token}, nil
	}
	return familyBOS(m.id), nil
}

// first returns the token put in front, and whether the post-processor decides that at all.
func (p *processor) first() (token string, known bool, err error) {
	if p == nil {
		return "", false, nil
	}
	switch p.Type {
	case "Sequence":
		for _, part := range p.Processors {
			token, known, err := part.first()
			if known || err != nil {
				return token, known, err
			}
		}
		return "", false, nil
	case "ByteLevel": // it only trims offsets
		return "", false, nil
	case "TemplateProcessing":
		if len(p.Single) > 0 && p.Single[0].SpecialToken != nil {
			return p.Single[0].SpecialToken.ID, true, nil
		}
		return "", true, nil
	case "BertProcessing", "RobertaProcessing":
		if len(p.CLS) == 2 {
			if token, ok := p.CLS[0].(string); ok {
				return token, true, nil
			}
		}
		return "", false, malformed(jsonFile, "post-processor %s has no cls token", p.Type)
	}
	return "", false, unsupported(jsonFile, "post-processor %s", p.Type)
}
