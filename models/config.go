package models

import "fmt"

// Config is what all architectures have in common.
type Config struct {
	// Architecture is the name in config.json, such as "LlamaForCausalLM".
	Architecture string
	VocabSize    int
	// HiddenSize is the width of the residual stream, IntermediateSize that of the MLP.
	HiddenSize, IntermediateSize int
	NumLayers                    int
	// Heads query heads share KVHeads key/value heads of width HeadDim.
	Heads, KVHeads, HeadDim int
	// MaxPositions is the longest window that the model was made for.
	MaxPositions int
	// Activation names the non-linearity of the MLP as config.json does.
	Activation string
	// TieWordEmbeddings says that the head shares the embedding's table.
	TieWordEmbeddings bool
}

// Upper bounds of sizes in a configuration: far above any published model, and low enough that no
// product of two of them overflows and that a wrong number is found before memory is asked for.
const (
	MaxWidth     = 1 << 20
	MaxVocab     = 1 << 24
	MaxLayers    = 1 << 12
	MaxPositions = 1 << 24
)

// CheckIDs reports whether token windows from outside the program suit the model: at least one, all
// of one length from 1 to MaxPositions, and every id in the vocabulary.
func CheckIDs(c Config, ids [][]int) error {
	if len(ids) == 0 {
		return fmt.Errorf("no token windows")
	}
	for i, w := range ids {
		if len(w) == 0 {
			return fmt.Errorf("token window %d is empty", i)
		}
		if len(w) != len(ids[0]) {
			return fmt.Errorf("token window %d has %d tokens, the first one has %d", i, len(w), len(ids[0]))
		}
		if len(w) > c.MaxPositions {
			return fmt.Errorf("token window %d has %d tokens, the model takes at most %d", i, len(w), c.MaxPositions)
		}
		for j, id := range w {
			if id < 0 || id >= c.VocabSize {
				return fmt.Errorf("token window %d: id %d at position %d is outside the vocabulary of %d", i, id, j, c.VocabSize)
			}
		}
	}
	return nil
}
