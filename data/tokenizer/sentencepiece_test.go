package tokenizer

import (
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/adagp/adagp/data"
	"github.com/adagp/adagp/internal/golden"
	"google.golang.org/protobuf/encoding/protowire"
)

func openPieces(t testing.TB, model []byte) (*Tokenizer, error) {
	t.Helper()
	return Open(fstest.MapFS{sentencePieceFile: {Data: model}})
}

// Cutting the text at blanks gives the ids of the text in one piece.
func TestCuttingAtBlanksChangesNothing(t *testing.T) {
	model, err := os.ReadFile(golden.Path("tokenizers/llama-mini/tokenizer.model"))
	if err != nil {
		t.Fatal(err)
	}
	cut, err := openPieces(t, model)
	if err != nil {
		t.Fatal(err)
	}
	whole := *cut
	whole.pre = nil
	rng := rand.New(rand.NewPCG(4, 0))
	pieces := []string{" ", "   ", "▁", "\n", "the", "and then", "e", "ing", ".", "你", "é", "😀", "<s>", "<0x41>", "\x00", "12"}
	texts := []string{data.DefaultEvaluation().Text}
	for range 500 {
		var b strings.Builder
		for range rng.IntN(40) {
			b.WriteString(pieces[rng.IntN(len(pieces))])
		}
		texts = append(texts, b.String())
	}
	for _, s := range texts {
		if got, want := cut.Encode(s), whole.Encode(s); !slices.Equal(got, want) {
			t.Errorf("Encode(%.80q) = %d, want %d", s, got, want)
		}
	}
}

// testPiece is a piece of a model made for a test.
type testPiece struct {
	text  string
	score float32
	kind  pieceKind
}

// makeModel serialises a SentencePiece BPE model; tail is appended as it is.
func makeModel(pieces []testPiece, tail ...byte) []byte {
	message := func(number protowire.Number, body []byte, out []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(out, number, protowire.BytesType), body)
	}
	varint := func(number protowire.Number, v uint64, out []byte) []byte {
		return protowire.AppendVarint(protowire.AppendTag(out, number, protowire.VarintType), v)
	}
	var out []byte
	for _, p := range pieces {
		body := message(pieceText, []byte(p.text), nil)
		body = protowire.AppendFixed32(protowire.AppendTag(body, 2, protowire.Fixed32Type), math.Float32bits(p.score))
		out = message(modelPieces, varint(pieceType, uint64(p.kind), body), out)
	}
	out = message(modelTrainerSpec, varint(trainerModelType, modelTypeBPE, nil), out)
	out = message(modelNormalizerSpec, varint(normalizerRemoveBlanks, 0, nil), out)
	return append(out, tail...)
}

var smallModel = []testPiece{
	{"<unk>", 0, pieceUnknown}, {"<s>", 0, pieceControl}, {"</s>", 0, pieceControl}, {"<sep>", 0, pieceUserDefined},
	{"▁", 0, pieceNormal}, {"a", 0, pieceNormal}, {"b", 0, pieceNormal}, {"▁a", 0, pieceNormal},
}

func TestSentencePieceKinds(t *testing.T) {
	tok, err := openPieces(t, makeModel(smallModel))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text    string
		ids     []int
		decoded string
	}{
		{"", []int{}, ""},
		{"a", []int{7}, "a"},
		{"a b", []int{7, 4, 6}, "a b"},
		{"b<sep>a", []int{4, 6, 3, 5}, "b<sep>a"},          // user-defined: one piece wherever it stands
		{"aXYZb", []int{7, 0, 6}, "a \u2047 b"},            // no byte fallback: one unknown id per run
		{"<s>", []int{4, 0}, " \u2047 "},                   // a control marker is text
		{"aX <sep>", []int{7, 0, 4, 3}, "a \u2047  <sep>"}, // and an unknown does not join over a cut
	} {
		if got := tok.Encode(c.text); !slices.Equal(got, c.ids) {
			t.Errorf("Encode(%q) = %v, want %v", c.text, got, c.ids)
		}
		if got := tok.Decode(c.ids); got != c.decoded {
			t.Errorf("Decode(%v) = %q, want %q", c.ids, got, c.decoded)
		}
	}
	if got := tok.Decode([]int{-1, 1, 7, 99, 2}); got != "a" {
		t.Errorf("ids out of range and control ids decode to %q, want only the a", got)
	}
}

