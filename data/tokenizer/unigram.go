package tokenizer

import (
	"encoding/json"
	"errors"
	"math"
	"unicode/utf8"

	"github.com/adagp/adagp/internal/inputfile"
)

// unigram is the model of Kudo (2018), "Subword Regularization": every token has the logarithm of a
// probability, and a word is cut into the tokens with the largest sum.
type unigram struct {
	ids      map[string]int32
	scores   []float64 // by id
	next     table     // from a node and a byte to a node; the first node is 0
	ends     []int32   // by node: the token that ends there, or -1
	lowest   float64   // of the scores
	unknown  int32
	fallback *[256]int32 // tokens of single bytes, or nil
}

// unknownPenalty is how far an unknown character is below the worst token.
const unknownPenalty = 10

// scoredToken is an entry of the vocabulary: ["token", score].
type scoredToken struct {
	token string
	score float64
}

func (s *scoredToken) UnmarshalJSON(b []byte) error {
	var two []json.RawMessage
	if json.Unmarshal(b, &two) != nil || len(two) != 2 || json.Unmarshal(two[0], &s.token) != nil || json.Unmarshal(two[1], &s.score) != nil {
		return errors.New(`an entry of the vocabulary must be ["token", score]`)
	}
	return nil
}

// readUnigram decodes the model of a file.
func readUnigram(raw json.RawMessage) (*unigram, *vocabulary, error) {
	var j struct {
		UnkID        *int          `json:"unk_id"`
		ByteFallback bool          `json:"byte_fallback"`
		Vocab        []scoredToken `json:"vocab"`
	}
	if err := inputfile.ParseJSON(raw, &j); err != nil {
		return nil, nil, malformed(jsonFile, "model: %v", err)
	}
	if j.UnkID == nil || *j.UnkID < 0 || *j.UnkID >= len(j.Vocab) {
		return nil, nil, malformed(jsonFile, "model Unigram has no unk_id within its vocabulary of %d", len(j.Vocab))
	}
	ids := make(map[string]int, len(j.Vocab))
	m := &unigram{unknown: int32(*j.UnkID), lowest: math.Inf(1), ends: []int32{-1}}
	for id, s := range j.Vocab {
		if _, ok := ids[s.token]; ok {
			return nil, nil, malformed(jsonFile, "token %q comes twice", s.token)
		}
		ids[s.token] = id
		m.scores = append(m.scores, s.score)
		m.lowest = min(m.lowest, s.score)
		m.enter(s.token, int32(id))
	}
	v, err := newVocabulary(jsonFile, ids)
	if err != nil {
		return nil, nil, err
	}
	m.ids = v.ids
	if j.ByteFallback {
		m.fallback = byteTokens(v.ids)
	}
	return m, v, nil
}

// enter adds a token to the nodes.
func (m *unigram) enter(token string, id int32) {
	at := int32(0)
	for i := range len(token) {
		to, ok := m.next.get(at, int32(token[i]))
		if !ok {
			to.id = int32(len(m.ends))
			m.ends = append(m.ends, -1)
			m.next.put(at, int32(token[i]), to)
		}
		at = to.id
	}
	m.ends[at] = id
}

// wordCut is the best way to cut a word up to some place: its last token begins at start.
type wordCut struct {
	score float64
	start int32 // -1: no way was found yet
	id    int32
}

func (m *unigram) newEncoder() func(ids []int, word string) []int {
	var cuts []wordCut
	return func(ids []int, word string) []int {
		cuts = append(cuts[:0], wordCut{})
		for range len(word) {
			cuts = append(cuts, wordCut{start: -1})
		}
		m.forward(cuts, word)
		return m.backward(cuts, ids, word)
	}
}

// forward finds the best cuts of all beginnings of word.
func (m *unigram) forward(cuts []wordCut, word string) {
	for at := 0; at < len(word); {
		_, size := utf8.DecodeRuneInString(word[at:])
		known := false // the character is a token
		offer := func(end int, score float64, id int32) {
			if c := &cuts[end]; c.start < 0 || score > c.score {
				*c = wordCut{score, int32(at), id}
			}
		}
		node := int32(0)
		for i := at; i < len(word); i++ {
			to, ok := m.next.get(node, int32(word[i]))
			if !ok {
				break
			}
			node = to.id
			if id := m.ends[node]; id >= 0 {
				offer(i+1, m.scores[id]+cuts[at].score, id)
				known = known || i+1 == at+size
			}
		}
		if !known {
			offer(at+size, m.lowest-unknownPenalty+cuts[at].score, m.unknown)
		}
		at += size
	}
}

// backward appends the ids of the best cut of the whole word. A run of unknown characters is one token.
func (m *unigram) backward(cuts []wordCut, ids []int, word string) []int {
	first := len(ids)
	for end := len(word); end > 0; {
		c := cuts[end]
		start := int(c.start)
		for c.id == m.unknown && start > 0 && cuts[start].id == m.unknown {
			start = int(cuts[start].start)
		}
		ids = m.appendReversed(ids, word[start:end])
		end = start
	}
	for i, j := first, len(ids)-1; i < j; i, j = i+1, j-1 {
		ids[i], ids[j] = ids[j], ids[i]
	}
	return ids
}

// appendReversed appends the id of a token, or the ids of its bytes from the last to the first.
func (m *unigram) appendReversed(ids []int, token string) []int {
	if id, ok := m.ids[token]; ok {
		return append(ids, int(id))
	}
	if m.fallback != nil {
		all := len(ids)
		for i := len(token) - 1; i >= 0 && m.fallback[token[i]] >= 0; i-- {
			ids = append(ids, int(m.fallback[token[i]]))
		}
		if len(ids)-all == len(token) {
			return ids
		}
		ids = ids[:all]
	}
	return append(ids, int(m.unknown))
}
