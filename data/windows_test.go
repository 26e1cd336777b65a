package data_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/adagp/adagp/data"
)

// letters is a tokenizer whose ids are the bytes of the text.
type letters struct{ bos int }

func (l letters) Encode(text string) []int {
	ids := make([]int, len(text))
	for i := range ids {
		ids[i] = int(text[i])
	}
	return ids
}

func (l letters) Decode(ids []int) string {
	b := make([]byte, len(ids))
	for i, id := range ids {
		b[i] = byte(id)
	}
	return string(b)
}

func (l letters) BOS() (int, bool) { return l.bos, l.bos >= 0 }

func (l letters) VocabSize() int { return 256 }

func text(s string) *data.Corpus { return &data.Corpus{Files: []string{"some.txt"}, Text: s} }

// hash is the recorded form of token ids, written the long way.
func hash(windows [][]int) string {
	var b []byte
	for _, ids := range windows {
		for _, id := range ids {
			b = binary.LittleEndian.AppendUint32(b, uint32(id))
		}
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func TestCalibration(t *testing.T) {
	const s = "abcdefghijklmnopqrstuvwxyz"
	tok := letters{bos: 1}
	whole := append([]int{1}, tok.Encode(s)...)
	draw := func(w data.Windows) *data.CalibrationSet {
		t.Helper()
		set, err := data.Calibration(tok, text(s), w)
		if err != nil {
			t.Fatal(err)
		}
		return set
	}
	w := data.Windows{Samples: 200, Length: 5, Seed: 3}
	set := draw(w)
	starts := map[int]bool{}
	for i, ids := range set.IDs {
		at := slices.Index(whole, ids[0])
		if len(ids) != w.Length || !slices.Equal(ids, whole[at:at+w.Length]) {
			t.Fatalf("window %d is %v, not %d consecutive ids", i, ids, w.Length)
		}
		starts[at] = true
	}
	// 200 draws from 23 positions leave one out with a chance of 0.3 %; the seed is one without.
	if len(set.IDs) != w.Samples || len(starts) != len(whole)-w.Length+1 {
		t.Errorf("%d windows from %d positions, want %d from %d", len(set.IDs), len(starts), w.Samples, len(whole)-w.Length+1)
	}
	if set.Tokens() != 1000 || set.SHA256 != hash(set.IDs) || !slices.Equal(set.Files, []string{"some.txt"}) {
		t.Errorf("tokens %d, sha256 %s, files %v", set.Tokens(), set.SHA256, set.Files)
	}
	if again := draw(w); !reflect.DeepEqual(again, set) {
		t.Error("the same seed gives other windows")
	}
	if other := draw(data.Windows{Samples: 200, Length: 5, Seed: 4}); other.SHA256 == set.SHA256 {
		t.Error("another seed gives the same windows")
	}
	// A longer set begins with the shorter one.
	if more := draw(data.Windows{Samples: 300, Length: 5, Seed: 3}); !reflect.DeepEqual(more.IDs[:200], set.IDs) {
		t.Error("more samples change the first ones")
	}
	// One window only: the whole text, BOS first.
	if all := draw(data.Windows{Samples: 2, Length: 27}); !reflect.DeepEqual(all.IDs, [][]int{whole, whole}) {
		t.Errorf("window of the whole text: %v", all.IDs)
	}
	// Windows do not share storage: changing one changes no other.
	set.IDs[0][0] = -7
	if again := draw(w); again.IDs[0][0] == -7 {
		t.Error("windows of two sets share storage")
	}
}

// The positions drawn are part of what a report documents: they must never change.
func TestCalibrationIsFixed(t *testing.T) {
	set, err := data.Calibration(letters{bos: 0}, data.DefaultCalibration(), data.Windows{Samples: 16, Length: 64, Seed: 0})
	if err != nil {
		t.Fatal(err)
	}
	const want = "2dc74b2db42015ebdef0a62093907f7a1dc393f765b1eb7e8ba6ecc5c3b4a309"
	if set.SHA256 != want {
		t.Errorf("sha256 of the default windows is %s, want %s", set.SHA256, want)
	}
}

func TestCalibrationRefuses(t *testing.T) {
	var short *data.ShortTextError
	_, err := data.Calibration(letters{bos: 1}, text("abc"), data.Windows{Samples: 1, Length: 5})
	if !errors.As(err, &short) || short.Got != 4 || short.Want != 5 || !strings.Contains(err.Error(), "some.txt") {
		t.Errorf("short text: got %v, want a *ShortTextError with 4 and 5 tokens", err)
	}
	for _, w := range []data.Windows{{Samples: 0, Length: 5}, {Samples: -1, Length: 5}, {Samples: 1, Length: 1}, {Samples: 1, Length: -3}} {
		if _, err := data.Calibration(letters{}, text("abcdefgh"), w); err == nil {
			t.Errorf("%+v: want an error", w)
		}
	}
	if _, err := data.Calibration(nil, text("abcdefgh"), data.Windows{Samples: 1, Length: 2}); err == nil {
		t.Error("text without tokenizer: want an error")
	}
	ragged := &data.Corpus{Files: []string{"w.jsonl"}, Windows: [][]int{{1, 2}, {1, 2, 3}}}
	if _, err := data.Calibration(nil, ragged, data.Windows{}); err == nil || !strings.Contains(err.Error(), "window 1 has 3") {
		t.Errorf("windows of two lengths: got %v", err)
	}
}

func TestReadyMadeWindows(t *testing.T) {
	c := &data.Corpus{Files: []string{"w.jsonl"}, Windows: [][]int{{1, 2}, {3, 4}, {5, 6}}}
	for _, k := range []struct{ samples, want int }{{0, 3}, {2, 2}, {3, 3}, {128, 3}} {
		set, err := data.Calibration(nil, c, data.Windows{Samples: k.samples, Length: 999, Seed: 7})
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(set.IDs, c.Windows[:k.want]) || set.SHA256 != hash(set.IDs) {
			t.Errorf("%d samples: got %v, want the first %d windows", k.samples, set.IDs, k.want)
		}
	}
	windows, tokens, err := data.EvalWindows(nil, c, 999, 2)
	if err != nil || tokens != 6 || !reflect.DeepEqual(windows, c.Windows[:2]) {
		t.Errorf("EvalWindows = %v, %d, %v; want the first two windows of 6 tokens", windows, tokens, err)
	}
}

func TestEvalWindows(t *testing.T) {
	for _, c := range []struct {
		bos, length, max int
		want             string // windows as text, "^" for the BOS
		tokens           int
	}{
		{bos: '^', length: 4, want: "^abc defg", tokens: 11},
		{bos: '^', length: 11, want: "^abcdefghij", tokens: 11},
		{bos: '^', length: 4, max: 1, want: "^abc", tokens: 11},
		{bos: '^', length: 4, max: 9, want: "^abc defg", tokens: 11},
		{bos: -1, length: 5, want: "abcde fghij", tokens: 10},
	} {
		tok := letters{bos: c.bos}
		windows, tokens, err := data.EvalWindows(tok, text("abcdefghij"), c.length, c.max)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, ids := range windows {
			got = append(got, tok.Decode(ids))
		}
		if strings.Join(got, " ") != c.want || tokens != c.tokens {
			t.Errorf("%+v: got %q of %d tokens", c, got, tokens)
		}
	}
	var short *data.ShortTextError
	if _, _, err := data.EvalWindows(letters{bos: 1}, text("abc"), 5, 0); !errors.As(err, &short) || short.Got != 4 || short.Want != 5 {
		t.Errorf("short text: got %v", err)
	}
	if _, _, err := data.EvalWindows(letters{}, text("abcdef"), 1, 0); err == nil {
		t.Error("windows of one token: want an error")
	}
	if _, _, err := data.EvalWindows(nil, text("abcdef"), 2, 0); err == nil {
		t.Error("text without tokenizer: want an error")
	}
}

func TestCheckVocabulary(t *testing.T) {
	windows := [][]int{{0, 1, 2}, {3, 4, 95}}
	if err := data.CheckVocabulary(windows, 96); err != nil {
		t.Errorf("vocabulary of 96: %v", err)
	}
	var bad *data.VocabularyError
	if err := data.CheckVocabulary(windows, 95); !errors.As(err, &bad) || *bad != (data.VocabularyError{Window: 1, Position: 2, ID: 95, VocabSize: 95}) {
		t.Errorf("vocabulary of 95: %v", err)
	}
	if err := data.CheckVocabulary([][]int{{0, -1}}, 96); err == nil {
		t.Error("a negative id: want an error")
	}
}

func ExampleCalibration() {
	set, err := data.Calibration(letters{bos: -1}, data.DefaultCalibration(), data.Windows{Samples: 128, Length: 256, Seed: 0})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(set.IDs), "windows,", set.Tokens(), "tokens from", len(set.Files), "books")
	// Output: 128 windows, 32768 tokens from 8 books
}
