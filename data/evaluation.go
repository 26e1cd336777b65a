package data

import "fmt"

// EvalWindows cuts the corpus into windows for perplexity, by the convention of SparseGPT's
// scripts: the whole text is tokenised once with the tokenizer's default BOS in front and cut into
// floor(T/length) disjoint consecutive windows; the last, shorter piece is dropped and no further
// BOS is added. It also returns T, the number of tokens of the whole text. max > 0 keeps only the
// first max windows.
//
// A corpus of ready-made windows is used as given: each is one window, length and tok are not
// looked at (tok may be nil), and windows may differ in length.
//
// The error is a *ShortTextError when the text has fewer than length tokens.
func EvalWindows(tok Tokenizer, c *Corpus, length, max int) (windows [][]int, tokens int, err error) {
	if c.Windows != nil {
		for _, ids := range c.Windows {
			tokens += len(ids)
		}
		return firstWindows(c.Windows, max), tokens, nil
	}
	if length < 2 {
		return nil, 0, fmt.Errorf("evaluation windows of %d tokens asked for, want at least 2", length)
	}
	if tok == nil {
		return nil, 0, errNoTokenizer(c)
	}
	var window []int
	err = eachPiece(tok, c, func(ids []int) {
		tokens += len(ids)
		for len(ids) > 0 && (max <= 0 || len(windows) < max) {
			n := min(len(ids), length-len(window))
			window, ids = append(window, ids[:n]...), ids[n:]
			if len(window) == length {
				windows, window = append(windows, window), nil
			}
		}
	})
	if err != nil {
		return nil, 0, err
	}
	if tokens < length {
		return nil, tokens, &ShortTextError{Files: c.Files, Got: tokens, Want: length}
	}
	return windows, tokens, nil
}

func firstWindows(windows [][]int, max int) [][]int {
	if max > 0 && max < len(windows) {
		return windows[:max]
	}
	return windows
}
