package tokenizer

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxAddedBytes bounds an added token: a text is compared with it at every position.
const maxAddedBytes = 1 << 10

// addedToken is an entry of added_tokens in tokenizer.json: a piece of text that becomes one token before
// anything else happens to the text around it.
type addedToken struct {
	ID         int    `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"` // only where no word character stands beside it
	LStrip     bool   `json:"lstrip"`      // takes the white space in front of it along
	RStrip     bool   `json:"rstrip"`      // and behind it
	Normalized bool   `json:"normalized"`  // is looked for in the normalised text
	Special    bool   `json:"special"`     // a marker, which texts of users cannot contain
}

// addedTokens finds added tokens in texts. The zero value has none.
type addedTokens struct {
	raw, normalised trie
	plain           bool       // some are not special, so plain text may contain them
	normalise       normalizer // of the text between them; never nil when there are tokens
}

// newAddedTokens sorts the tokens of a file. normalise is applied to the text between raw tokens, and to
// the tokens that are looked for in its result.
func newAddedTokens(file string, list []addedToken, normalise normalizer) (*addedTokens, error) {
	a := &addedTokens{normalise: normalise}
	for _, t := range list {
		if len(t.Content) > maxAddedBytes {
			return nil, malformed(file, "added token %d has %d bytes, want at most %d", t.ID, len(t.Content), maxAddedBytes)
		}
		a.plain = a.plain || !t.Special
		if t.Normalized {
			a.normalised.add(normalise(t.Content), t)
		} else {
			a.raw.add(t.Content, t)
		}
	}
	return a, nil
}

// cut hands the parts of text over in order: added tokens to token, what stands between them, normalised,
// to words. Special tokens count only if special is set.
func (a *addedTokens) cut(text string, special bool, token func(id int), words func(piece)) {
	first := true
	rest := func(part string) {
		if part != "" {
			words(piece{part, first})
			first = false
		}
	}
	if !special && !a.plain {
		if text != "" {
			rest(a.normalise(text))
		}
		return
	}
	found := func(id int) {
		token(id)
		first = false
	}
	a.raw.cut(text, special, found, func(part string) {
		a.normalised.cut(a.normalise(part), special, found, rest)
		first = false
	})
}

// trie holds the added tokens of one kind by their bytes.
type trie struct {
	nodes  []trieNode // the first is the root
	tokens []addedToken
	first  [256]byte // 1: a token begins with this byte
}

type trieNode struct {
	next  map[byte]int // index into nodes
	token int          // index into tokens; -1: none ends here
}

// add enters a token under content. Of two with the same content the first counts.
func (t *trie) add(content string, token addedToken) {
	if content == "" {
		return
	}
	if t.nodes == nil {
		t.nodes = []trieNode{{next: map[byte]int{}, token: -1}}
	}
	at := 0
	t.first[content[0]] = 1
	for i := range len(content) {
		next, ok := t.nodes[at].next[content[i]]
		if !ok {
			next = len(t.nodes)
			t.nodes[at].next[content[i]] = next
			t.nodes = append(t.nodes, trieNode{next: map[byte]int{}, token: -1})
		}
		at = next
	}
	if t.nodes[at].token < 0 {
		t.nodes[at].token = len(t.tokens)
		t.tokens = append(t.tokens, token)
	}
}

// longest returns the longest token at the start of text and its length; nil when there is none.
func (t *trie) longest(text string) (token *addedToken, length int) {
	at := 0
	for i := range len(text) {
		if at == 0 && t.first[text[i]] == 0 { // most often
			return nil, 0
		}
		next, ok := t.nodes[at].next[text[i]]
		if !ok {
			break
		}
		at = next
		if k := t.nodes[at].token; k >= 0 {
			token, length = &t.tokens[k], i+1
		}
	}
	return token, length
}

// cut hands the parts of text over in order: tokens to token, the text between them to words. A token that
// does not count here (a special one, one within a word) still hides others that overlap with it, as in
// the library that the files are made with.
func (t *trie) cut(text string, special bool, token func(id int), words func(text string)) {
	done := 0 // what was handed over
	for at := 0; t.nodes != nil && at < len(text); {
		found, n := t.longest(text[at:])
		if found == nil {
			at++
			continue
		}
		start, end := at, at+n
		at = end
		if found.Special && !special || found.SingleWord && (endsInWord(text[:start]) || startsWithWord(text[end:])) {
			continue
		}
		if found.LStrip {
			start = max(done, len(strings.TrimRightFunc(text[:start], unicode.IsSpace)))
		}
		if found.RStrip {
			end += run(text[end:], unicode.IsSpace)
		}
		if done < start {
			words(text[done:start])
		}
		token(found.ID)
		done = end
	}
	if done < len(text) {
		words(text[done:])
	}
}

func endsInWord(text string) bool {
	r, n := utf8.DecodeLastRuneInString(text)
	return n > 0 && isWordRune(r)
}

func startsWithWord(text string) bool {
	r, n := utf8.DecodeRuneInString(text)
	return n > 0 && isWordRune(r)
}
