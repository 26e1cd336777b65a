package generate_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/adagp/adagp/models/generate"
)

// A session's turns make the text that one prompt with all of it would have.
func TestSession(t *testing.T) {
	m := openStored(t, "demo:llama")
	tok := tokenizerOf(t, m)
	o := generate.Options{MaxTokens: 7}
	s, err := generate.NewSession(m, tok, o)
	if err != nil {
		t.Fatal(err)
	}
	var all []int
	for _, turn := range []string{"The old man", " said to his wife", " and then"} {
		ids := tok.Encode(turn)
		all = append(all, ids...)
		got, stats, err := s.Extend(t.Context(), ids)
		if err != nil {
			t.Fatal(err)
		}
		if want := run(t, m, [][]int{all}, o)[0].Tokens; !slices.Equal(got.Tokens, want) {
			t.Errorf("after %q: got %v, want %v", turn, got.Tokens, want)
		}
		if stats.DecodeTokens != 6 {
			t.Errorf("after %q: got %+v, want 6 tokens decoded", turn, stats)
		}
		all = append(all, got.Tokens...)
		if s.Len() != len(all) {
			t.Errorf("the text has %d tokens, want %d", s.Len(), len(all))
		}
	}
	var full *generate.ContextError
	if _, _, err := s.Extend(t.Context(), make([]int, 250)); !errors.As(err, &full) || full.Positions != 256 || full.Tokens != 250+s.Len() {
		t.Errorf("more tokens than positions: got %v", err)
	}
	if _, _, err := s.Extend(t.Context(), []int{-1}); err == nil {
		t.Error("an id outside the vocabulary was accepted")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r, _, err := s.Extend(ctx, []int{1}); !errors.Is(err, context.Canceled) || r.Reason != generate.Interrupted {
		t.Errorf("got %+v, %v, want that it was interrupted", r, err)
	}
	if r, _, err := s.Extend(t.Context(), []int{2}); err != nil || len(r.Tokens) != 7 {
		t.Errorf("after an interrupt: got %+v, %v", r, err)
	}
}

// TestContinue: a text that is replaced, in part or in whole, goes on as one that was begun with it.
func TestContinue(t *testing.T) {
	m := openStored(t, "demo:llama")
	tok := tokenizerOf(t, m)
	o := generate.Options{MaxTokens: 6, RepetitionPenalty: 1.2}
	s, err := generate.NewSession(m, tok, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, ids := range [][]int{{1, 20, 30, 40}, {1, 20, 30, 40, 50, 60}, {1, 20, 31}, {5}, {5, 6, 7}, {5, 6, 7}} {
		got, _, err := s.Continue(t.Context(), ids)
		if err != nil {
			t.Fatal(err)
		}
		want, _, err := generate.Run(t.Context(), m, tok, [][]int{ids}, o)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.Tokens, want[0].Tokens) {
			t.Errorf("%v goes on with %v, want %v", ids, got.Tokens, want[0].Tokens)
		}
	}
}
