package tokenizer

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestBridges: cutting at blanks changes nothing, also where some merges reach over them.
func TestBridges(t *testing.T) {
	v := &vocabulary{ids: map[string]int32{}}
	add := func(token string) {
		if _, ok := v.ids[token]; !ok {
			v.ids[token] = int32(len(v.tokens))
			v.tokens = append(v.tokens, token)
		}
	}
	merges := [][2]string{{blank, "a"}, {"b", "c"}, {blank, blank}, {">", blank + "a"}, {blank + blank, "a"}, {"bc", blank}, {"bc", blank + blank}, {">" + blank + "a", "c"}, {"c", blank + "b"}, {blank, "b"}, {"a", "a"}}
	for _, c := range []string{"a", "b", "c", ">", blank} {
		add(c)
	}
	for _, m := range merges {
		add(m[0] + m[1])
	}
	m := newBPE(v)
	for i, pair := range merges {
		if err := m.addMerge("test", i+1, pair[0], pair[1]); err != nil {
			t.Fatal(err)
		}
	}
	bridges, ok := m.cutsAtBlanks()
	if !ok || len(bridges) != 4 {
		t.Fatalf("bridges are %q", bridges)
	}
	cut, whole := m.newEncoder(), m.newEncoder()
	rng := rand.New(rand.NewPCG(1, 2))
	pieces := 0
	for range 20_000 {
		var b strings.Builder
		for range rng.IntN(25) {
			b.WriteString([]string{"a", "b", "c", ">", blank, blank}[rng.IntN(6)])
		}
		text := b.String()
		var got []int
		cutAtBlanks(bridges)(piece{text, true}, func(p piece) {
			pieces++
			got = cut(got, p.text)
		})
		if want := whole(nil, text); !slices.Equal(got, want) {
			t.Fatalf("%q: %v, want %v", text, got, want)
		}
	}
	if pieces < 40_000 {
		t.Errorf("%d pieces of 20,000 texts: too few are cut", pieces)
	}
}
