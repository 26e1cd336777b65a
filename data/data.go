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

// encodeWithBOS tokenises text in one piece with the tokenizer's default BOS in front.
func encodeWithBOS(tok Tokenizer, text string) []int {
	ids := tok.Encode(text)
	bos, ok := tok.BOS()
	if !ok {
		return ids
	}
	return append([]int{bos}, ids...)
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