func TestSentencePieceRefused(t *testing.T) {
	spec := func(number, field protowire.Number, v uint64) []byte {
		body := protowire.AppendVarint(protowire.AppendTag(nil, field, protowire.VarintType), v)
		return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), body)
	}
	with := func(p ...testPiece) []byte { return makeModel(append(slices.Clone(smallModel), p...)) }
	charsMap := protowire.AppendBytes(protowire.AppendTag(nil, normalizerCharsMap, protowire.BytesType), []byte("map"))
	for name, c := range map[string]struct {
		model       []byte
		unsupported bool
	}{
		"empty":               {model: []byte{}},
		"not protobuf":        {model: []byte("hello, I am no model")},
		"cut short":           {model: makeModel(smallModel)[:len(makeModel(smallModel))-1]},
		"no pieces":           {model: makeModel(nil)},
		"no unknown piece":    {model: makeModel(smallModel[1:])},
		"two unknown pieces":  {model: with(testPiece{"<unk2>", 0, pieceUnknown})},
		"twice the same":      {model: with(testPiece{"a", 0, pieceNormal})},
		"empty piece":         {model: with(testPiece{"", 0, pieceNormal})},
		"unused piece":        {model: with(testPiece{"x", 0, pieceUnused})},
		"kind from beyond":    {model: with(testPiece{"x", 0, 9})},
		"byte, no fallback":   {model: with(testPiece{"<0x41>", 0, pieceByte})},
		"fallback, no bytes":  {model: makeModel(smallModel, spec(modelTrainerSpec, trainerByteFallback, 1)...)},
		"unigram":             {model: makeModel(smallModel, spec(modelTrainerSpec, trainerModelType, 1)...), unsupported: true},
		"blank as suffix":     {model: makeModel(smallModel, spec(modelTrainerSpec, trainerBlankAsSuffix, 1)...), unsupported: true},
		"blanks removed":      {model: makeModel(smallModel, spec(modelNormalizerSpec, normalizerRemoveBlanks, 1)...), unsupported: true},
		"blanks not escaped":  {model: makeModel(smallModel, spec(modelNormalizerSpec, normalizerEscapeBlanks, 0)...), unsupported: true},
		"normaliser with map": {model: makeModel(smallModel, protowire.AppendBytes(protowire.AppendTag(nil, modelNormalizerSpec, protowire.BytesType), charsMap)...), unsupported: true},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := openPieces(t, c.model)
			var bad *FormatError
			if !errors.As(err, &bad) || bad.File != sentencePieceFile || errors.Is(err, errors.ErrUnsupported) != c.unsupported {
				t.Errorf("got %v, want a *FormatError naming %s, unsupported %t", err, sentencePieceFile, c.unsupported)
			}
		})
	}
}

// A model that says it has no dummy prefix gets none.
func TestSentencePieceWithoutDummyPrefix(t *testing.T) {
	spec := protowire.AppendVarint(protowire.AppendTag(nil, normalizerDummyPrefix, protowire.VarintType), 0)
	spec = protowire.AppendBytes(protowire.AppendTag(nil, modelNormalizerSpec, protowire.BytesType), spec)
	tok, err := openPieces(t, makeModel(smallModel, spec...))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := tok.Encode("ab"), []int{5, 6}; !slices.Equal(got, want) {
		t.Errorf("Encode(ab) = %v, want %v", got, want)
	}
	if got := tok.Decode([]int{7}); got != " a" {
		t.Errorf("Decode(▁a) = %q, want %q", got, " a")
	}
}
