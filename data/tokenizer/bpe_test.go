package tokenizer

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// mergeSlowly is the definition of BPE word for word: find the pair of lowest rank, the leftmost on
// ties, merge it, start over.
func mergeSlowly(m *bpe, symbols []int32) []int {
	s := slices.Clone(symbols)
	for {
		best, at := merge{}, -1
		for i := 0; i+1 < len(s); i++ {
			if c, ok := m.merges.get(s[i], s[i+1]); ok && (at < 0 || c.rank < best.rank) {
				best, at = c, i
			}
		}
		if at < 0 {
			break
		}
		s = slices.Replace(s, at, at+2, best.id)
	}
	ids := make([]int, len(s))
	for i, id := range s {
		ids[i] = int(id)
	}
	return ids
}

func testBPE(t testing.TB, vocab map[string]int) *bpe {
	t.Helper()
	v, err := newVocabulary("test", vocab)
	if err != nil {
		t.Fatal(err)
	}
	return newBPE(v)
}

// randomBPE makes a vocabulary over the letters a to d whose merges are in no natural order and may
// give one token in several ways: more than any trained vocabulary does.
func randomBPE(t testing.TB, rng *rand.Rand) *bpe {
	t.Helper()
	vocab := map[string]int{"a": 0, "b": 1, "c": 2, "d": 3}
	tokens := []string{"a", "b", "c", "d"}
	var merges [][2]string
	for range 5 + rng.IntN(40) {
		l, r := tokens[rng.IntN(len(tokens))], tokens[rng.IntN(len(tokens))]
		if len(l)+len(r) > 9 {
			continue
		}
		if _, ok := vocab[l+r]; !ok {
			vocab[l+r] = len(tokens)
			tokens = append(tokens, l+r)
		}
		merges = append(merges, [2]string{l, r})
	}
	rng.Shuffle(len(merges), func(i, j int) { merges[i], merges[j] = merges[j], merges[i] })
	m := testBPE(t, vocab)
	for i, p := range merges {
		if err := m.addMerge("test", i+1, p[0], p[1]); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func TestMergeEqualsDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 0))
	for range 300 {
		m := randomBPE(t, rng)
		w := &merger{model: m}
		for range 30 {
			var symbols []int32
			w.start()
			for range rng.IntN(3 * shortWord) {
				id := int32(rng.IntN(1 + rng.IntN(4)))
				symbols = append(symbols, id)
				w.push(id)
			}
			got, want := w.finish(nil), mergeSlowly(m, symbols)
			if !slices.Equal(got, want) {
				t.Fatalf("symbols %v with merges %v: got %v, want %v", symbols, m.merges.slots, got, want)
			}
		}
	}
}

// A merge is a pair, not a text: "bc" is merged first here, and "a" with "bc" is no merge although
// "abc" is a token. Tokenizers that look the joined text up give one token.
func TestMergeIsAPair(t *testing.T) {
	m := testBPE(t, map[string]int{"a": 0, "b": 1, "c": 2, "bc": 3, "ab": 4, "abc": 5})
	for i, s := range []string{"b c", "a b", "ab c"} {
		left, right, err := splitMerge(s)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.addMerge("test", i, left, right); err != nil {
			t.Fatal(err)
		}
	}
	w := &merger{model: m}
	for _, c := range "abc" {
		w.push(m.ids[string(c)])
	}
	if got, want := w.finish(nil), []int{0, 3}; !slices.Equal(got, want) {
		t.Errorf("abc: got %v, want %v", got, want)
	}
}

func TestSplitMerge(t *testing.T) {
	for _, c := range []struct {
		in, left, right string
		bad             bool
	}{
		{in: "a b", left: "a", right: "b"},
		{in: "Ġ the", left: "Ġ", right: "the"},
		{in: "ab", bad: true},
		{in: "a b c", bad: true},
		{in: " b", bad: true},
		{in: "a ", bad: true},
		{in: "", bad: true},
	} {
		left, right, err := splitMerge(c.in)
		if (err != nil) != c.bad || !c.bad && (left != c.left || right != c.right) {
			t.Errorf("splitMerge(%q) = %q, %q, %v; want %q, %q, error %t", c.in, left, right, err, c.left, c.right, c.bad)
		}
	}
}

// One word of a million characters takes a moment, not the square of it.
func TestLongWord(t *testing.T) {
	m := randomBPE(t, rand.New(rand.NewPCG(2, 0)))
	w := &merger{model: m}
	text := strings.Repeat("abacad", 1<<17)
	for i := range len(text) {
		w.push(int32(text[i] - 'a'))
	}
	tokens := make([]string, len(m.ids))
	for token, id := range m.ids {
		tokens[id] = token
	}
	var back strings.Builder
	for _, id := range w.finish(nil) {
		back.WriteString(tokens[id])
	}
	if back.String() != text {
		t.Error("the tokens of a long word do not join to the word")
	}
}
