package data

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
)

// Windows says which calibration windows to draw from a text.
type Windows struct {
	Samples int    // number of windows
	Length  int    // tokens in each
	Seed    uint64 // of the positions
}

// CalibrationSet is the windows of token ids that pruning observes activations on.
type CalibrationSet struct {
	IDs    [][]int  // [samples][length]
	Files  []string // the corpus they came from
	SHA256 string   // hex, over all ids in order as little-endian int32
}

// Tokens is the number of ids in the set.
func (s *CalibrationSet) Tokens() int {
	n := 0
	for _, ids := range s.IDs {
		n += len(ids)
	}
	return n
}

// ShortTextError reports a text with fewer tokens than one window needs.
type ShortTextError struct {
	Files     []string
	Got, Want int // tokens
}

func (e *ShortTextError) Error() string {
	return fmt.Sprintf("text of %v has %d tokens, one window needs %d", e.Files, e.Got, e.Want)
}

// Calibration draws w.Samples windows of w.Length tokens from the corpus.
//
// The whole text is tokenised once with the tokenizer's default BOS in front, as in the code of
// SparseGPT and Wanda; a window therefore starts with BOS only when it starts at position 0. Start
// positions are independent and uniform over [0, T-w.Length], from the generator
// rand.NewPCG(w.Seed, 0), so windows may overlap or repeat and the same seed gives the same set.
//
// A corpus of ready-made windows is used as given, in order: the first w.Samples of them (all when
// w.Samples is larger or 0); w.Length and tok are not looked at and tok may be nil. They must all
// have one length.
//
// The error is a *ShortTextError when the text has fewer than w.Length tokens.
func Calibration(tok Tokenizer, c *Corpus, w Windows) (*CalibrationSet, error) {
	set := &CalibrationSet{Files: c.Files}
	if c.Windows != nil {
		set.IDs = c.Windows
		if w.Samples > 0 && w.Samples < len(set.IDs) {
			set.IDs = set.IDs[:w.Samples]
		}
		for i, ids := range set.IDs {
			if len(ids) != len(set.IDs[0]) {
				return nil, fmt.Errorf("calibration windows of %v must have one length: window %d has %d ids, window 0 has %d", c.Files, i, len(ids), len(set.IDs[0]))
			}
		}
		set.SHA256 = HashIDs(set.IDs)
		return set, nil
	}
	if w.Samples < 1 || w.Length < 2 {
		return nil, fmt.Errorf("calibration: %d windows of %d tokens asked for, want at least 1 of at least 2", w.Samples, w.Length)
	}
	if tok == nil {
		return nil, errNoTokenizer(c)
	}
	n, ids, err := countTokens(tok, c)
	if err != nil {
		return nil, err
	}
	if n < w.Length {
		return nil, &ShortTextError{Files: c.Files, Got: n, Want: w.Length}
	}
	rng := rand.New(rand.NewPCG(w.Seed, 0))
	starts := make([]int, w.Samples)
	for i := range starts {
		starts[i] = rng.IntN(n - w.Length + 1)
	}
	if set.IDs, err = windowsAt(tok, c, n, ids, starts, w.Length); err != nil {
		return nil, err
	}
	set.SHA256 = HashIDs(set.IDs)
	return set, nil
}

func errNoTokenizer(c *Corpus) error {
	return fmt.Errorf("text of %v needs a tokenizer, and the model folder has none: %w", c.Files, errors.ErrUnsupported)
}

// HashIDs is the SHA-256 of all ids in order, each as a little-endian int32.
func HashIDs(windows [][]int) string {
	h := sha256.New()
	for _, ids := range windows {
		b := make([]byte, 0, 4*len(ids))
		for _, id := range ids {
			b = binary.LittleEndian.AppendUint32(b, uint32(int32(id)))
		}
		h.Write(b)
	}
	return hex.EncodeToString(h.Sum(nil))
}
