package tokenizer

// vocabulary is the tokens of a file.
type vocabulary struct {
	tokens []string         // by id; "" for an id that is not in use
	ids    map[string]int32 // of what text is encoded into
	extra  map[string]int32 // of added tokens that are not among them
}

// newVocabulary checks a vocabulary (token to id) and takes it over.
func newVocabulary(file string, ids map[string]int) (*vocabulary, error) {
	if len(ids) == 0 {
		return nil, malformed(file, "holds no vocabulary")
	}
	v := &vocabulary{ids: make(map[string]int32, len(ids)), extra: map[string]int32{}}
	for token, id := range ids {
		if err := v.enter(file, v.ids, token, id); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// addExtra enters an added token.
func (v *vocabulary) addExtra(file, token string, id int) error {
	return v.enter(file, v.extra, token, id)
}

// enter adds a token to one of the two tables. It may come twice if the id is the same.
func (v *vocabulary) enter(file string, table map[string]int32, token string, id int) error {
	if id < 0 || id > maxTokenID {
		return malformed(file, "id %d of token %q is not in 0 to %d", id, token, maxTokenID)
	}
	if token == "" {
		return malformed(file, "id %d has an empty token", id)
	}
	if old, ok := v.id(token); ok {
		if old != id {
			return malformed(file, "token %q has the ids %d and %d", token, old, id)
		}
		return nil
	}
	if id >= len(v.tokens) {
		v.tokens = append(v.tokens, make([]string, id+1-len(v.tokens))...)
	}
	if old := v.tokens[id]; old != "" {
		return malformed(file, "id %d belongs to %q and %q", id, min(old, token), max(old, token))
	}
	v.tokens[id] = token
	table[token] = int32(id)
	return nil
}

// id returns the id of a token of any kind.
func (v *vocabulary) id(token string) (int, bool) {
	id, ok := v.ids[token]
	if !ok {
		id, ok = v.extra[token]
	}
	return int(id), ok
}
