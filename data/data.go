// Package data turns text into windows of token ids.
//
// A Corpus is text (or ready-made windows) read from files or taken from the embedded excerpts.
// Calibration draws random windows from it for pruning, EvalWindows cuts it into consecutive
// windows for perplexity. Both take a Tokenizer, which package data/tokenizer builds from the files
// of a model folder. The package imports nothing else of this module, so windows reach the rest as
// plain [][]int.
package data

import "fmt"

// Tokenizer turns text into token ids and back.
type Tokenizer interface {
	// Encode returns the ids of text, without BOS or EOS; markers such as "<s>" inside the text
	// are ordinary characters. Characters without a token may have no id.
	Encode(text string) []int
	// Decode returns the text of ids. Ids outside the vocabulary and control ids give no text.
	Decode(ids []int) string
	// BOS returns the id put before a text, and false when the tokenizer adds none.
	BOS() (id int, ok bool)
	// VocabSize is one more than the largest id.
	VocabSize() int
}

// Cutter is a Tokenizer that can take a long text piece by piece. What cannot be cut is taken whole, and
// takes the memory for it.
type Cutter interface {
	Tokenizer
	// Cut returns the last place where a text that begins like this and goes on may be cut: the ids of
	// text[:end] and of what follows from next on, one behind the other, are those of the whole. end is 0
	// where there is no such place.
	Cut(text string) (end, next int)
}

// Ender is a Tokenizer that puts tokens behind a text.
type Ender interface {
	Tokenizer
	// End returns their ids. Most tokenizers have none.
	End() []int
}

// SpecialEncoder is a Tokenizer that can find special tokens in a text, as conversations have them.
type SpecialEncoder interface {
	Tokenizer
	// EncodeSpecial is Encode that takes markers such as "<s>" for the tokens they are.
	EncodeSpecial(text string) []int
}

// VocabularyError reports a token id that a model of the given vocabulary cannot embed.
type VocabularyError struct {
	Window, Position int // indices into the checked windows
	ID               int
	VocabSize        int
}

func (e *VocabularyError) Error() string {
	return fmt.Sprintf("token id %d at position %d of window %d is outside the model's vocabulary of %d", e.ID, e.Position, e.Window, e.VocabSize)
}

// CheckVocabulary returns a *VocabularyError for the first id in windows that is not in
// [0, vocabSize), vocabSize being the number of rows of the model's embedding.
func CheckVocabulary(windows [][]int, vocabSize int) error {
	for w, ids := range windows {
		for p, id := range ids {
			if id < 0 || id >= vocabSize {
				return &VocabularyError{Window: w, Position: p, ID: id, VocabSize: vocabSize}
			}
		}
	}
	return nil
}
